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
    answer: float
    """Before any answer."""
    history: tuple[float, float]
    """Bounds of the time a history query takes beyond that."""


PROFILES = {
    "fast": Profile(jvm=0.0, login=0.0, soft_restart=1.0, answer=0.0, history=(0.0, 0.0)),
    "real": Profile(jvm=25.0, login=20.0, soft_restart=75.0, answer=0.15, history=(0.5, 3.0)),
}
