"""Looking at the node from its own loop. Thin: it reads, counts and pins; what it means is decided in `state`."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog
from nautilus_trader.model.enums import OrderSide, OrderStatus
from nautilus_trader.model.events import OrderAccepted, OrderRejected

from engine.board import Board, Snapshot, iso
from engine.exits.view import ExitsSeen
from engine.hours import is_open
from engine.orders import oca_of
from engine.settings import CLIENT
from engine.state import Observation, Phase, State, decide
from engine.wire.counts import Counts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nautilus_trader.live.node import TradingNode
    from nautilus_trader.model.identifiers import InstrumentId

    from engine.chain.loader import Chain
    from engine.chain.view import ChainView
    from engine.ending import ExitCode
    from engine.exits.keeper import Keeper
    from engine.greeks.service import GreeksService
    from engine.private import Adapter
    from engine.wire.wire import Wire

CODE_DATA_LOST = 1101
CODE_FARM_BROKEN = 2103
CODE_FARM_OK = 2104
CODE_COMPETED = 10197
# So many messages unhandled while nothing comes out at the other end: whoever handles them is stuck.
QUEUE_BEHIND = 100
# So many are a backlog even if it moves.
QUEUE_LONG = 1000
# Looks over which the greatest lag of the loop is told.
LAGS_KEPT = 150
# Books change at human speed; walking the cache at every look would be a waste.
BOOKS_EVERY = 5
# Long enough for whoever asks every few seconds to hear of each.
REFUSALS_KEPT_NS = 60 * 10**9
# IBKR has one code (321) for everything that its API's validation refuses; only the words tell this case apart.
READ_ONLY = "read-only mode"

log = structlog.get_logger("watch")


# Nautilus' message bus knows a subscription by its handler's text: were that to change with what is remembered here,
# each new topic would subscribe us once more, and a tick be counted as often as there are instruments.
@dataclass(slots=True, eq=False, repr=False)
class Watch:
    """What the loop remembers between two looks. Lives on the node's loop."""

    board: Board
    phase: Phase = Phase.LOADING
    detail: str = ""
    node: TradingNode | None = None
    adapter: Adapter | None = None
    wire: Wire | None = None
    underlying: Any = None
    data_only: bool = False
    # The account behind each execution client, and what there is to say of those beside the first.
    numbers: Mapping[str, str] = field(default_factory=dict)
    accounts: Callable[[], tuple[dict[str, Any], ...]] = tuple
    chain: Chain | None = None

    generation: int = 0
    connected_at: float | None = None
    data_at: float | None = None
    data_lost: bool = False
    farm_broken: bool = False
    competed: bool = False
    # Some line of ours was ended by a 10197 since we asked for all of them the last time.
    lines_ended: bool = False
    settling: bool = False
    reconciled_generation: int = 0
    reconciled_at: datetime | None = None
    ticks: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    resyncs: Counter[str] = field(default_factory=Counter)
    last_resync_seconds: float | None = None
    was_ready: bool = False
    connection: object = None
    looks: int = 0
    positions: tuple[dict[str, Any], ...] = ()
    orders: tuple[dict[str, Any], ...] = ()
    refused: tuple[dict[str, Any], ...] = ()
    queue_behind_since: float | None = None
    ticks_before: int = 0
    lags: deque[float] = field(default_factory=lambda: deque(maxlen=LAGS_KEPT))
    queues: tuple[tuple[str, int], ...] = ()
    failed_start: ExitCode | None = None
    cache_trouble: str | None = None
    write_blocked: bool = False
    greeks: GreeksService | None = None
    keeper: Keeper | None = None

    def tell(self, phase: Phase, detail: str = "") -> None:
        """Say how far the run has come."""
        self.phase = phase
        self.detail = detail
        self.look()

    def on_data(self, _data: object) -> None:
        """Note that market data passed the message bus."""
        self.data_at = self.board.clock.monotonic()
        self.ticks += 1
        self.competed = False

    def on_code(self, _request_id: int, code: int) -> None:
        """Note an error or notice of the gateway."""
        self.codes[code] += 1
        if code == CODE_DATA_LOST:
            self.data_lost = True
        elif code in (CODE_FARM_BROKEN, CODE_FARM_OK):
            self.farm_broken = code == CODE_FARM_BROKEN
        elif code == CODE_COMPETED:
            self.competed = self.lines_ended = True

    def on_order(self, event: object) -> None:
        """Note whether orders are refused as a whole: by the Read-Only API setting, or a dialog nobody answered."""
        if isinstance(event, OrderRejected):
            self.write_blocked = self.write_blocked or READ_ONLY in str(event.reason).lower()
        elif isinstance(event, OrderAccepted):
            self.write_blocked = False

    def look(self) -> None:
        """Take one look and pin it. A session that was not there at the last look begins a new generation.

        Gone and back between two looks, it is known by its connection, which is another object.
        """
        ready = self.adapter is not None and self.adapter.ready
        connection = self.adapter.connection if self.adapter is not None else None
        if ready and (not self.was_ready or connection is not self.connection):
            self.generation += 1
            self.connection = connection
            self.connected_at = self.board.clock.monotonic()
            self.data_lost = self.farm_broken = self.write_blocked = False
            self.competed = self.lines_ended = False
        self.was_ready = ready
        self._look_for_fills()
        if self.looks % BOOKS_EVERY == 0 and self.node is not None:
            now_ns = self.node.kernel.clock.timestamp_ns()
            self.positions, self.orders, self.refused = _books(self.node.cache, now_ns, self.numbers)
            self.queues = _queues(self.node)
        self.looks += 1
        chain = self.chain.view() if self.chain is not None else None
        seen = self._observe(ready, chain)
        trading = decide(seen, seen.at, self.board.limits).state is State.TRADING
        held_back = seen.wandered or self.data_only or bool(seen.chain_missing)
        self.board.gate.trading = trading and not held_back
        self.board.gate.settled = ready and self.settled
        self.board.pin(
            Snapshot(
                seen=seen,
                taken_at=self.board.clock.now(),
                reconciled_at=self.reconciled_at,
                positions=self.positions,
                orders=self.orders,
                refused=self.refused,
                accounts=self.accounts(),
                codes=tuple(sorted(self.codes.items())),
                resyncs=tuple(sorted(self.resyncs.items())),
                last_resync_seconds=self.last_resync_seconds,
                queues=self.queues,
                loop_lag=max(self.lags, default=0.0),
                ticks=self.ticks,
                wire=self.wire.counts() if self.wire is not None else Counts(),
                cache_trouble=self.cache_trouble,
                write_blocked=self.write_blocked,
                chain=chain,
                greeks=self.greeks.seen() if self.greeks is not None else None,
                exits=self.keeper.seen() if self.keeper is not None else ExitsSeen(),
                regular_hours=self._is_open("liquidHours"),
            )
        )

    def _look_for_fills(self) -> None:
        if self.wire is None or self.node is None or self.phase is not Phase.STARTED:
            return
        if missing := self.wire.unbooked(self.node.cache):
            log.error("executions were not booked; asking the broker for all of them", executions=missing)
            self.reconciled_generation = 0

    @property
    def settled(self) -> bool:
        """Whether our books were reconciled with the broker on the present session."""
        return 0 < self.reconciled_generation == self.generation

    def behind(self) -> float:
        """How old what the gateway says is when it is handled, in seconds."""
        return self.wire.behind() if self.wire is not None else 0.0

    def session_open(self) -> bool:
        """Whether the exchange of the underlying is open."""
        return self._is_open("tradingHours")

    def _is_open(self, which: str) -> bool:
        # Unknown counts as open: better a needless alarm.
        instrument = self.node.cache.instrument(self.underlying) if self.node and self.underlying else None
        info = (instrument.info or {}) if instrument is not None else {}
        hours, zone = info.get(which), info.get("timeZoneId") or "UTC"
        return is_open(hours, zone, self.board.clock.now()) is not False if hours else True

    def _observe(self, ready: bool, chain: ChainView | None) -> Observation:
        is_open = self.session_open()
        seen = Observation(
            at=self.board.clock.monotonic(),
            phase=self.phase,
            detail=self.detail,
            data_only=self.data_only,
            session_open=is_open,
            chain_missing=chain.missing if chain is not None and is_open else "",
            connected_at=self.connected_at,
            data_at=self.data_at,
            data_lost=self.data_lost,
            farm_broken=self.farm_broken,
            competed=self.competed,
            impaired=self._ills(),
            settling=self.settling,
            reconciled=self.settled,
            generation=self.generation,
            behind=self.behind(),
        )
        if (node := self.node) is not None:
            seen = replace(
                seen,
                node_running=node.is_running(),
                trader_running=node.trader.is_running,
                queues_alive=_queues_alive(node),
                clients_connected=self.phase is Phase.STARTING and _connected(node),
            )
        if (adapter := self.adapter) is not None:
            self._measure(adapter.queue)
            seen = replace(
                seen,
                ready=ready,
                attempts=adapter.attempts,
                client_id=adapter.client_id,
                wandered=adapter.wandered,
                reader_alive=adapter.reader_alive,
                queue=adapter.queue,
                queue_behind_since=self.queue_behind_since,
                subscriptions=len(adapter.market_subscriptions()),
            )
        return seen

    def _measure(self, queue: int) -> None:
        if queue < QUEUE_BEHIND or self.ticks != self.ticks_before:
            self.queue_behind_since = None
        elif self.queue_behind_since is None:
            self.queue_behind_since = self.board.clock.monotonic()
        self.ticks_before = self.ticks

    def _ills(self) -> tuple[str, ...]:
        """Name what is wrong with an engine that trades."""
        gate, queue = self.board.gate, self.adapter.queue if self.adapter is not None else 0
        found = {
            gate.closed_because(): gate.halted or gate.held,
            "the cache does not answer": self.cache_trouble is not None,
            "orders are refused: the gateway's API is read-only": self.write_blocked,
            "the market data farm is broken (2103)": self.farm_broken,
            "another session of the login has the market data (10197)": self.competed,
            f"{queue} messages of the gateway wait to be handled": queue >= QUEUE_LONG,
        }
        return tuple(ill for ill, true in found.items() if ill is not None and true)


def net_positions(cache: Any) -> dict[Any, float]:
    """Return the signed quantity of each instrument over all strategies, without what nets to zero.

    IBKR knows one position an instrument; Nautilus may book parts of it to several strategies.
    """
    net: dict[Any, float] = {}
    for position in cache.positions_open():
        net[position.instrument_id] = net.get(position.instrument_id, 0.0) + float(position.signed_qty)
    return {instrument_id: quantity for instrument_id, quantity in net.items() if quantity}


def working_orders(cache: Any) -> list[Any]:
    """Return every order that is on its way to the broker or rests there."""
    found = [*cache.orders_open(), *cache.orders_inflight()]
    return list({order.client_order_id: order for order in found}.values())


def unfinished_orders(cache: Any) -> list[Any]:
    """Return every order that has not ended, also those that were created and not yet sent."""
    return [order for order in cache.orders() if not order.is_closed]


def client_of(cache: Any, order: Any, usual: str = CLIENT) -> str:
    """Return the name of the execution client that an order belongs to: `usual` for one that was not sent yet.

    What was read back from a broker knows its account by its events alone.
    """
    told = (event.account_id for event in reversed(order.events))
    account_id = order.account_id or next(filter(None, told), None)
    if account_id is not None:
        return str(account_id.get_issuer())
    client_id = cache.client_id(order.client_order_id)
    return str(client_id) if client_id is not None else usual


def held_in(cache: Any, instrument_id: InstrumentId, usual: str = CLIENT) -> str | None:
    """Return the execution client whose account holds or works this instrument, or None."""
    for position in cache.positions_open(instrument_id=instrument_id):
        return str(position.account_id.get_issuer())
    orders = (order for order in unfinished_orders(cache) if order.instrument_id == instrument_id)
    return next((client_of(cache, order, usual) for order in orders), None)


def closes(order: Any, instrument_id: Any, quantity: float) -> bool:
    """Whether this order would make a position of this quantity smaller."""
    against = OrderSide.SELL if quantity > 0 else OrderSide.BUY
    return bool(order.instrument_id == instrument_id and order.side == against)


def con_id(cache: Any, instrument_id: Any) -> int | None:
    """Return IBKR's contract id of a loaded instrument."""
    instrument = cache.instrument(instrument_id)
    contract = (instrument.info or {}).get("contract") or {} if instrument is not None else {}
    return int(contract["conId"]) if contract.get("conId") else None


def oca_group(order: Any) -> str | None:
    """Return the OCA group that the order's tags name."""
    group = oca_of(order)
    return group.group if group is not None else None


def _books(cache: Any, now_ns: int, numbers: Mapping[str, str]) -> tuple[tuple[dict[str, Any], ...], ...]:
    """Write positions, working orders, and the orders that were refused a moment ago, each with its account."""

    def account(client: str | None) -> dict[str, str | None]:
        return {"account": numbers.get(client or CLIENT)}

    orders = working_orders(cache)
    positions = tuple(
        {
            "instrument_id": str(instrument_id),
            "con_id": con_id(cache, instrument_id),
            **account(held_in(cache, instrument_id)),
            "quantity": quantity,
            "exits": [_exit(order) for order in orders if closes(order, instrument_id, quantity)],
        }
        for instrument_id, quantity in sorted(net_positions(cache).items(), key=lambda item: str(item[0]))
    )
    lately = [order for order in cache.orders_closed() if _refused_lately(order, now_ns)]
    refused = tuple(_refusal(cache, order) | account(client_of(cache, order)) for order in lately)
    return positions, tuple(_order(order) | account(client_of(cache, order)) for order in orders), refused


def _refused_lately(order: Any, now_ns: int) -> bool:
    return order.status in (OrderStatus.REJECTED, OrderStatus.DENIED) and now_ns - order.ts_last < REFUSALS_KEPT_NS


def _refusal(cache: Any, order: Any) -> dict[str, Any]:
    return {
        "client_order_id": order.client_order_id.value,
        "instrument_id": str(order.instrument_id),
        "con_id": con_id(cache, order.instrument_id),
        "side": order.side_string(),
        "order_type": order.type_string(),
        "status": order.status_string(),
        "reason": str(getattr(order.last_event, "reason", "")),
        "at": _iso(order.ts_last),
    }


def _exit(order: Any) -> dict[str, Any]:
    price = order.trigger_price if order.has_trigger_price else order.price if order.has_price else None
    return {
        "client_order_id": order.client_order_id.value,
        "order_type": order.type_string(),
        "price": float(price) if price is not None else None,
        "status": order.status_string(),
    }


def _order(order: Any) -> dict[str, Any]:
    return {
        "client_order_id": order.client_order_id.value,
        "venue_order_id": order.venue_order_id.value if order.venue_order_id is not None else None,
        "instrument_id": str(order.instrument_id),
        "side": order.side_string(),
        "order_type": order.type_string(),
        "quantity": float(order.quantity),
        "filled": float(order.filled_qty),
        "status": order.status_string(),
        "oca_group": oca_group(order),
        "submitted_at": _iso(order.ts_submitted) if order.ts_submitted else None,
    }


def _iso(ns: int) -> str | None:
    return iso(datetime.fromtimestamp(ns / 1e9, UTC))


def _connected(node: TradingNode) -> bool:
    # Only while it starts: the answers stay true for good after the first session.
    kernel = node.kernel
    return bool(kernel.data_engine.check_connected() and kernel.exec_engine.check_connected())


def _queues(node: TradingNode) -> tuple[tuple[str, int], ...]:
    kernel = node.kernel
    return (
        ("data_commands", kernel.data_engine.cmd_qsize()),
        ("data_requests", kernel.data_engine.req_qsize()),
        ("data_responses", kernel.data_engine.res_qsize()),
        ("data", kernel.data_engine.data_qsize()),
        ("risk_commands", kernel.risk_engine.cmd_qsize()),
        ("execution_commands", kernel.exec_engine.cmd_qsize()),
        ("execution_events", kernel.exec_engine.evt_qsize()),
    )


def _queues_alive(node: TradingNode) -> bool:
    kernel = node.kernel
    tasks = (
        kernel.data_engine.get_cmd_queue_task(),
        kernel.data_engine.get_data_queue_task(),
        kernel.risk_engine.get_cmd_queue_task(),
        kernel.exec_engine.get_cmd_queue_task(),
        kernel.exec_engine.get_evt_queue_task(),
    )
    return all(task is not None and not task.done() for task in tasks)
