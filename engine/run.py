"""One run of the engine, from clearance to the last goodbye. Everything here happens on the node's loop."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import uuid
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import structlog

from engine import cache, clearance, further, logs, node, private
from engine.accounts import Router
from engine.books import AllBooks, Books
from engine.chain.loader import Chain
from engine.ending import ExitCode
from engine.errors import AccountError, InstrumentsMissing
from engine.exits.broker import Asked, Desk
from engine.exits.keeper import Keeper, KeeperConfig
from engine.gate import OrderGate
from engine.greeks.service import GreeksService, GreeksServiceConfig
from engine.guardian import Guardian
from engine.halt import Halt
from engine.instruments import UNDERLYINGS
from engine.observe import Watch
from engine.settings import (
    CLIENT,
    NO_STRATEGY,
    REFERENCE,
    Settings,
    Symbology,
    account_fits,
    feed_token_file,
    masked,
)
from engine.state import Phase
from engine.strategies import own
from engine.strategies.observe import Pulse
from engine.strategies.reference import Reference, ReferenceConfig, refuse_real_account
from engine.wire.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from nautilus_trader.adapters.interactive_brokers.client import InteractiveBrokersClient
    from nautilus_trader.adapters.interactive_brokers.providers import InteractiveBrokersInstrumentProvider
    from nautilus_trader.live.node import TradingNode
    from nautilus_trader.model.identifiers import InstrumentId
    from nautilus_trader.trading.strategy import Strategy

    from engine.board import Board

POLL_SECONDS = 0.1
ACCOUNT_RETRY_SECONDS = 1.0
CACHE_CHECK_SECONDS = 1.0
CACHE_ANSWER_SECONDS = 1.5  # with the check's second and a supervisor's look each 2 s: told within 5
WRITE_CHECK_SECONDS = 10.0
# SIGTERM must end us within 15 s, whatever some thread of the adapter still waits for.
STOP_DEADLINE_SECONDS = 12.0

log = structlog.get_logger("engine")


def run(settings: Settings, board: Board) -> int:
    """Run until SIGTERM or SIGINT, or until only a new process can help. Returns the exit code."""
    logs.configure()
    logs.keep_flushed()
    private.verify_version()
    private.keep_order_terms()
    private.leave_foreign_orders_out()
    private.load_bonds()
    private.send_children_alone()
    private.read_in_pieces()
    own_strategy = _strategy(settings)
    # Nautilus installs uvloop's policy when it is imported: this is the loop it wants.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_exception_handler(_quiet_cancellations)
    one = _Run(settings, board, loop, own_strategy)
    try:
        return loop.run_until_complete(one.main())
    finally:
        one.dispose()
        logs.flush()


class _Run:
    def __init__(
        self, settings: Settings, board: Board, loop: asyncio.AbstractEventLoop, own_strategy: Strategy | None
    ) -> None:
        self._settings = settings
        self._board = board
        self._clock = board.clock
        self._loop = loop
        self._own_strategy = own_strategy
        self._stop = asyncio.Event()
        self._code = ExitCode.STOPPED
        self._watch = Watch(board, data_only=settings.read_only_api, numbers=settings.numbers)
        self._guardian = Guardian(
            self._watch,
            node.MARKET_DATA_TYPES[settings.market_data_type],
            settings.resync_timeout_seconds,
            self._give_up,
            settings.books_check_seconds,
        )
        self._node: TradingNode | None = None
        self._clients: list[InteractiveBrokersClient] = []
        self._further: list[further.Session] = []
        # By the names of the execution clients. Accounts that share a session share its guardian.
        self._guardians = {CLIENT: self._guardian}
        self._books: dict[str, Books] = {}
        self._tasks: list[asyncio.Task[Any]] = []
        self._halt = Halt(settings, board.gate, board.clock)
        board.loop = loop
        board.control = self._guardian
        board.halter = self._halt

    async def main(self) -> int:
        """Start, wait for the signal, stop. A failure on the way is told, and also ends in a stop."""
        self._take_signals()
        watching = self._loop.create_task(self._guardian.watch(), name="watch")
        road = self._loop.create_task(self._road(), name="road")
        stop = self._loop.create_task(self._stop.wait())
        self._tasks += [road, watching]
        # What gives up has set `stop`; what ends otherwise has failed, and unwatched nothing may go on.
        ended, _ = await asyncio.wait({road, stop, watching}, return_when=asyncio.FIRST_COMPLETED)
        for task in ended - {stop}:
            if (error := task.exception()) is not None:
                self._code = ExitCode.FAILED
                log.error("the run failed", exc_info=error)
        await self._leave()
        return self._code

    def _give_up(self, code: ExitCode, why: str) -> None:
        log.error("giving up: only a new process can help", code=int(code), reason=code.name, why=why)
        self._code = code
        self._stop.set()

    def dispose(self) -> None:
        """Flush the cache and close the loop, which no longer runs."""
        if self._node is not None:
            self._node.dispose()

    async def _road(self) -> None:
        await self._redis()
        ground = await self._clearance()
        log.info("cleared", by=ground)
        self._node = made = node.create(self._settings, self._loop)
        onward = None
        if self._settings.accounts:
            venues = {CLIENT: (), **{one.name: one.venues for one in self._settings.accounts}}
            onward = Router(made.kernel, venues, lambda name: self._guardians[name].settled).execute
        self._halt.orders = OrderGate(made.kernel, self._board.gate, onward)
        self._take_signals()
        clients = node.create_clients(self._settings, made, self._loop)
        self._clients = list(clients.values())
        client = clients.pop(self._settings.link())
        self._watch.adapter = adapter = private.Adapter(client, self._loop)
        adapter.listen(self._watch.on_code)
        self._watch.wire = Wire(client, self._loop, self._clock)
        self._halt.on_wire = self._orders_waiting
        self._watch.tell(Phase.GATEWAY, "waiting for the gateway's API")
        client.start()
        await self._account(client)
        await self._sessions(clients)
        await self._start(made, client, adapter)
        await asyncio.Event().wait()

    async def _redis(self) -> None:
        if self._settings.redis_host is None:
            return
        while (trouble := await self._halt.recall()) is not None:
            self._watch.tell(Phase.CACHE, f"waiting for the cache: {trouble}")
            await self._clock.sleep(1.0)

    async def _watch_redis(self) -> None:
        while True:
            trouble = await cache.answers(self._settings, timeout=CACHE_ANSWER_SECONDS)
            if (trouble is None) != (self._watch.cache_trouble is None):
                log.warning("cache", trouble=trouble or "answers again")
            self._watch.cache_trouble = trouble
            await self._clock.sleep(CACHE_CHECK_SECONDS)

    async def _watch_write_access(self, client: InteractiveBrokersClient) -> None:
        """Find out that a read-only API takes orders again: it refuses the question for open orders while it does not.

        Nothing else would tell while entries are held.
        """
        while True:
            await self._clock.sleep(WRITE_CHECK_SECONDS)
            asked = self._watch.write_blocked and client.is_ready
            if asked and await client.get_open_orders(self._settings.ib_account) is not None:
                self._watch.write_blocked = False

    async def _clearance(self) -> clearance.Ground:
        settings = self._settings
        token = settings.machine_token.get_secret_value() if settings.machine_token else None
        here = tuple(one.account for one in settings.accounts if settings.link(one)[:2] == settings.link()[:2])
        request = clearance.Request(settings.tenant, settings.ib_account, settings.mode, uuid.uuid4().hex, here)
        self._watch.tell(Phase.CLEARANCE, "asking the supervisor for clearance")
        async with httpx.AsyncClient(trust_env=False) as http:
            return await clearance.obtain(
                lambda: clearance.ask(http, settings.supervisor_url, token, request),
                self._clock,
                lambda sentence: self._watch.tell(Phase.CLEARANCE, sentence),
                grace=settings.clearance_grace_seconds,
            )

    async def _account(self, client: InteractiveBrokersClient) -> None:
        """Wait for a session that serves our accounts. A wrong one is told and waited out: it costs nothing."""
        settings = self._settings
        wanted = (settings.ib_account, *(one.account for one in settings.sharing))
        while True:
            if client.is_ready:
                served = client.accounts()
                if served.issuperset(wanted) and account_fits(settings.mode, settings.ib_account):
                    return
                found = ", ".join(map(masked, sorted(served))) or "none"
                sentence = f"wrong account: expected {', '.join(map(masked, wanted))}, the gateway serves {found}"
                self._watch.tell(Phase.ACCOUNT, sentence)
                await self._clock.sleep(ACCOUNT_RETRY_SECONDS)
            else:
                attempt = self._watch.adapter.attempts if self._watch.adapter else 0
                self._watch.phase = Phase.GATEWAY
                self._watch.detail = f"waiting for the gateway's API; the adapter is at attempt {attempt}"
                await self._clock.sleep(POLL_SECONDS)

    async def _sessions(self, clients: dict[tuple[str, int, int], InteractiveBrokersClient]) -> None:
        """Wait for the sessions of the accounts that do not share the first one's."""
        settings = self._settings
        for link, client in clients.items():
            accounts = [one for one in settings.accounts if settings.link(one) == link]
            market_data_type = node.MARKET_DATA_TYPES[settings.market_data_type]
            session = further.Session(settings, accounts, client, self._loop, market_data_type)
            self._further.append(session)
            self._spawn(session.keep())
            client.start()
            await session.served(self._clock, lambda sentence: self._watch.tell(Phase.ACCOUNT, sentence))
        served = [(one, self._watch) for one in settings.sharing]
        served += [(one, session.watch) for session in self._further for one in session.accounts]
        self._watch.accounts = lambda: tuple(further.row(one, watch) for one, watch in served)
        self._guardians |= {one.name: self._guardian for one in settings.sharing}
        self._guardians |= {one.name: session.guardian for session in self._further for one in session.accounts}

    async def _start(self, made: TradingNode, client: InteractiveBrokersClient, adapter: private.Adapter) -> None:
        settings, watch = self._settings, self._watch
        watch.tell(Phase.STARTING)
        made.build()
        node.add_accounts(settings, made, self._loop)
        provider = node.provider(settings, client, made)
        await self._load(provider)
        claims = [] if settings.read_only_api else await self._open_books(made, adapter, provider)
        raw = settings.symbology_method is Symbology.RAW
        underlying = replace(UNDERLYINGS[settings.underlying], raw=raw)
        watch.chain = chain = Chain(
            underlying,
            settings.chain_strikes,
            made.cache,
            provider,
            adapter,
            self._clock,
            forget=lambda gone: cache.forget_instruments(settings, gone),
        )
        if settings.read_only_api:
            log.warning("data only: the gateway is read-only (READ_ONLY_API=yes), so there is no execution client")
        made.trader.add_actor(Pulse(underlying))
        greeks = GreeksService(
            GreeksServiceConfig(
                stale_after_seconds=settings.greeks_stale_seconds,
                rate=settings.greeks_rate,
                strikes=settings.greeks_strikes,
                feed=feed_token_file() is not None,
            )
        )
        made.trader.add_actor(greeks)
        if self._own_strategy is not None:
            made.trader.add_strategy(self._own_strategy)
        elif settings.chosen_strategy == REFERENCE and not settings.read_only_api:
            reference = Reference(
                ReferenceConfig(pause_seconds=settings.trade_pause_seconds),
                account=settings.ib_account,
                chain=chain,
                clock=self._clock,
                may_enter=self._board.gate.open,
                settled=lambda: self._guardian.settled,
            )
            made.trader.add_strategy(reference)
        if not settings.read_only_api:
            self._keep_exits(made, claims)
        for topic in ("data.quotes.*", "data.index_prices.*", "data.trades.*", "data.bars.*"):
            made.kernel.msgbus.subscribe(topic, watch.on_data)
        made.kernel.msgbus.subscribe("events.order.*", watch.on_order)
        watch.node, watch.underlying, watch.greeks = made, underlying.instrument_id, greeks
        # The same as `node.run_async()` up to where that waits for its queues; the return of this call is the only
        # sign that a start has failed, for the node says RUNNING either way.
        try:
            await made.kernel.start_async()
        except Exception:  # what a strategy raises in its `on_start` comes out here
            log.exception("the node's start failed")
        if not made.trader.is_running:
            watch.failed_start = _what_failed(made)
        watch.tell(Phase.STARTED)
        for session in self._further:
            session.started(made)
        if settings.redis_host is not None:
            self._spawn(self._watch_redis())
        self._spawn(self._watch_write_access(client))
        if made.trader.is_running:
            self._spawn(chain.keep())

    async def _load(self, provider: InteractiveBrokersInstrumentProvider) -> None:
        """Load what the settings name. Left to the node's clients, one unknown name would make a zombie of it all."""
        begun = self._clock.monotonic()
        try:
            await provider.initialize()
        except RuntimeError as error:
            found = str(error).removeprefix("Unable to resolve configured Interactive Brokers instruments: ")
            raise InstrumentsMissing(
                "each of LOAD_IDS and LOAD_CONTRACTS to name exactly one contract of the gateway's",
                f"none or several for {found}",
                "correct it; its error is in the log above",
            ) from None
        log.info("instruments", loaded=provider.count, seconds=round(self._clock.monotonic() - begun, 3))

    async def _open_books(
        self, made: TradingNode, adapter: private.Adapter, provider: InteractiveBrokersInstrumentProvider
    ) -> list[InstrumentId]:
        """Make the guardians keep our books by the broker's. Returns what the accounts hold."""
        settings = self._settings
        adapters = {one.name: session.adapter for session in self._further for one in session.accounts}
        for name, account in settings.numbers.items():
            self._books[name] = self._account_books(made, adapters.get(name, adapter), name, account)
        for guardian in set(self._guardians.values()):
            guardian.books = AllBooks([self._books[name] for name, its in self._guardians.items() if its is guardian])
        held = [name for books in self._books.values() for name in await books.held_instruments(provider)]
        twice = [name for name, times in Counter(held).items() if times > 1]
        if twice:
            raise AccountError(
                "each instrument in one account only, since NautilusTrader books a position by instrument and strategy",
                f"{', '.join(map(str, twice))} in several of {CLIENT}, {', '.join(o.name for o in settings.accounts)}",
                "run one of the accounts in a stack of its own",
            )
        self._books[CLIENT].ignore_invented_orders()
        return held

    def _account_books(self, made: TradingNode, adapter: private.Adapter, name: str, account: str) -> Books:
        others = frozenset({CLIENT, *(one.name for one in self._settings.accounts)} - {name})
        timeout = self._settings.reconciliation_timeout
        return Books(made, adapter, account, self._clock, timeout, name, others)

    def _keep_exits(self, made: TradingNode, held: list[InstrumentId]) -> None:
        """Add the Keeper beside whatever trades. What was held before the start and nobody claims is booked to it."""
        assert self._halt.orders is not None
        own = self._own_strategy.config.external_order_claims if self._own_strategy is not None else None
        config = KeeperConfig(external_order_claims=[name for name in held if name not in (own or [])])
        keeper = Keeper(config, *(self._desk(name, guardian) for name, guardian in self._guardians.items()))
        made.trader.add_strategy(keeper)
        self._halt.orders.trust(keeper.id)
        self._board.flattener = self._watch.keeper = keeper

    def _desk(self, name: str, guardian: Guardian) -> Desk:
        broker = Asked(self._books[name], self._clock, self._spawn, guardian.resync)
        return Desk(name, broker, lambda: guardian.settled)

    def _orders_waiting(self) -> int:
        watches = (self._watch, *(session.watch for session in self._further))
        return sum(watch.wire.orders_waiting() for watch in watches if watch.wire is not None)

    async def _leave(self) -> None:
        # Before any strategy is told to stop: what it does then must not touch what protects a position.
        self._board.gate.stopping = True
        self._watch.tell(Phase.STOPPING)
        _last_resort(self._code)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._node is not None:
            # Also for a node that never came up: this is what disconnects clients and stops engines.
            await self._node.stop_async()
        for client in self._clients:
            if client.is_running:
                client.stop()
        if self._clients:
            # Stopping is a task of the client's that closes the socket; nobody offers to wait for it.
            await self._clock.sleep(POLL_SECONDS)

    def _take_signals(self) -> None:
        # Nautilus' own handlers stop the node and leave the process behind; the node is ours to stop.
        for sign in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(sign, self._stop.set)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = self._loop.create_task(work)
        self._tasks = [kept for kept in self._tasks if not kept.done()]
        self._tasks.append(task)


def _strategy(settings: Settings) -> Strategy | None:
    """Create the user's strategy before anything else is begun: what is wrong with it ends the start with code 2."""
    own.search(settings.strategy_path)
    if settings.filter_callable is not None:
        own.check_filter(settings.filter_callable)
    if settings.chosen_strategy == REFERENCE:
        refuse_real_account(settings.ib_account)
    if settings.chosen_strategy in (REFERENCE, NO_STRATEGY):
        return None
    return own.load(settings.chosen_strategy, settings.strategy_config)


def _what_failed(made: TradingNode) -> ExitCode:
    """Find how far the kernel's start came: it returns in silence wherever it stops."""
    kernel = made.kernel
    if not kernel.data_engine.check_connected():
        return ExitCode.DATA_NEVER_CONNECTED
    if not kernel.exec_engine.check_connected():
        return ExitCode.EXECUTION_NEVER_CONNECTED
    # The emulator is started right after reconciliation.
    return ExitCode.TRADER_NEVER_RAN if kernel.emulator.is_running else ExitCode.NEVER_RECONCILED


def _last_resort(code: ExitCode) -> None:
    timer = threading.Timer(STOP_DEADLINE_SECONDS, os._exit, args=(int(code),))
    timer.daemon = True
    timer.start()


def _quiet_cancellations(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # The adapter asks every finished task for its exception, also cancelled ones, and raises in its own callback.
    if not isinstance(context.get("exception"), asyncio.CancelledError):
        loop.default_exception_handler(context)
