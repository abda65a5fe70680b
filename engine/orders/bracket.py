"""The bracket: an entry and its exits in one list, so that no fill of the entry is ever without an exit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nautilus_trader.core.uuid import UUID4
from nautilus_trader.model.enums import ContingencyType, OrderSide, OrderType, TimeInForce
from nautilus_trader.model.orders import MarketOrder, OrderList

from engine.orders.exits import check_exits, instrument_of, needs_last_resort, new_group, now, on_grid, wakes_at
from engine.orders.rules import good_time_in_force
from engine.orders.tags import OcaType, Role, ib_tags

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from nautilus_trader.model.identifiers import InstrumentId
    from nautilus_trader.model.orders import Order
    from nautilus_trader.trading.strategy import Strategy


def bracket(
    strategy: Strategy,
    instrument_id: InstrumentId,
    side: OrderSide,
    quantity: float,
    *,
    take_profit: float,
    stop: float,
    entry: float | None = None,
    conditions: Sequence[dict[str, Any]] = (),
    time_in_force: TimeInForce = TimeInForce.DAY,
    oca_type: OcaType = OcaType.REDUCE,
) -> OrderList:
    """Return an entry (at the market, or at the limit `entry`) with its exits, all of them native to the broker.

    The exits are a take-profit, a stop and, for what expires within a day, the last resort. `conditions` hold the
    entry back. Raises OrderRefused.
    """
    held = quantity if side == OrderSide.BUY else -quantity
    check_exits(held, take_profit, stop)
    instrument = instrument_of(strategy, instrument_id)
    tif = good_time_in_force(instrument, time_in_force, now(strategy))
    group = new_group(strategy, oca_type)
    orders = strategy.order_factory.bracket(
        instrument_id=instrument_id,
        order_side=side,
        quantity=instrument.make_qty(quantity),
        entry_order_type=OrderType.MARKET if entry is None else OrderType.LIMIT,
        entry_price=None if entry is None else on_grid(instrument, entry),
        entry_tags=ib_tags(Role.ENTRY, conditions=conditions),
        time_in_force=tif,
        tp_price=on_grid(instrument, take_profit),
        tp_time_in_force=tif,
        # True is Nautilus' default, and this adapter rejects the whole list for it.
        tp_post_only=False,
        tp_tags=ib_tags(Role.TAKE_PROFIT, oca=group),
        sl_trigger_price=on_grid(instrument, stop),
        sl_time_in_force=tif,
        sl_tags=ib_tags(Role.STOP, oca=group),
    )
    if not needs_last_resort(strategy, instrument_id):
        return orders
    first, *exits = orders.orders
    tags = ib_tags(Role.LAST_RESORT, oca=group, good_after=wakes_at(strategy, instrument))
    return OrderList(orders.id, [first, *exits, _last_resort(strategy, first, exits, tags)])


def _last_resort(strategy: Strategy, entry: Order, exits: Sequence[Order], tags: list[str]) -> Order:
    # The order factory makes brackets of three; a fourth member has to name its parent itself.
    return MarketOrder(
        trader_id=entry.trader_id,
        strategy_id=entry.strategy_id,
        instrument_id=entry.instrument_id,
        client_order_id=strategy.order_factory.generate_client_order_id(),
        order_side=exits[0].side,
        quantity=entry.quantity,
        init_id=UUID4(),
        ts_init=entry.ts_init,
        time_in_force=TimeInForce.DAY,
        reduce_only=True,
        contingency_type=ContingencyType.OUO,
        order_list_id=entry.order_list_id,
        linked_order_ids=[order.client_order_id for order in exits],
        parent_order_id=entry.client_order_id,
        tags=tags,
    )
