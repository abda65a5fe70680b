"""How long things take: as fast as they go, or as people know them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """Durations in seconds."""

    jvm: float
    """From process start to the login window."""
    login: float
    """From there to an open API port."""
    soft_restart: float
    """How long the API port is closed by an IBC RESTART."""
    relaunch: float
    """From the end of a process to the next one, when that needs a full login."""
    restart_at_minute: bool
    """Whether a RESTART waits for the next full minute, as on a gateway, or begins at once."""
    twofa: tuple[float, float]
    """Bounds of the time in which a human answers a push."""
    answer: float
    """Before any answer."""
    history: tuple[float, float]
    """Bounds of the time a history query takes beyond that."""


PROFILES = {
    "fast": Profile(
        jvm=0.0,
        login=0.0,
        soft_restart=1.0,
        relaunch=0.2,
        restart_at_minute=False,
        twofa=(0.0, 0.0),
        answer=0.0,
        history=(0.0, 0.0),
    ),
    "real": Profile(
        jvm=25.0,
        login=20.0,
        soft_restart=75.0,
        relaunch=5.0,
        restart_at_minute=True,
        twofa=(0.0, 180.0),
        answer=0.15,
        history=(0.5, 3.0),
    ),
}
