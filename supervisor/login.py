"""What the gateway's log says it is busy with, by the lines that IBC and the gateway's launcher write."""

from supervisor.observation import LoginPhase

_LINES: tuple[tuple[LoginPhase, tuple[str, ...]], ...] = (
    (
        LoginPhase.RESTARTING,
        (
            "IB GATEWAY RESTART",
            "IBC will restart shortly",
            "IBC will cold-restart shortly",
            "Cold restart in progress",
            "Running in auto-restart mode",
            "autorestart file found",
        ),
    ),
    (LoginPhase.TWOFA, ("Second Factor Authentication initiated", "If login has not completed, IBC will exit in")),
    (
        LoginPhase.LOGGING_IN,
        ("full authentication will be required", "Re-login after", "Will re-login at", "NS_AUTH_START"),
    ),
    (LoginPhase.QUIET, ("Login has completed", "Configuration tasks completed", "Duration since login:")),
)


def phase(log: str) -> LoginPhase:
    """The phase of the last line that tells of one. A log that tells of none is quiet."""
    for line in reversed(log.splitlines()):
        for found, marks in _LINES:
            if any(mark in line for mark in marks):
                return found
    return LoginPhase.QUIET
