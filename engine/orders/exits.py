"""The orders that close a position, all in one OCA group, so that the broker itself lets only one of them fill.

`held` is the signed quantity of the position; prices are rounded to the instrument's tick.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from nautilus_trader.common.component import TestClock
from nautilus_trader.model.enums import OrderSide, TimeInForce

from engine.errors import OrderRefused
from engine.hours import cut_off
from engine.orders.rules import LAST_RESORT_AFTER, expires_today, good_time_in_force
from engine.orders.tags import GROUP_PREFIX, Oca, OcaType, Role, ib_tags

if TYPE_CHECKING:
    from nautilus_trader.model.identifiers import InstrumentId
    from nautilus_trader.model.orders import Order
    from nautilus_trader.trading.strategy import Strategy


def new_group(strategy: Strategy, oca_type: OcaType = OcaType.REDUCE) -> Oca:
    """Return a group under a name that no other has."""
    return Oca(f"{GROUP_PREFIX}{strategy.order_factory.generate_client_order_id().value}", oca_type)


def exit_group(
    strategy: Strategy,
    instrument_id: InstrumentId,
    held: float,
    *,
    take_profit: float,
    stop: float,
    oca: Oca | None = None,
    time_in_force: TimeInForce = TimeInForce.DAY,
) -> list[Order]:
    """Return all exits of a position in one group, the stop first: it is the one that must not be missing.

    What expires within a day also gets the last resort. Raises OrderRefused.
    """
    check_exits(held, take_profit, stop)
    group = oca or new_group(strategy)
    orders = [
        stop_order(strategy, instrument_id, held, stop, group, time_in_force),
        take_profit_order(strategy, instrument_id, held, take_profit, group, time_in_force),
    ]
    if needs_last_resort(strategy, instrument_id):
        orders.append(last_resort_order(strategy, instrument_id, held, group))
    return orders


def take_profit_order(
    strategy: Strategy,
    instrument_id: InstrumentId,
    held: float,
    price: float,
    oca: Oca,
    time_in_force: TimeInForce = TimeInForce.DAY,
) -> Order:
    """Return the limit order that closes `held` at a profit."""
    instrument = instrument_of(strategy, instrument_id)
    return strategy.order_factory.limit(
        price=on_grid(instrument, price),
        time_in_force=good_time_in_force(instrument, time_in_force, now(strategy)),
        tags=ib_tags(Role.TAKE_PROFIT, oca=oca),
        **_closing(instrument, held),
    )


def stop_order(
    strategy: Strategy,
    instrument_id: InstrumentId,
    held: float,
    trigger: float,
    oca: Oca,
    time_in_force: TimeInForce = TimeInForce.DAY,
) -> Order:
    """Return the stop order that closes `held` at the market once `trigger` is reached."""
    instrument = instrument_of(strategy, instrument_id)
    return strategy.order_factory.stop_market(
        trigger_price=on_grid(instrument, trigger),
        time_in_force=good_time_in_force(instrument, time_in_force, now(strategy)),
        tags=ib_tags(Role.STOP, oca=oca),
        **_closing(instrument, held),
    )


def last_resort_order(strategy: Strategy, instrument_id: InstrumentId, held: float, oca: Oca) -> Order:
    """Return the market order that rests at the broker and wakes 30 s after the cut-off, whoever is alive here.

    Raises OrderRefused where there is no cut-off, or it has passed: such an order would fill at once.
    """
    instrument = instrument_of(strategy, instrument_id)
    return strategy.order_factory.market(
        time_in_force=TimeInForce.DAY,
        tags=ib_tags(Role.LAST_RESORT, oca=oca, good_after=wakes_at(strategy, instrument)),
        **_closing(instrument, held),
    )


def closing_order(strategy: Strategy, instrument_id: InstrumentId, held: float, oca: Oca) -> Order:
    """Return a market order that closes `held` now, as one more member of the position's group.

    Joining, it cannot fill beside another exit; outside the group it could, and the position would turn short.
    """
    instrument = instrument_of(strategy, instrument_id)
    return strategy.order_factory.market(
        time_in_force=TimeInForce.DAY, tags=ib_tags(Role.CLOSE_NOW, oca=oca), **_closing(instrument, held)
    )


def needs_last_resort(strategy: Strategy, instrument_id: InstrumentId) -> bool:
    """Whether the broker must close it today if nobody else does. Never in a backtest: no broker would hold it back."""
    return not isinstance(strategy.clock, TestClock) and expires_today(
        instrument_of(strategy, instrument_id), now(strategy)
    )


def wakes_at(strategy: Strategy, instrument: Any) -> datetime:
    """Return when the last resort wakes. Raises OrderRefused when that is now or never."""
    last = cut_off(instrument)
    if last is None or last + LAST_RESORT_AFTER <= now(strategy):
        raise OrderRefused(
            f"a cut-off of {instrument.id} that is still to come",
            "none" if last is None else f"{last:%H:%M:%S} UTC",
            "open nothing in it; what is held is closed by a closing order",
        )
    return last + LAST_RESORT_AFTER


def check_exits(held: float, take_profit: float, stop: float) -> None:
    """Raise OrderRefused unless the stop lies on the losing side of the take-profit."""
    if not held:
        raise OrderRefused("a position to close", "a quantity of 0", "ask for exits once something is held")
    if (take_profit - stop) * held <= 0:
        side = "below" if held > 0 else "above"
        raise OrderRefused(
            f"a stop {side} the take-profit", f"stop {stop:g}, take-profit {take_profit:g}", "exchange the two"
        )


def instrument_of(strategy: Strategy, instrument_id: InstrumentId) -> Any:
    """Return a loaded instrument. Raises OrderRefused."""
    instrument = strategy.cache.instrument(instrument_id)
    if instrument is None:
        raise OrderRefused("a loaded instrument", str(instrument_id), "load it before you order")
    return instrument


def on_grid(instrument: Any, price: float) -> Any:
    """Return the price on the instrument's tick that is nearest, and at least one tick."""
    tick = instrument.price_increment.as_decimal()
    return instrument.make_price(max(1, round(Decimal(str(price)) / tick)) * tick)


def now(strategy: Strategy) -> datetime:
    """Return the strategy's time: the wall clock, or the backtest's."""
    return datetime.fromtimestamp(strategy.clock.timestamp_ns() / 1e9, UTC)


def _closing(instrument: Any, held: float) -> dict[str, Any]:
    return {
        "instrument_id": instrument.id,
        "order_side": OrderSide.SELL if held > 0 else OrderSide.BUY,
        "quantity": instrument.make_qty(abs(held)),
        "reduce_only": True,
    }
