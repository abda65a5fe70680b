"""The last word on every order, whatever strategy sends it and whether or not that strategy has heard of us.

NautilusTrader's own trading states cannot say it. REDUCING lets an order pass that opens a position where there is
none, and HALTED also refuses to move an exit, which is how a position is closed in time. So we stand before the
execution engine, at its public endpoint of the message bus, where every command passes: a strategy's, an execution
algorithm's, an emulated order's when it is released.

While entries are held, what opens or enlarges a position is refused. While the engine is halted or stopping, so is
everything that would strip a position of its exits: strategies are known to cancel all and close all when they stop.

At any time, what would open a position in an option of today and outlive the day (GTC, GTD) is refused. So is an entry
whose exits are to be emulated by a price that the emulator does not watch: it cancels them as soon as the entry fills.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from nautilus_trader.execution.messages import (
    BatchCancelOrders,
    CancelAllOrders,
    CancelOrder,
    ModifyOrder,
    SubmitOrder,
    SubmitOrderList,
)
from nautilus_trader.model.enums import OrderSide, OrderStatus, TriggerType
from nautilus_trader.model.events import OrderCancelRejected, OrderModifyRejected

from engine import messages
from engine.errors import OrderRefused
from engine.observe import closes, net_positions, unfinished_orders
from engine.orders.rules import good_time_in_force

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from nautilus_trader.model.identifiers import StrategyId

    from engine.clock import Clock
    from engine.entries import EntryGate

# Orders that another client, or a person, has placed are not ours to cancel.
OTHERS = "EXTERNAL"
DRAIN_SECONDS = 0.3
# What NautilusTrader's emulator can watch, and what is not emulated at all.
WATCHED = (TriggerType.NO_TRIGGER, TriggerType.DEFAULT, TriggerType.BID_ASK, TriggerType.LAST_PRICE)


class Deed(StrEnum):
    """What a command wants to do with an order."""

    SUBMIT = "submit"
    MODIFY = "modify"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Asked:
    """One order of one command. `exit`: it only makes a position smaller. `trusted`: it comes from our own exits."""

    deed: Deed
    exit: bool
    trusted: bool = False


def refusal(asked: Asked, gate: EntryGate) -> str | None:
    """Return why this may not be done now, or None when it may."""
    closed = gate.closed_because()
    if closed is None:
        return None
    if asked.deed is Deed.CANCEL:
        keeps = asked.exit and gate.shut and not (asked.trusted and not gate.stopping)
        return f"{closed}; exits stay" if keeps else None
    if not asked.exit or gate.stopping:
        return closed
    if asked.trusted:
        return None
    if gate.halted:
        return closed
    return None if gate.settled else "the books are not yet the broker's on this session"


class OrderGate:
    """Stands at the execution engine's endpoint. Lives on the node's loop."""

    def __init__(self, kernel: Any, gate: EntryGate, onward: Callable[[Any], None] | None = None) -> None:
        """Take the endpoint over; called once, after the kernel is made and before anything trades.

        What may pass goes to `onward`, by default to the execution engine.
        """
        self._kernel = kernel
        self._gate = gate
        self._trusted: set[StrategyId] = set()
        self._onward = onward or kernel.exec_engine.execute
        kernel.msgbus.deregister(messages.COMMANDS, kernel.exec_engine.execute)
        kernel.msgbus.register(messages.COMMANDS, self._pass)

    def trust(self, strategy_id: StrategyId) -> None:
        """Let this strategy work on exits through a halt: it is the one that looks after them."""
        self._trusted.add(strategy_id)

    def entries(self) -> list[Any]:
        """Return the orders of our strategies that could still open or enlarge a position, without their children."""
        cache = self._kernel.cache
        return [
            order
            for order in unfinished_orders(cache)
            if (order.is_open or order.is_inflight)
            and order.parent_order_id is None
            and order.strategy_id.value != OTHERS
            and not self._is_exit(order, order.leaves_qty)
        ]

    def cancel_entries(self) -> int:
        """Ask the broker to cancel them; returns how many. The children of a bracket go with their parent."""
        found = [order for order in self.entries() if not order.is_pending_cancel]
        for order in found:
            self._onward(self._cancel(order))
        return len(found)

    async def drained(self, clock: Clock, loop: asyncio.AbstractEventLoop, on_wire: Callable[[], int]) -> int:
        """Wait until what passed before is on the wire: an answer "halted" must be true when it is given.

        `on_wire` counts what waits there for the gateway's pacing. Returns what is still waiting when time is up.
        """
        engine, deadline = self._kernel.exec_engine, clock.monotonic() + DRAIN_SECONDS
        while engine.cmd_qsize() and clock.monotonic() < deadline:
            await clock.sleep(0.001)
        # A command off the queue is a task of the client's, which places its order in its first step.
        for _ in range(2):
            done = loop.create_future()
            loop.call_soon(done.set_result, None)
            await done
        while on_wire() and clock.monotonic() < deadline:
            await clock.sleep(0.001)
        return int(engine.cmd_qsize()) + on_wire()

    def _pass(self, command: Any) -> None:
        if isinstance(command, SubmitOrder):
            self._submit(command, [command.order])
        elif isinstance(command, SubmitOrderList):
            self._submit(command, command.order_list.orders)
        elif self._gate.open():
            self._onward(command)
        elif isinstance(command, ModifyOrder):
            self._modify(command)
        elif isinstance(command, CancelOrder):
            if self._may_cancel(command.client_order_id, command.strategy_id):
                self._onward(command)
        elif isinstance(command, BatchCancelOrders):
            for one in command.cancels:
                self._pass(one)
        elif isinstance(command, CancelAllOrders):
            self._cancel_all(command)
        else:
            self._onward(command)

    def _submit(self, command: Any, orders: list[Any]) -> None:
        whys = (
            self._refusal(Deed.SUBMIT, order, command.strategy_id) or self._outlives(order) or self._unwatched(order)
            for order in orders
        )
        why = next(filter(None, whys), None)
        if why is None:
            self._onward(command)
            return
        # Children that are to be emulated come one by one, after the entry has filled: they end with it.
        family = [*orders, *(child for order in orders for child in self._children(order) if child not in orders)]
        self._gate.refusals += len(family)
        messages.deny(self._kernel, family, why)

    def _modify(self, command: Any) -> None:
        order = self._kernel.cache.order(command.client_order_id)
        why = self._refusal(Deed.MODIFY, order, command.strategy_id, command.quantity) if order is not None else None
        if why is None:
            self._onward(command)
        else:
            self._answer(OrderModifyRejected, order, why)

    def _cancel_all(self, command: Any) -> None:
        for order in unfinished_orders(self._kernel.cache):
            meant = (order.strategy_id, order.instrument_id) == (command.strategy_id, command.instrument_id)
            meant = meant and command.order_side in (OrderSide.NO_ORDER_SIDE, order.side)
            meant = meant and (order.is_open or order.is_inflight)
            if meant and self._may_cancel(order.client_order_id, command.strategy_id):
                self._onward(self._cancel(order))

    def _may_cancel(self, client_order_id: Any, strategy_id: StrategyId) -> bool:
        order = self._kernel.cache.order(client_order_id)
        why = self._refusal(Deed.CANCEL, order, strategy_id) if order is not None else None
        if why is not None:
            self._answer(OrderCancelRejected, order, why)
        return why is None

    def _refusal(self, deed: Deed, order: Any, strategy_id: StrategyId, quantity: Any = None) -> str | None:
        # A new quantity counts what has filled; what matters is what may still fill.
        wanted = float(quantity) - float(order.filled_qty) if quantity else order.leaves_qty
        exits = self._is_exit(order, wanted)
        if deed is Deed.CANCEL:
            # Its entry may have filled a moment ago, and then it is the exit of what nobody knows of yet.
            exits = exits or order.parent_order_id is not None
        return refusal(Asked(deed, exits, strategy_id in self._trusted), self._gate)

    def _outlives(self, order: Any) -> str | None:
        """Return why this order may not rest so long. An exit may: denied, it would leave a position without."""
        instrument = self._kernel.cache.instrument(order.instrument_id)
        if instrument is None or self._is_exit(order, order.leaves_qty):
            return None
        try:
            good_time_in_force(instrument, order.time_in_force, self._kernel.clock.utc_now())
        except OrderRefused as refused:
            return str(refused)
        return None

    def _unwatched(self, order: Any) -> str | None:
        """Return why the exits that wait for this order's fill would never be there."""
        for child in self._children(order):
            trigger = TriggerType(child.emulation_trigger)
            if trigger not in WATCHED:
                return (
                    f"expected exits at the broker, or emulated with BID_ASK or LAST_PRICE, found {trigger.name}: "
                    "NautilusTrader cancels those at the fill, and the position has none"
                )
        return None

    def _children(self, order: Any) -> list[Any]:
        """Return the orders that wait for this one's fill and were not sent yet."""
        linked = map(self._kernel.cache.order, order.linked_order_ids or ())
        return [
            one
            for one in linked
            if one is not None
            and one.parent_order_id == order.client_order_id
            and one.status is OrderStatus.INITIALIZED
        ]

    def _is_exit(self, order: Any, quantity: Any) -> bool:
        held = net_positions(self._kernel.cache).get(order.instrument_id, 0.0)
        return bool(held) and closes(order, order.instrument_id, held) and float(quantity) <= abs(held)

    def _answer(self, kind: type, order: Any, why: str) -> None:
        self._gate.refusals += 1
        messages.answer(self._kernel, kind, order, why)

    def _cancel(self, order: Any) -> Any:
        return messages.cancel(order, order.strategy_id, self._kernel.clock.timestamp_ns())
