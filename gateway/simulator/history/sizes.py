"""The bar sizes there are, as the gateway reads them (any case; taken from a gateway's own tables)."""

from dataclasses import dataclass
from typing import Literal

type Period = Literal["day", "week", "month", "quarter", "year"]

LEGAL = (
    "1 secs, 5 secs, 10 secs, 15 secs, 30 secs, 1 min, 2 mins, 3 mins, 5 mins, 10 mins, 15 mins, 20 mins, 30 mins, "
    "1 hour, 2 hours, 3 hours, 4 hours, 8 hours, 1 day, 1W, 1M"
)
"""What a refusal names."""


@dataclass(frozen=True, slots=True)
class BarSize:
    """Either so many seconds, or a period of the exchange's calendar."""

    seconds: int = 0
    """0 for a period."""
    period: Period | None = None

    @property
    def intraday(self) -> bool:
        return self.period is None

    @property
    def many_days(self) -> bool:
        return self.period not in (None, "day")


_MINUTE, _HOUR = 60, 3600

_SIZES = {
    **{f"{n} secs": BarSize(n) for n in (1, 5, 10, 15, 30)},
    "1 min": BarSize(_MINUTE),
    **{f"{n} mins": BarSize(n * _MINUTE) for n in (2, 3, 5, 10, 15, 20, 30)},
    "1 hour": BarSize(_HOUR),
    **{f"{n} hours": BarSize(n * _HOUR) for n in (2, 3, 4, 8)},
    "1 day": BarSize(period="day"),
    **dict.fromkeys(("1w", "1 w", "1 week"), BarSize(period="week")),
    **dict.fromkeys(("1m", "1 m", "1 month"), BarSize(period="month")),
    "3 months": BarSize(period="quarter"),
    "1 year": BarSize(period="year"),
}


def bar_size(text: str) -> BarSize | None:
    """The size a client named, None if there is none of that name."""
    return _SIZES.get(text.strip().lower())
