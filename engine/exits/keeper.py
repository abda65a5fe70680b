"""The Keeper: looks after the exits of every 0DTE option that is held, whichever strategy opened it.

It acts in the name of the strategy that holds the position. Under net booking NautilusTrader keeps one position for
each strategy and instrument: an exit in our own name would leave the position in the books when the broker holds it
no more, and the next look would sell it again (seen, with the adapter and the stand-in).
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import structlog
from nautilus_trader.common.factories import OrderFactory
from nautilus_trader.config import StrategyConfig
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.messages import ModifyOrder, SubmitOrder
from nautilus_trader.model.enums import OrderSide, OrderType
from nautilus_trader.trading.strategy import Strategy

from engine import hours, messages, orders
from engine.errors import OrderRefused
from engine.exits import plan
from engine.exits.plan import Act, Arm, Ask, Cancel, Kind, Leg, Press, Resize, View, Word
from engine.exits.view import Done, ExitsSeen
from engine.observe import con_id, held_in, net_positions, unfinished_orders
from engine.orders import Oca, OcaType, Role
from engine.orders.exits import needs_last_resort, now
from engine.timers import every

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nautilus_trader.model.identifiers import ClientOrderId, InstrumentId, StrategyId

    from engine.exits.broker import Desk

    Key = tuple[InstrumentId, StrategyId]

LOOK_MILLISECONDS = 250
# How long an exit that was moved to where it fills has for it.
PRESS_SECONDS = 2.0
# A stop at the broker has this long to fill by itself once the market stands at it.
BREACH_SECONDS = 2.0
# Between two orders for the same position that were both refused.
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 0.5, 8.0
QUOTE_SECONDS = 10.0
TELL_SECONDS = 30.0

_PROFITS = (OrderType.LIMIT, OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED)
_MOVABLE = (OrderType.LIMIT, OrderType.STOP_MARKET, OrderType.MARKET)
_EXITS = (Role.TAKE_PROFIT, Role.STOP, Role.LAST_RESORT, Role.CLOSE_NOW)

log = structlog.get_logger("exits")


class KeeperConfig(StrategyConfig, frozen=True, kw_only=True):  # type: ignore[misc, call-arg]
    """A strategy's own configuration: `external_order_claims` are the instruments that were held at the start."""

    strategy_id: str | None = "KEEPER"
    order_id_tag: str | None = "900"


class _Name:
    """What the order helpers need of a strategy, in the name of another one."""

    def __init__(self, keeper: Strategy, strategy_id: StrategyId) -> None:
        self.clock, self.cache = keeper.clock, keeper.cache
        # The other one counts its own orders; ours must not meet its numbers.
        self.order_factory = OrderFactory(
            keeper.trader_id, strategy_id, keeper.clock, keeper.cache, use_uuid_client_order_ids=True
        )


class Keeper(Strategy):  # type: ignore[misc]
    """Looks four times a second. What to do is `plan.decide`'s; here it is seen and done."""

    def __init__(
        self,
        config: KeeperConfig,
        *desks: Desk,
    ) -> None:
        """Take the accounts that are traded, the first one first."""
        super().__init__(config)
        self._desks = {desk.name: desk for desk in desks}
        self._first = desks[0]
        self._flatten = False
        self._watched: set[InstrumentId] = set()
        self._groups: dict[str, dict[str, Oca]] = {}
        self._pressed: dict[ClientOrderId, int] = {}
        self._pressing: dict[Key, float] = {}
        self._breached: dict[Key, float] = {}
        self._tries: dict[Key, tuple[int, float]] = {}
        self._told: dict[Key, float] = {}
        self._done: Counter[Done] = Counter(dict.fromkeys(Done, 0))
        self._looked: float | None = None

    def on_start(self) -> None:
        """Look from now on; whatever the cache recovered is taken up where it was."""
        every(self.clock, "look", timedelta(milliseconds=LOOK_MILLISECONDS), self.look)

    def on_stop(self) -> None:
        """Leave exits where they protect: at the broker."""
        self.clock.cancel_timers()

    def seen(self) -> ExitsSeen:
        """Return what others may know."""
        age = None if self._looked is None else max(0.0, self._seconds() - self._looked)
        return ExitsSeen(tuple((one.value, self._done[one]) for one in Done), age)

    async def flatten(self, reason: str) -> dict[str, Any]:
        """Begin to close every position by its exits; entries are somebody else's to hold."""
        self._flatten = True
        held = net_positions(self.cache)
        log.warning("flattening", reason=reason, positions=len(held))
        self.look()
        sentence = f"closing {len(held)} positions by their exits" if held else "nothing is held"
        return {"ok": True, "sentence": sentence, "positions": {str(name): size for name, size in held.items()}}

    def look(self) -> None:
        """Take one look at every position and every exit, and do what is to be done."""
        net = net_positions(self.cache)
        self._flatten = self._flatten and (bool(net) or not all(desk.settled() for desk in self._desks.values()))
        resting = [order for order in unfinished_orders(self.cache) if self._cares(order.instrument_id)]
        held = {
            (p.instrument_id, p.strategy_id): p for p in self.cache.positions_open() if self._cares(p.instrument_id)
        }
        self._subscribe({instrument_id for instrument_id, _ in held})
        for key in sorted({*held, *((order.instrument_id, order.strategy_id) for order in resting)}, key=str):
            total = net.get(key[0], 0.0)
            position = held.get(key)
            quantity = float(position.signed_qty) if position is not None else 0.0
            if quantity * total < 0 or (quantity and not total):
                # Two strategies against each other: the broker holds the difference alone, the larger one's part.
                continue
            quantity = max(-abs(total), min(abs(total), quantity))
            own = [order for order in resting if (order.instrument_id, order.strategy_id) == key]
            self._act(key, self._view(key, quantity, total, position, own))
        self._looked = self._seconds()

    def _desk(self, instrument_id: InstrumentId) -> Desk:
        """Return the account that holds or works the instrument; there is one at most."""
        if len(self._desks) == 1:
            return self._first
        return self._desks.get(held_in(self.cache, instrument_id) or "", self._first)

    def _cares(self, instrument_id: InstrumentId) -> bool:
        instrument = self.cache.instrument(instrument_id)
        return instrument is not None and (self._flatten or orders.expires_today(instrument, self._now()))

    def _now(self) -> datetime:
        return now(self)

    def _seconds(self) -> float:
        return float(self.clock.timestamp_ns() / 1e9)

    # -- seeing ----------------------------------------------------------------------------------------------------

    def _view(self, key: Key, quantity: float, total: float, position: Any, own: list[Any]) -> View:
        instrument, desk = self.cache.instrument(key[0]), self._desk(key[0])
        average = float(position.avg_px_open) if position is not None else 0.0
        opened = int(position.ts_opened) if position is not None else 0
        now, cut_off, close = self._now(), hours.cut_off(instrument), hours.last_close(instrument)
        quote = self.cache.quote_tick(key[0])
        if quote is not None and self.clock.timestamp_ns() - quote.ts_event > QUOTE_SECONDS * 1e9:
            quote = None
        bid = float(quote.bid_price) if quote is not None else None
        ask = float(quote.ask_price) if quote is not None else None
        exits = [order for order in own if self._is_exit(order, quantity)]
        profit, stop = self._levels(key, quantity, opened) if quantity else (None, None)
        if not all(self._knows(order) for order in exits):
            desk.broker.ask("")
        truth = desk.broker.truth()
        if truth is not None:
            self._groups[desk.name] = {
                name: _oca(rests.oca_group, rests.oca_type) for name, rests in truth.orders.items()
            }
        return View(
            quantity=quantity,
            total=total,
            legs=tuple(self._leg(order) for order in exits),
            entries=tuple(order.client_order_id.value for order in own if order not in exits),
            settled=desk.settled(),
            flatten=self._flatten,
            breached=self._is_breached(key, quantity, stop, bid, ask),
            last_resort=needs_last_resort(cast("Strategy", self), key[0]),
            pressing=self._seconds() < self._pressing.get(key, 0.0),
            cut_off_in=(cut_off - now).total_seconds() if cut_off is not None else None,
            closes_in=(close - now).total_seconds() if close is not None else None,
            bid=bid,
            ask=ask,
            average=average,
            tick=float(instrument.price_increment),
            profit=profit,
            stop=stop,
            word=self._word(key[0], truth) if truth is not None else None,
        )

    def _word(self, instrument_id: InstrumentId, truth: Any) -> Word:
        contract = con_id(self.cache, instrument_id)
        ours = {order.client_order_id.value for order in unfinished_orders(self.cache)}
        unknown = [name for name, rests in truth.orders.items() if rests.con_id == contract and name not in ours]
        return Word(truth.positions.get(contract, 0.0), len(unknown))

    def _is_exit(self, order: Any, quantity: float) -> bool:
        if quantity:
            return bool(order.side == (OrderSide.SELL if quantity > 0 else OrderSide.BUY))
        group = self._oca(order)
        ours = group is not None and group.group.startswith("WK-")
        return order.is_reduce_only or order.parent_order_id is not None or ours or orders.role_of(order) in _EXITS

    def _leg(self, order: Any) -> Leg:
        parent = self.cache.order(order.parent_order_id) if order.parent_order_id is not None else None
        oca = self._oca(order)
        if order.order_type in _PROFITS:
            kind = Kind.PROFIT
        elif order.order_type == OrderType.MARKET:
            # Tags are lost on what was read back; a market order that rests can only be the last resort.
            role = orders.role_of(order)
            kind = Kind.LAST if role is Role.LAST_RESORT or (role is None and order.is_open) else Kind.NOW
        else:
            kind = Kind.STOP
        return Leg(
            id=order.client_order_id.value,
            kind=kind,
            remaining=float(order.leaves_qty),
            price=_level(order),
            group=oca.group if oca is not None else None,
            movable=order.is_open
            and not order.is_pending_cancel
            and order.order_type in _MOVABLE
            # Read back from the broker it has no tags, and moved without them it would leave its group.
            and (orders.oca_of(order) is not None or (oca is None and self._knows(order))),
            waits=parent is not None and not parent.is_closed and not parent.filled_qty,
            pressed=self._pressed.get(order.client_order_id, 0),
        )

    def _knows(self, order: Any) -> bool:
        """Tell whether we know of the order's group, or that it has none."""
        return bool(order.tags) or self._told_group(order) is not None

    def _oca(self, order: Any) -> Oca | None:
        found = orders.oca_of(order) or self._told_group(order)
        return found if found is not None and found.group else None

    def _told_group(self, order: Any) -> Oca | None:
        name = order.client_order_id.value
        return next((told[name] for told in self._groups.values() if name in told), None)

    def _levels(self, key: Key, quantity: float, opened: int) -> tuple[float | None, float | None]:
        """Return the last take-profit and stop of this position, whether they rest or not. Not those of one before."""
        side = OrderSide.SELL if quantity > 0 else OrderSide.BUY
        found: dict[Kind, float] = {}
        mine = self.cache.orders(instrument_id=key[0], strategy_id=key[1], side=side)
        for order in sorted(mine, key=lambda order: order.ts_init):
            if order.is_closed and order.ts_last < opened:
                continue
            if order.client_order_id in self._pressed:
                # Moved to where it fills: that is no level that anybody chose.
                continue
            if order.order_type == OrderType.LIMIT:
                found[Kind.PROFIT] = float(order.price)
            elif order.has_trigger_price and order.order_type not in _PROFITS:
                found[Kind.STOP] = float(order.trigger_price)
        return found.get(Kind.PROFIT), found.get(Kind.STOP)

    def _is_breached(self, key: Key, quantity: float, stop: float | None, bid: float | None, ask: float | None) -> bool:
        if not plan.is_breached(quantity, stop, bid, ask):
            self._breached.pop(key, None)
            return False
        return self._seconds() - self._breached.setdefault(key, self._seconds()) >= BREACH_SECONDS

    def _subscribe(self, wanted: set[InstrumentId]) -> None:
        for instrument_id in wanted - self._watched:
            self.subscribe_quote_ticks(instrument_id)
        for instrument_id in self._watched - wanted:
            self.unsubscribe_quote_ticks(instrument_id)
        self._watched = wanted

    # -- doing -----------------------------------------------------------------------------------------------------

    def _act(self, key: Key, view: View) -> None:
        acts = plan.decide(view)
        if view.quantity and view.late and self._may_tell(key):
            log.error("held after the cut-off", instrument=str(key[0]), quantity=view.quantity, acts=len(acts))
        if not acts:
            self._tries.pop(key, None)
            return
        questions = [act for act in acts if isinstance(act, Ask)]
        if questions:
            self._desk(key[0]).broker.ask(next((question.why for question in questions if question.why), ""))
        tried, again_at = self._tries.get(key, (0, 0.0))
        sends = [act for act in acts if isinstance(act, Arm)]
        if sends and self._seconds() < again_at:
            acts = [act for act in acts if not isinstance(act, Arm)]
        elif sends:
            wait = min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2**tried)
            self._tries[key] = (tried + 1, self._seconds() + wait)
        for act in acts:
            self._do(key, view, act)

    def _do(self, key: Key, view: View, act: Act) -> None:
        match act:
            case Press(leg_id, price):
                self._press(key, leg_id, price)
            case Resize(leg_id, remaining):
                self._done[Done.RESIZED] += 1
                self._modify(leg_id, remaining=remaining)
                self._desk(key[0]).broker.spend()
            case Cancel(order_id):
                self._cancel(order_id)
            case Arm():
                self._arm(key, view, act)
            case Ask():
                pass

    def _press(self, key: Key, leg_id: str, price: float) -> None:
        order = self._order(leg_id)
        self._pressed[order.client_order_id] = self._pressed.get(order.client_order_id, 0) + 1
        self._pressing[key] = self._seconds() + PRESS_SECONDS
        self._done[Done.PRESSED] += 1
        log.warning("closing by an exit", order=leg_id, instrument=str(key[0]), price=price)
        self._modify(leg_id, price=price)

    def _modify(self, leg_id: str, price: float | None = None, remaining: float | None = None) -> None:
        order = self._order(leg_id)
        instrument = self.cache.instrument(order.instrument_id)
        level = instrument.make_price(price) if price is not None else None
        is_limit = order.order_type == OrderType.LIMIT
        # Not `modify_order`: that marks the order as pending, and a refusal that the adapter does not understand
        # would leave it so for ever.
        self._send(
            ModifyOrder(
                trader_id=self.trader_id,
                strategy_id=self.id,
                instrument_id=order.instrument_id,
                client_order_id=order.client_order_id,
                venue_order_id=order.venue_order_id,
                quantity=instrument.make_qty(float(order.filled_qty) + remaining) if remaining is not None else None,
                price=level if is_limit else None,
                trigger_price=None if is_limit else level,
                command_id=UUID4(),
                ts_init=self.clock.timestamp_ns(),
            )
        )

    def _cancel(self, order_id: str) -> None:
        order = self._order(order_id)
        if not order.is_open or order.is_pending_cancel:
            return
        self._done[Done.CANCELLED] += 1
        log.info("cancelling", order=order_id, instrument=str(order.instrument_id))
        self._desk(order.instrument_id).broker.spend()
        self._send(messages.cancel(order, self.id, self.clock.timestamp_ns()))

    def _arm(self, key: Key, view: View, act: Arm) -> None:
        name = cast("Strategy", _Name(self, key[1]))
        held = act.quantity if view.quantity > 0 else -act.quantity
        oca = self._known(act.group) if act.group is not None else orders.new_group(name)
        log.warning(
            "sending exits",
            instrument=str(key[0]),
            quantity=held,
            kinds=list(act.kinds),
            group=oca.group,
            joined=act.group is not None,
        )
        self._desk(key[0]).broker.spend()
        if Kind.NOW in act.kinds:
            self._pressing[key] = self._seconds() + PRESS_SECONDS
        for kind in act.kinds:
            try:
                order = _made(name, key[0], held, kind, act, oca)
            except OrderRefused as error:
                log.error("an exit could not be made", kind=kind, error=str(error))
                continue
            self._done[Done.SENT] += 1
            self.cache.add_order(order)
            self._send(
                SubmitOrder(
                    trader_id=self.trader_id,
                    strategy_id=self.id,
                    order=order,
                    command_id=UUID4(),
                    ts_init=self.clock.timestamp_ns(),
                )
            )

    def _known(self, group: str) -> Oca:
        of_tags: Iterable[Oca | None] = (orders.oca_of(order) for order in unfinished_orders(self.cache))
        told = (oca for groups in self._groups.values() for oca in groups.values())
        known = (oca for oca in (*of_tags, *told) if oca is not None and oca.group == group)
        return next(known, Oca(group))

    def _order(self, order_id: str) -> Any:
        return next(o for o in unfinished_orders(self.cache) if o.client_order_id.value == order_id)

    def _send(self, command: Any) -> None:
        # The risk engine, where a strategy's commands enter, would refuse exits in a halt.
        self.msgbus.send(messages.COMMANDS, command)

    def _may_tell(self, key: Key) -> bool:
        if self._seconds() - self._told.get(key, 0.0) < TELL_SECONDS:
            return False
        self._told[key] = self._seconds()
        return True


def _made(name: Strategy, instrument_id: InstrumentId, held: float, kind: Kind, act: Arm, oca: Oca) -> Any:
    match kind:
        case Kind.STOP:
            return orders.stop_order(name, instrument_id, held, act.stop, oca)
        case Kind.PROFIT:
            return orders.take_profit_order(name, instrument_id, held, act.profit, oca)
        case Kind.LAST:
            return orders.last_resort_order(name, instrument_id, held, oca)
        case Kind.NOW:
            return orders.closing_order(name, instrument_id, held, oca)


def _level(order: Any) -> float | None:
    if order.has_trigger_price:
        return float(order.trigger_price)
    return float(order.price) if order.has_price else None


def _oca(group: str, kind: int) -> Oca:
    return Oca(group, OcaType(kind or 1))
