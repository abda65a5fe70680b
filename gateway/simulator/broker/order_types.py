"""What each order type waits for and how it is priced once it is in the market."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


class Trigger(enum.Enum):
    """What an order waits for before it is in the market."""

    NONE = "nothing"
    STOP = "the price moves against it to the stop"
    TOUCH = "the price moves in its favour to the trigger"
    TRAIL = "a stop that follows the price"


class Pricing(enum.Enum):
    """The price it trades at."""

    MARKET = "the other side's"
    LIMIT = "its limit or better"
    MARKET_TO_LIMIT = "the other side's, and what is left rests at the price of the first fill"
    PRIMARY = "pegged to its own side"
    PASSIVE = "pegged behind its own side"
    OPPOSITE = "pegged to the other side"
    MIDPOINT = "pegged to the middle"
    SNAP_PRIMARY = "a limit at its own side when it came in"
    SNAP_OPPOSITE = "a limit at the other side when it came in"
    SNAP_MIDPOINT = "a limit at the middle when it came in"


@dataclass(frozen=True, slots=True)
class OrderType:
    """One order type of the API."""

    listed_as: str
    """Its name in the order types that contract details list."""
    pricing: Pricing
    trigger: Trigger = Trigger.NONE
    at_close: bool = False

    @property
    def needs_limit(self) -> bool:
        return self.pricing is Pricing.LIMIT and self.trigger is not Trigger.TRAIL

    @property
    def is_pegged(self) -> bool:
        """Whether its price comes from the quote; a limit is then its cap."""
        return self.pricing not in (Pricing.MARKET, Pricing.LIMIT, Pricing.MARKET_TO_LIMIT)

    @property
    def needs_stop(self) -> bool:
        return self.trigger in (Trigger.STOP, Trigger.TOUCH)


TYPES: Mapping[str, OrderType] = MappingProxyType(
    {
        "MKT": OrderType("MKT", Pricing.MARKET),
        "LMT": OrderType("LMT", Pricing.LIMIT),
        "STP": OrderType("STP", Pricing.MARKET, Trigger.STOP),
        "STP LMT": OrderType("STPLMT", Pricing.LIMIT, Trigger.STOP),
        "MIT": OrderType("MIT", Pricing.MARKET, Trigger.TOUCH),
        "LIT": OrderType("LIT", Pricing.LIMIT, Trigger.TOUCH),
        "TRAIL": OrderType("TRAIL", Pricing.MARKET, Trigger.TRAIL),
        "TRAIL LIMIT": OrderType("TRAILLMT", Pricing.LIMIT, Trigger.TRAIL),
        "MOC": OrderType("MOC", Pricing.MARKET, at_close=True),
        "LOC": OrderType("LOC", Pricing.LIMIT, at_close=True),
        "MTL": OrderType("MTL", Pricing.MARKET_TO_LIMIT),
        "REL": OrderType("REL", Pricing.PRIMARY),
        "PEG PRIM": OrderType("REL", Pricing.PRIMARY),
        "PASSV REL": OrderType("REL", Pricing.PASSIVE),
        "PEG MKT": OrderType("PEGMKT", Pricing.OPPOSITE),
        "PEG MID": OrderType("PEGMID", Pricing.MIDPOINT),
        "MIDPRICE": OrderType("MIDPX", Pricing.MIDPOINT),
        "SNAP PRIM": OrderType("SNAPREL", Pricing.SNAP_PRIMARY),
        "SNAP MKT": OrderType("SNAPMKT", Pricing.SNAP_OPPOSITE),
        "SNAP MID": OrderType("SNAPMID", Pricing.SNAP_MIDPOINT),
    }
)
"""The types that are served, under the API's names."""

OTHER_TYPES = frozenset(
    {
        "PEG BEST", "PEG BENCH", "PEG STK", "VOL", "BOX TOP", "MKT PRT", "STP PRT", "QUOTE", "TRAIL MIT", "TRAIL LIT",
    }
)  # fmt: skip
"""Types of the published API that no contract here takes."""

_SPELLINGS = {name.replace(" ", ""): name for name in (*TYPES, *OTHER_TYPES)}


def canonical(written: str) -> str:
    """The API's name of a type, which clients write with or without the blank; as written if it is none."""
    upper = written.strip().upper()
    return _SPELLINGS.get(upper.replace(" ", ""), upper)


TIMES_IN_FORCE = frozenset({"DAY", "GTC", "IOC", "FOK", "GTD", "OPG", "AT_THE_CLOSE"})
