"""The six conditions that an order can wait for, as the adapter wants them in its tags.

Several hold together from left to right; `otherwise=True` joins a condition to the one after it by "or". A kind that
the adapter does not know it leaves out with a warning, and the order goes out at once: build them here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.orders.tags import utc

if TYPE_CHECKING:
    from datetime import datetime


def price(
    con_id: int, level: float, *, above: bool, exchange: str = "SMART", trigger_method: int = 0, otherwise: bool = False
) -> dict[str, Any]:
    """The contract trades at this price or beyond it. `trigger_method` is IBKR's (0: its default for the contract)."""
    on = {"conId": con_id, "exchange": exchange, "price": level, "triggerMethod": trigger_method}
    return _condition("price", above, otherwise, **on)


def time(moment: datetime, *, after: bool = True, otherwise: bool = False) -> dict[str, Any]:
    """It is later (or earlier) than this moment, which must carry its zone."""
    return _condition("time", after, otherwise, time=utc(moment))


def margin(percent: int, *, above: bool, otherwise: bool = False) -> dict[str, Any]:
    """The account's margin cushion, a percentage of its net liquidation, is above (or below) this."""
    return _condition("margin", above, otherwise, percent=percent)


def execution(
    symbol: str, *, sec_type: str = "STK", exchange: str = "SMART", otherwise: bool = False
) -> dict[str, Any]:
    """An order of this account in that symbol has been executed."""
    joined = {"conjunction": "or" if otherwise else "and"}
    return {"type": "execution", "symbol": symbol, "secType": sec_type, "exchange": exchange, **joined}


def volume(
    con_id: int, shares: int, *, above: bool = True, exchange: str = "SMART", otherwise: bool = False
) -> dict[str, Any]:
    """The contract's volume of the day is above (or below) this."""
    return _condition("volume", above, otherwise, conId=con_id, exchange=exchange, volume=shares)


def percent_change(
    con_id: int, percent: float, *, above: bool, exchange: str = "SMART", otherwise: bool = False
) -> dict[str, Any]:
    """The contract's change from the previous close, in percent, is above (or below) this."""
    return _condition("percent_change", above, otherwise, conId=con_id, exchange=exchange, changePercent=percent)


def _condition(kind: str, is_more: bool, otherwise: bool, **rest: Any) -> dict[str, Any]:
    return {"type": kind, "isMore": is_more, "conjunction": "or" if otherwise else "and", **rest}
