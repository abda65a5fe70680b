"""Making our books agree with the broker's. What the broker holds wins over what we remember.

Nautilus' own reconciliation leaves two holes with this adapter: an order that the broker closed while we were away
is not reported at all and stays open in the cache, and for every position the adapter invents a filled order under
the instrument's name, which would book the position a second time.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import structlog
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.reports import OrderStatusReport
from nautilus_trader.model.enums import OrderSide, OrderStatus, OrderType, TimeInForce, TriggerType
from nautilus_trader.model.identifiers import AccountId, ClientOrderId, VenueOrderId

from engine.observe import client_of, con_id, held_in, net_positions, unfinished_orders, working_orders
from engine.private import execution_client
from engine.settings import CLIENT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from nautilus_trader.live.node import TradingNode
    from nautilus_trader.model.identifiers import InstrumentId

    from engine.clock import Clock
    from engine.private import Adapter

AGREE_ROUNDS = 3
DRAIN_SECONDS = 2.0
# An order that has changed this recently may be on its way.
YOUNG_NS = 5 * 10**9

log = structlog.get_logger("books")


@dataclass(frozen=True, slots=True)
class Truth:
    """What the broker answered: positions by contract id, and by client order id what of ours rests there."""

    positions: dict[int, float]
    orders: dict[str, Resting]


@dataclass(frozen=True, slots=True)
class Resting:
    """One order at the broker. Without Redis this alone remembers its OCA group after a restart."""

    con_id: int
    oca_group: str
    oca_type: int


class Books:
    """The node's cache against the gateway's answers. Lives on the node's loop."""

    def __init__(
        self,
        node: TradingNode,
        adapter: Adapter,
        account: str,
        clock: Clock,
        timeout: float,
        name: str = CLIENT,
        others: frozenset[str] = frozenset(),
    ) -> None:
        """`timeout` is the longest reconciliation, in seconds. `others` are the execution clients of other accounts."""
        self._node = node
        self._adapter = adapter
        self._account = account
        self._account_id = AccountId(f"{name}-{account}")
        self._clock = clock
        self._timeout = timeout
        self._name = name
        self._others = others

    async def held_instruments(self, provider: Any) -> list[Any]:
        """Load the instruments that the broker holds, and return their ids. Raises ConnectionError without an answer.

        Known before Nautilus reconciles, a strategy can claim them; otherwise they would belong to nobody.
        """
        theirs = await self._positions()
        found = [await provider.get_instrument(position.contract) for position in theirs if position.quantity]
        return [instrument.id for instrument in found if instrument is not None]

    async def truth(self) -> Truth:
        """Ask for orders and then for positions. Raises ConnectionError when an answer does not come.

        The order matters: what fills between the two is still an order in the first and a position no more in the
        second, so that nobody takes the position for one without exits.
        """
        orders = await self._answer("open orders", self._adapter.every_open_order)
        positions = await self._positions()
        await self._drain()
        return Truth(
            {int(p.contract.conId): float(p.quantity) for p in positions if p.quantity},
            {
                # A person's order carries no reference, and each must be seen.
                str(order.orderRef).rsplit(":", 1)[0] or f"PERM-{order.permId}": Resting(
                    int(order.contract.conId), str(order.ocaGroup or ""), int(order.ocaType or 0)
                )
                for order in orders
            },
        )

    async def difference(self) -> str:
        """Say in what our books and the broker's differ; empty where they agree, but for what is on its way.

        Changes nothing. Raises ConnectionError when an answer does not come.
        """
        cache = self._node.cache
        settled_ns = self._node.kernel.clock.timestamp_ns() - YOUNG_NS
        orders = await self._answer("open orders", self._adapter.client.get_open_orders)
        positions = await self._positions()
        await self._drain()
        resting = {str(order.orderRef).rsplit(":", 1)[0] for order in orders}
        working = [order for order in working_orders(cache) if client_of(cache, order) not in self._others]
        gone = [order.client_order_id.value for order in working if order.ts_last < settled_ns]
        found = [f"{name} rests here alone" for name in gone if name not in resting]
        found += [f"{name} rests there alone" for name in resting if name and cache.order(ClientOrderId(name)) is None]
        ours, theirs = self._ours(), {int(p.contract.conId): float(p.quantity) for p in positions if p.quantity}
        found += [
            f"contract {contract}: ours {ours.get(contract, 0):g}, the broker's {theirs.get(contract, 0):g}"
            for contract in ours.keys() | theirs.keys()
            if ours.get(contract) != theirs.get(contract)
        ]
        return "; ".join(sorted(found))

    async def settle_orders(self) -> int:
        """Replay missed fills, then close what the broker no longer works. Returns how many orders were closed.

        The order matters: an order that filled between the two questions is missing from the first answer and
        present in the second. Raises ConnectionError when an answer does not come.
        """
        cache = self._node.cache
        asked_ns = self._node.kernel.clock.timestamp_ns()
        open_orders = await self._answer("open orders", self._adapter.client.get_open_orders)
        # Each execution in the answer also goes to the execution client as an event, which books missed fills.
        self._adapter.forget_executions()
        await self._answer("executions", self._adapter.client.get_executions)
        await self._drain()
        await self._adopt(open_orders)
        at_broker = {str(order.orderRef).rsplit(":", 1)[0] for order in open_orders}
        gone = [
            order
            for order in unfinished_orders(cache)
            if client_of(cache, order) not in self._others
            and order.client_order_id.value not in at_broker
            and order.ts_last < asked_ns
        ]
        for order in gone:
            log.info("order is gone at the broker", order=order.client_order_id.value, was=order.status_string())
            self._node.kernel.exec_engine.reconcile_execution_report(self._gone(order))
        return len(gone)

    async def _adopt(self, open_orders: list[Any]) -> None:
        """Make our books know what rests at the broker.

        Nautilus' reconciliation leaves resting orders out where the day's fills crossed zero: of an instrument that
        was closed and opened again it keeps the fills since then and the orders that they are of, and no other.
        """
        cache = self._node.cache

        def unknown() -> list[Any]:
            return [o for o in open_orders if o.orderRef and cache.order(ClientOrderId(o.orderRef)) is None]

        for order in unknown():
            log.warning("an order rests at the broker that our books do not know", order=order.orderRef)
            self._adapter.hand_on(order)
        deadline = self._clock.monotonic() + DRAIN_SECONDS
        while unknown() and self._clock.monotonic() < deadline:
            await self._clock.sleep(0.01)

    async def reconcile(self) -> bool:
        """Run Nautilus' reconciliation of orders, fills and positions."""
        self.ignore_invented_orders()
        self._adapter.forget_executions()
        engine = self._node.kernel.exec_engine
        if not self._others:
            return bool(await engine.reconcile_execution_state(timeout_secs=self._timeout))
        # The same for this account alone: a gateway that is away must not keep the other accounts waiting.
        found = await execution_client(engine, self._name).generate_mass_status(None)
        if found is not None:
            engine.reconcile_execution_mass_status(found)
        return found is not None

    async def agree(self) -> None:
        """Prove that positions are equal on both sides, and put ours right where they are not.

        Raises ConnectionError when they still differ: fills that arrive while we compare may cost a round.
        """
        for round_ in range(AGREE_ROUNDS):
            await self._drain()
            theirs = await self._positions()
            broker = {int(p.contract.conId): float(p.quantity) for p in theirs if p.quantity}
            ours = self._ours()
            if ours == broker:
                return
            log.warning("positions differ", ours=ours, broker=broker, round=round_)
            if round_ == 0:
                await self.reconcile()
            else:
                self._take_over(ours, broker)
        raise ConnectionError(f"positions differ: ours {self._ours()}, the broker's {broker}")

    def _take_over(self, ours: dict[int, float], broker: dict[int, float]) -> None:
        """Book the difference as one filled order an instrument: the broker wins.

        Nautilus' own way refuses where an order of the same size and price is in the cache already: it takes that
        for the missing one, although it was counted.
        """
        now = self._node.kernel.clock.timestamp_ns()
        for instrument in self._node.cache.instruments():
            contract = con_id(self._node.cache, instrument.id)
            missing = broker.get(contract, 0.0) - ours.get(contract, 0.0) if contract is not None else 0.0
            quote = self._node.cache.quote_tick(instrument.id)
            if not missing or self._elsewhere(instrument.id):
                continue
            log.warning("taking over the broker's position", instrument=str(instrument.id), difference=missing)
            price = Decimal(str(quote.bid_price if quote is not None else instrument.price_increment))
            report = OrderStatusReport(
                account_id=self._account_id,
                instrument_id=instrument.id,
                venue_order_id=VenueOrderId(f"TAKEN-{UUID4().value}"),
                order_side=OrderSide.BUY if missing > 0 else OrderSide.SELL,
                order_type=OrderType.MARKET,
                time_in_force=TimeInForce.GTC,
                order_status=OrderStatus.FILLED,
                quantity=instrument.make_qty(abs(missing)),
                filled_qty=instrument.make_qty(abs(missing)),
                avg_px=price,
                report_id=UUID4(),
                ts_accepted=now,
                ts_last=now,
                ts_init=now,
            )
            self._node.kernel.exec_engine.reconcile_execution_report(report)

    def ignore_invented_orders(self) -> None:
        """Make Nautilus skip the adapter's invented orders (`client_order_id` = the instrument's id)."""
        filtered = self._node.kernel.exec_engine.filtered_client_order_ids
        known = set(filtered)
        names = (ClientOrderId(instrument.id.value) for instrument in self._node.cache.instruments())
        filtered.extend(name for name in names if name not in known)

    def _ours(self) -> dict[int, float]:
        cache = self._node.cache
        # An instrument without a contract id can only be ours alone: 0 equals nothing that a broker reports.
        mine = {held: quantity for held, quantity in net_positions(cache).items() if not self._elsewhere(held)}
        return {con_id(cache, held) or 0: quantity for held, quantity in mine.items()}

    def _elsewhere(self, instrument_id: InstrumentId) -> bool:
        return bool(self._others) and held_in(self._node.cache, instrument_id) in self._others

    def _gone(self, order: Any) -> OrderStatusReport:
        now = self._node.kernel.clock.timestamp_ns()
        # What was never acknowledged was never accepted; everything else rested there and is cancelled now.
        status = OrderStatus.CANCELED if order.is_open else OrderStatus.REJECTED
        return OrderStatusReport(
            account_id=self._account_id,
            instrument_id=order.instrument_id,
            venue_order_id=order.venue_order_id or VenueOrderId(f"GONE-{order.client_order_id.value}"),
            client_order_id=order.client_order_id,
            order_side=order.side,
            order_type=order.order_type,
            time_in_force=order.time_in_force,
            order_status=status,
            price=order.price if order.has_price else None,
            trigger_price=order.trigger_price if order.has_trigger_price else None,
            trigger_type=order.trigger_type if order.has_trigger_price else TriggerType.NO_TRIGGER,
            quantity=order.quantity,
            filled_qty=order.filled_qty,
            report_id=UUID4(),
            ts_accepted=now,
            ts_last=now,
            ts_init=now,
            cancel_reason="not among the broker's open orders" if status is OrderStatus.CANCELED else None,
        )

    async def _positions(self) -> list[Any]:
        return await self._answer("positions", self._adapter.client.get_positions)

    async def _answer(self, what: str, ask: Callable[[str], Awaitable[list[Any] | None]]) -> list[Any]:
        # Nothing is asked of a session that is gone: ibapi would fail in ways of its own.
        found = await ask(self._account) if self._adapter.ready else None
        if found is None:
            raise ConnectionError(f"the gateway did not answer the question for {what}")
        return found

    async def _drain(self) -> None:
        # Events travel through a queue of the execution engine; only an empty one means that they are booked.
        deadline = self._clock.monotonic() + DRAIN_SECONDS
        engine = self._node.kernel.exec_engine
        await asyncio.sleep(0)
        while engine.evt_qsize() and self._clock.monotonic() < deadline:
            await self._clock.sleep(0.01)


class AllBooks:
    """The books of several accounts that share one session, for whoever puts that session right."""

    def __init__(self, books: Sequence[Books]) -> None:
        """Take them in the order in which they are asked about."""
        self._books = books

    async def difference(self) -> str:
        """See Books.difference; all of them."""
        return "; ".join(filter(None, [await books.difference() for books in self._books]))

    async def settle_orders(self) -> int:
        """See Books.settle_orders; the sum."""
        return sum([await books.settle_orders() for books in self._books])

    async def reconcile(self) -> bool:
        """See Books.reconcile; all of them."""
        return all([await books.reconcile() for books in self._books])

    async def agree(self) -> None:
        """See Books.agree."""
        for books in self._books:
            await books.agree()
