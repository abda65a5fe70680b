"""Plain counters; the control port turns them into metrics when it is asked."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Counts since the process began."""

    messages_in: int = 0
    messages_out: int = 0
    ticks: int = 0
    ticks_dropped: int = 0
    """Not sent because a client did not read fast enough."""
    refused: int = 0
    """Requests answered with an error."""
    orders: int = 0
    fills: int = 0
    failures: int = 0
    """Requests that ended in an unexpected exception: faults of the stand-in itself."""
    faults: dict[str, int] = field(default_factory=dict)
    sessions: int = 0
