"""What keeps a preflight, or one of its checks, from being asked.

PreflightError
├── SettingsError   the configuration is unusable
├── NotSeen         what a check looks at cannot be seen from here; that check is skipped
├── UnknownCheck    somebody asks for a check that there is not
└── CouldNotAsk     what would ask is not there, or does not answer
Each but NotSeen is exit code 2.
"""

from preflight.report import Report


class PreflightError(Exception):
    """The preflight could not be asked."""


class SettingsError(PreflightError):
    """A setting is missing or cannot be used; the message names each, with its remedy."""


class NotSeen(PreflightError):
    """What a check looks at cannot be seen from here, which says nothing of the thing itself."""


class UnknownCheck(PreflightError):
    """ONLY or SKIP has a word that is neither the name of a check nor of a group."""


class CouldNotAsk(PreflightError):
    """What would have asked is not there, or did not answer; the message says what to do.

    `report` is what was found all the same, elsewhere.
    """

    def __init__(self, message: str, report: Report | None = None) -> None:
        super().__init__(message)
        self.report = report
