"""Cash accounts borrow nothing: puts are secured by their strike, calls by the stock. Pure."""

from collections.abc import Sequence

from gateway.simulator.broker.holding import Holding
from gateway.simulator.broker.margin.scan import by_underlying


def of_securities(holdings: Sequence[Holding]) -> float:
    """Money that is tied up by short puts, in the base currency."""
    return sum(
        -h.quantity * h.instrument.strike * h.instrument.multiplier * h.rate
        for h in holdings
        if h.instrument.right == "P" and h.quantity < 0
    )


def is_short(holdings: Sequence[Holding]) -> bool:
    """Whether stock is sold short, or calls without the stock: what a cash account may not do."""
    for group in by_underlying(holdings).values():
        shares = sum(h.quantity for h in group if not h.instrument.is_option)
        called = sum(
            h.quantity * h.instrument.multiplier for h in group if h.instrument.right == "C" and h.quantity < 0
        )
        if shares + called < 0:
            return True
    return False
