"""What can go wrong in the stand-in.

SimulatorError
├── SettingsError       an environment variable cannot be used; the message says what would be
├── FaultRefused        a fault was asked for that cannot be (answered with 400, or refused at the start)
├── RequestMalformed    a client's frame could not be read to its end (answered with error 320)
├── RequestRefused      a request that can be read asks for what there is not (answered with its code)
├── StateError          the broker's record on disk cannot be used
└── PortTaken           a port to listen on is not free
"""


class SimulatorError(Exception):
    """Anything that goes wrong in the stand-in."""


class SettingsError(SimulatorError):
    """A setting cannot be used."""


class FaultRefused(SimulatorError):
    """A fault cannot be begun as it was asked for."""


class RequestMalformed(SimulatorError):
    """A client's frame could not be read."""


class RequestRefused(SimulatorError):
    """The gateway's own words for what is wrong with a request."""

    def __init__(self, cause: str, code: int = 321) -> None:
        super().__init__(cause)
        self.cause = cause
        self.code = code


class StateError(SimulatorError):
    """The broker's record cannot be opened, or was written by something else."""


class PortTaken(SimulatorError):
    """A port cannot be listened on."""

    def __init__(self, host: str, port: int, variable: str, found: OSError) -> None:
        super().__init__(
            f"expected to listen on {host}:{port}, found: {found.strerror}; free the port or set {variable}"
        )
