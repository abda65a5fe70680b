"""SPY, an index and their options as a gateway defines them, and looks at them."""

from typing import Any

from tests.unit.preflight.told import NOW, Told
from tws.errors import RequestRefused
from tws.values import Chain, Definition, Look, Notice, Quote

OPEN = "20261122:0930-20261122:1600;20261123:0930-20261123:1600"
LATER = "20261122:1100-20261122:1600"
CLOSED = "20261122:CLOSED;20261123:0930-20261123:1600"
OVER = "20261122:0300-20261122:0900;20261123:0930-20261123:1600"
NIGHT = "20261121:1700-20261122:1700"


def definition(sec_type: str = "STK", **changes: Any) -> Definition:
    plain: dict[str, Any] = {
        "con_id": 1,
        "symbol": "SPY",
        "sec_type": sec_type,
        "local_symbol": "SPY",
        "currency": "USD",
        "exchange": "SMART",
        "primary_exchange": "ARCA" if sec_type == "STK" else "",
        "last_trade_date": "",
        "strike": 0.0,
        "right": "",
        "multiplier": "",
        "trading_class": "SPY",
        "order_types": ("LMT", "MKT"),
        "exchanges": ("SMART",),
        "time_zone": "US/Eastern",
        "trading_hours": OPEN,
        "liquid_hours": OPEN,
    }
    return Definition(**{**plain, **changes})


def pair(strike: float, hours: str = OPEN) -> list[Definition]:
    more = {"strike": strike, "last_trade_date": "20261122", "multiplier": "100", "liquid_hours": hours}
    return [definition("OPT", right=right, **more) for right in "CP"]


CHAIN = Chain(
    "SMART", "SPY", "100", frozenset({"20261122", "20261123"}), frozenset({590.0, 599.0, 600.0, 601.0, 620.0})
)


def quote(bid: float | None = 600.0, ask: float | None = 600.1, **more: Any) -> Quote:
    return Quote(bid, ask, **{"last": 600.05, "ticks": 9, "traded_at": NOW, **more})


def look(seen: Quote | None = None, *notices: int, refusal: int | None = None, text: str = "refused") -> Look:
    error = RequestRefused("marketData", refusal, text) if refusal is not None else None
    return Look(
        seen or (quote() if error is None else Quote()), error, tuple(Notice(code, "said", NOW) for code in notices)
    )


def market(hours: str = OPEN, **changes: Any) -> Told:
    """SPY and its options of today, well in every way, but for the changes."""
    plain: dict[str, Any] = {
        "known": [
            definition(liquid_hours=hours),
            *(one for strike in (599.0, 600.0, 601.0) for one in pair(strike, hours)),
        ],
        "listed": [CHAIN],
        "looks": {"STK": look(), "OPT": look(quote(2.0, 2.1))},
    }
    return Told(**{**plain, **changes})
