"""What market data a login may see, by security type, and what a gateway says of the rest."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tws import codes

LIVE, FROZEN, DELAYED, DELAYED_FROZEN = 1, 2, 3, 4
"""Market data types, as reqMarketDataType and message 58 number them."""


class Level(enum.StrEnum):
    """How much of an exchange's data is subscribed."""

    LIVE = "live"
    DELAYED = "delayed"
    """Nothing; 15 minutes late for who asks for it."""
    TERMINAL = "terminal"
    """For people at a screen, not for the API (10089); delayed for who asks for it."""
    NONE = "none"
    """Nothing, and nothing late either."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a request: which type of data flows, if any, and what is said of it."""

    kind: int | None
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Entitlements:
    """A login's subscriptions."""

    default: Level
    by_type: Mapping[str, Level]

    def level(self, sec_type: str) -> Level:
        """What this kind of instrument is subscribed at."""
        return self.by_type.get(sec_type, self.default)

    def admit(self, sec_type: str, asked: int) -> Verdict:
        """The verdict on a request of a session that has asked for that market data type."""
        level = self.level(sec_type)
        if level is Level.LIVE:
            return Verdict(LIVE)
        if level is Level.NONE:
            return Verdict(None, codes.DELAYED_DATA_OFF if asked >= DELAYED else codes.NOT_SUBSCRIBED)
        if asked >= DELAYED:
            return Verdict(DELAYED, codes.DELAYED_DATA)
        return Verdict(None, codes.DATA_NEEDS_SUBSCRIPTION if level is Level.TERMINAL else codes.NOT_SUBSCRIBED)

    def late_data(self, sec_type: str) -> bool:
        """Whether delayed data could be had instead."""
        return self.level(sec_type) in (Level.DELAYED, Level.TERMINAL)


def parse(text: str) -> Entitlements:
    """Read `live`, or `delayed,OPT:live,FUT:none`: a level for everything, and others by security type.

    Raises:
        ValueError: it is neither.
    """
    default = Level.LIVE
    by_type: dict[str, Level] = {}
    for part in text.split(","):
        sec_type, colon, level = part.strip().rpartition(":")
        if not colon:
            default = Level(level.lower())
        elif not sec_type.strip().isalpha():
            raise ValueError(part)
        else:
            by_type[sec_type.strip().upper()] = Level(level.strip().lower())
    return Entitlements(default, MappingProxyType(by_type))
