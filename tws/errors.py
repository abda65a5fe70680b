"""What can go wrong between us and a gateway.

TwsError
├── NameUnresolved      the host name means nothing here: our own trouble, says nothing of the gateway
├── GatewayRefused      nothing listens, or no route leads there
├── GatewayClosed       accepted, then closed: socat over a dead JVM, the API switched off, an untrusted address
├── GatewaySilent       accepted, then nothing within the time allowed
├── ProtocolError       bytes that no TWS API server sends
│   └── FrameError      a frame whose length is beyond what any client accepts
├── ClientIdInUse       error 326: another session holds this client id
├── SessionClosed       the session ended while something was asked of it
├── RequestUnanswered   the session is open, this request got no answer in time
├── RequestRefused      the gateway answered with an error code
└── Unsupported         this server version does not know the request
"""


class TwsError(Exception):
    """Anything that went wrong between us and a gateway."""


class NameUnresolved(TwsError):
    """The host name could not be resolved."""


class GatewayRefused(TwsError):
    """The connection was refused or there is no route."""


class GatewayClosed(TwsError):
    """The peer closed before it had answered."""


class GatewaySilent(TwsError):
    """The peer accepted and then said nothing in time."""


class ProtocolError(TwsError):
    """The peer does not speak the TWS API."""


class FrameError(ProtocolError):
    """A frame announces a length that no client would accept."""


class ClientIdInUse(TwsError):
    """Another session of this gateway holds the client id."""


class SessionClosed(TwsError):
    """The session is over."""


class RequestUnanswered(TwsError):
    """One request got no answer in time; the session is still open."""


class RequestRefused(TwsError):
    """The gateway answered a request with an error.

    `code` is the gateway's number (see `tws.codes`), `text` its own words.
    """

    def __init__(self, request: str, code: int, text: str) -> None:
        super().__init__(f"{request}: expected an answer, found error {code}: {text}")
        self.code = code
        self.text = text


class Unsupported(TwsError):
    """The negotiated server version is too old for the request."""
