"""Quotes that the adapter would drop, and market data lines that it would keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ibapi.ticktype import TickTypeEnum

if TYPE_CHECKING:
    from collections.abc import Callable

_LIVE: dict[int, int] = {
    TickTypeEnum.DELAYED_BID: TickTypeEnum.BID,
    TickTypeEnum.DELAYED_ASK: TickTypeEnum.ASK,
    TickTypeEnum.DELAYED_LAST: TickTypeEnum.LAST,
    TickTypeEnum.DELAYED_BID_SIZE: TickTypeEnum.BID_SIZE,
    TickTypeEnum.DELAYED_ASK_SIZE: TickTypeEnum.ASK_SIZE,
    TickTypeEnum.DELAYED_LAST_SIZE: TickTypeEnum.LAST_SIZE,
}


def translate_delayed(wrapper: Any, told: Callable[[], None]) -> None:
    """Give delayed ticks (types 66 to 71) the types of live ones, the only ones that the adapter makes quotes of.

    `told` is called for each, on the thread that decodes. Whoever asked for delayed data knows that it is.
    """
    price_told, size_told = wrapper.tickPrice, wrapper.tickSize

    def live(tick_type: int) -> int:
        if tick_type in _LIVE:
            told()
        return _LIVE.get(tick_type, tick_type)

    def tick_price(reqId: int, tickType: int, price: float, attrib: Any) -> None:
        price_told(reqId, live(tickType), price, attrib)

    def tick_size(reqId: int, tickType: int, size: Any) -> None:
        size_told(reqId, live(tickType), size)

    wrapper.tickPrice, wrapper.tickSize = tick_price, tick_size


def free_lines(client: Any) -> None:
    """Cancel batched quotes too when a strategy unsubscribes.

    The adapter subscribes to them under one name and unsubscribes under another, so that the line stays taken; of the
    100 that a login has, a chain that follows the price uses up one after the other.
    """
    unsubscribe = client.unsubscribe_ticks

    async def unsubscribe_ticks(instrument_id: Any, tick_type: str) -> None:
        await unsubscribe(instrument_id, tick_type)
        if tick_type == "BidAsk":
            await client.unsubscribe_market_data(instrument_id)

    client.unsubscribe_ticks = unsubscribe_ticks
