"""A tick as protobuf: of the past in a list of them, as it happens on its own."""

from typing import Any

from gateway.simulator.wire.protobuf import pb
from gateway.simulator.wire.text import plain


def trade(epoch: int, price: str, size: float, exchange: str) -> Any:
    """A trade; no special conditions."""
    return pb.HistoricalTickLast(
        time=epoch,
        tickAttribLast=pb.TickAttribLast(pastLimit=False, unreported=False),
        price=float(price),
        size=plain(size),
        exchange=exchange,
        specialConditions="",
    )


def quote(epoch: int, bid: str, ask: str, bid_size: float, ask_size: float, mask: int = 0) -> Any:
    """The best bid and ask. The mask is 1 where the bid is below the day's low, 2 where the ask is above its high."""
    return pb.HistoricalTickBidAsk(
        time=epoch,
        tickAttribBidAsk=pb.TickAttribBidAsk(bidPastLow=bool(mask & 1), askPastHigh=bool(mask & 2)),
        priceBid=float(bid),
        priceAsk=float(ask),
        sizeBid=plain(bid_size),
        sizeAsk=plain(ask_size),
    )


def midpoint(epoch: int, price: float) -> Any:
    """The middle of bid and ask, which has no size."""
    return pb.HistoricalTick(time=epoch, price=price, size="0")
