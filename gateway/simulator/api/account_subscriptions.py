"""What one session has asked to be kept informed of about accounts."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class SummaryQuery:
    """An account summary: its accounts and tags, and what was sent last."""

    req_id: int
    accounts: tuple[str, ...]
    tags: tuple[str, ...]
    sent: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """By account, tag and currency."""
    sent_at: float = 0.0
    repeat_at: float | None = None
    """When the whole of it is sent once more."""


@dataclass(slots=True)
class Feed:
    """A stream about some accounts taken together, which go by one name."""

    name: str
    """As the answers write it."""
    accounts: tuple[str, ...]
    model: str = ""
    sent: dict[tuple[str, str], str] = field(default_factory=dict)
    """Values by tag and currency."""
    sent_at: float = 0.0
    ledger_only: bool = False


@dataclass(slots=True)
class PositionQuery:
    """Profit of one contract's position."""

    feed: Feed
    con_id: int


class AccountSubscriptions:
    """All of a session's, by request id where they have one."""

    def __init__(self) -> None:
        self.summaries: dict[int, SummaryQuery] = {}
        self.positions = False
        self.positions_multi: dict[int, Feed] = {}
        self.updates: Feed | None = None
        self.updates_multi: dict[int, Feed] = {}
        self.pnl: dict[int, Feed] = {}
        self.pnl_single: dict[int, PositionQuery] = {}
