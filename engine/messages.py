"""What we say to Nautilus' execution engine, and in its name, at the public endpoints of the message bus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.messages import CancelOrder
from nautilus_trader.model.events import OrderDenied

if TYPE_CHECKING:
    from nautilus_trader.model.identifiers import StrategyId

# Every command passes the first on its way to the broker; every event of an order comes by the second.
COMMANDS = "ExecEngine.execute"
EVENTS = "ExecEngine.process"

log = structlog.get_logger("orders")


def cancel(order: Any, by: StrategyId, now_ns: int) -> Any:
    """Return the command that asks for an order's end."""
    return CancelOrder(
        trader_id=order.trader_id,
        strategy_id=by,
        instrument_id=order.instrument_id,
        client_order_id=order.client_order_id,
        venue_order_id=order.venue_order_id,
        command_id=UUID4(),
        ts_init=now_ns,
    )


def deny(kernel: Any, orders: list[Any], why: str) -> None:
    """Tell the strategy that these orders were not sent."""
    for order in orders:
        if not kernel.cache.order_exists(order.client_order_id):
            kernel.cache.add_order(order)
        answer(kernel, OrderDenied, order, why)


def answer(kernel: Any, kind: type, order: Any, why: str) -> None:
    """Tell the strategy no, by an OrderDenied, OrderModifyRejected or OrderCancelRejected."""
    log.warning("refused", answer=kind.__name__, order=order.client_order_id.value, why=why)
    now = kernel.clock.timestamp_ns()
    told = {
        "trader_id": order.trader_id,
        "strategy_id": order.strategy_id,
        "instrument_id": order.instrument_id,
        "client_order_id": order.client_order_id,
        "reason": why,
        "event_id": UUID4(),
        "ts_init": now,
    }
    if kind is not OrderDenied:
        told |= {"venue_order_id": order.venue_order_id, "account_id": order.account_id, "ts_event": now}
    kernel.msgbus.send(EVENTS, kind(**told))
