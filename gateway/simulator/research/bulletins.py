"""Bulletins: now and then an exchange has something to say to everybody. A pure function of (seed, time)."""

import datetime as dt
from dataclasses import dataclass

from gateway.simulator.market.process import uniform

PLAIN, AVAILABLE, UNAVAILABLE = 1, 2, 3
_SLOT_SECONDS = 1800
_CHANCE = 0.25
_EXCHANGES = ("ARCA", "BATS", "CBOE", "ISE", "NASDAQ")


@dataclass(frozen=True, slots=True)
class Bulletin:
    """One bulletin; its number grows with time."""

    number: int
    kind: int
    message: str
    exchange: str


def bulletin(seed: int, slot: int) -> Bulletin | None:
    """The bulletin of a half hour, if there is one."""
    if uniform(seed, slot, 80) >= _CHANCE:
        return None
    exchange = _EXCHANGES[int(uniform(seed, slot, 81) * len(_EXCHANGES))]
    kind = (PLAIN, AVAILABLE, UNAVAILABLE)[int(uniform(seed, slot, 82) * 3)]
    message = {
        PLAIN: f"{exchange}: a scheduled test of connections takes place after the close.",
        AVAILABLE: f"{exchange} is available for trading.",
        UNAVAILABLE: f"{exchange} is not available for trading.",
    }[kind]
    return Bulletin(slot, kind, message, exchange)


def published(seed: int, after: dt.datetime, until: dt.datetime) -> list[Bulletin]:
    """Bulletins whose half hour began after one moment and not after the other, oldest first."""
    first, last = (int(moment.timestamp()) // _SLOT_SECONDS for moment in (after, until))
    return [found for slot in range(first + 1, last + 1) if (found := bulletin(seed, slot)) is not None]
