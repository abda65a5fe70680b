"""One API session with a gateway, on asyncio.

For watchers: it asks, it hears notices the moment they are sent, and it never orders. A request is awaited with a
timeout of its own, and its failing leaves the session open, since "this request got no answer" and "the session is
gone" are different findings.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, Self

from ibapi.execution import ExecutionFilter

from tws.clock import Clock, SystemClock
from tws.codec import Codec
from tws.config import CONFIG_SINCE, config_request
from tws.contracts import by_id
from tws.errors import (
    GatewayClosed,
    GatewaySilent,
    ProtocolError,
    RequestRefused,
    RequestUnanswered,
    SessionClosed,
    TwsError,
    Unsupported,
)
from tws.frames import FrameReader
from tws.handshake import HELLO, Greeting, dialling, parse_greeting
from tws.listener import OPEN_ORDERS, POSITIONS, Line, Listener, Request, says_read_only
from tws.times import session_end
from tws.values import (
    AccountValue,
    Bar,
    Chain,
    Config,
    Definition,
    Execution,
    Look,
    Notice,
    OpenOrder,
    Position,
    Profit,
    Quote,
)

CURRENT_TIME_SPACING = 1.1
"""Seconds between two reqCurrentTime of one session: a gateway ignores one asked within 1 s of the last (seen on
10.45 by the authors of ib-gateway-mcp), perhaps counted over all its clients."""

_MILLIS_SINCE = 197
_FAREWELL = 1.0
"""Seconds that leaving a session waits for the peer to take the last bytes."""


class Session(asyncio.Protocol):
    """An open session. Make one with `Session.open`; leave it with `close` or `async with`.

    Attributes:
        greeting: the handshake's answer.
        client_id: the id this session holds.
        last_inbound: loop time (monotonic seconds) at which bytes last arrived.
        closed: done when the session is over, whoever ended it.
    """

    greeting: Greeting

    def __init__(self, client_id: int, on_notice: Callable[[Notice], None] | None, clock: Clock) -> None:
        loop = asyncio.get_running_loop()
        self.client_id = client_id
        self.last_inbound = loop.time()
        self.closed: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        self._clock = clock
        self._listener = Listener(client_id, on_notice, clock)
        self._frames = FrameReader()
        self._greeted = Request("handshake")
        self._codec: Codec | None = None
        self._transport: asyncio.Transport | None = None
        self._last_id = 0
        self._time_asked = float("-inf")
        self._time_lock = asyncio.Lock()
        self._orders_lock = asyncio.Lock()  # two questions, told apart by nothing in their answers

    @property
    def accounts(self) -> tuple[str, ...]:
        """What managedAccounts named."""
        return self._listener.accounts

    @property
    def next_order_id(self) -> int | None:
        """The first order id that the gateway has given this client."""
        return self._listener.next_order_id

    @property
    def is_open(self) -> bool:
        """Whether the connection stands, as far as this end knows."""
        return self._transport is not None and not self._transport.is_closing() and not self.closed.done()

    # -- opening and closing ------------------------------------------------------------------------------------

    @classmethod
    async def open(
        cls,
        host: str,
        port: int,
        client_id: int,
        *,
        timeout: float,
        on_notice: Callable[[Notice], None] | None = None,
        clock: Clock | None = None,
    ) -> Self:
        """Connect, shake hands, startApi, and wait until the gateway has named accounts and next order id.

        Args:
            host: name or address.
            port: TCP port.
            client_id: unique among the gateway's sessions.
            timeout: seconds for all of it.
            on_notice: called, on the loop, for each message that belongs to no request.
            clock: where the session takes its waits from.

        Raises:
            NameUnresolved, GatewayRefused, GatewayClosed, GatewaySilent, ProtocolError: as for the handshake.
            ClientIdInUse: another session holds `client_id`.
        """
        loop = asyncio.get_running_loop()
        started = loop.time()
        session = cls(client_id, on_notice, clock or SystemClock())
        try:
            async with asyncio.timeout(timeout):
                with dialling(host, port):
                    transport, _ = await loop.create_connection(lambda: session, host, port)
                transport.write(HELLO)
                await session._greeted.done
                session.greeting = parse_greeting(session._greeted.rows[0], loop.time() - started)
                session._codec = Codec(session._listener, transport, session.greeting, client_id)
                session._codec.startApi()
                await session._listener.started.done
        except TimeoutError as error:
            session.abort()
            step = "startApi's answer" if session._codec else "a handshake"
            raise GatewaySilent(f"expected {step} from {host}:{port} within {timeout:g} s, found silence") from error
        except BaseException:
            session.abort()
            raise
        return session

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
        try:
            async with asyncio.timeout(_FAREWELL):
                await asyncio.shield(self.closed)
        except TimeoutError:
            self.abort()

    def close(self) -> None:
        """Hang up politely; `closed` follows."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Hang up at once, without waiting for a peer that may be frozen."""
        if self._transport is not None:
            self._transport.abort()

    # -- asyncio.Protocol ---------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.last_inbound = self._loop.time()
        try:
            for payload in self._frames.feed(data):
                if self._codec is not None:
                    self._codec.deliver(payload)
                else:
                    self._greeted.rows.append(payload)
                    self._greeted.finish()
        except ProtocolError as error:
            self._listener.refusal = error
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        error: TwsError | None = self._listener.refusal
        if error is None:
            opening = not self._listener.started.done.done()
            reason = f": {exc}" if exc else " by the gateway"
            error = (GatewayClosed if opening else SessionClosed)(f"expected an open session, found it closed{reason}")
        self._greeted.fail(error)
        self._listener.fail_all(error)
        self.closed.set_result(None)

    # -- requests -----------------------------------------------------------------------------------------------

    async def current_time(self, *, timeout: float) -> int:
        """The gateway's clock in epoch seconds. Waits until `CURRENT_TIME_SPACING` has passed since the last.

        Raises:
            RequestUnanswered, SessionClosed.
        """
        async with self._time_lock:
            wait = self._time_asked + CURRENT_TIME_SPACING - self._clock.monotonic()
            if wait > 0:
                await self._clock.sleep(wait)
            self._time_asked = self._clock.monotonic()
            rows = await self._ask("currentTime", lambda codec: codec.reqCurrentTime(), timeout)
        return int(rows[0])

    async def current_time_millis(self, *, timeout: float) -> int:
        """The gateway's clock in epoch milliseconds.

        Raises:
            Unsupported: the server version is below 197.
            RequestUnanswered, SessionClosed.
        """
        self._need(_MILLIS_SINCE, "reqCurrentTimeInMillis")
        rows = await self._ask("currentTimeMillis", lambda codec: codec.reqCurrentTimeInMillis(), timeout)
        return int(rows[0])

    async def positions(self, *, timeout: float) -> list[Position]:
        """All positions of all accounts of this login. Raises: RequestUnanswered, SessionClosed."""
        rows = await self._ask(POSITIONS, lambda codec: codec.reqPositions(), timeout)
        if self._codec is not None and self.is_open:
            self._codec.cancelPositions()
        return [row for row in rows if row.quantity]

    async def follow_positions(self, on_change: Callable[[Position], None], *, timeout: float) -> list[Position]:
        """All positions of all accounts; `on_change` is called on the loop for each, and again whenever one changes.

        One that is gone is told with quantity 0. Asked again, a gateway sends all of them anew.

        Raises:
            RequestUnanswered, SessionClosed.
        """
        self._listener.on_position = on_change
        return await self._ask(POSITIONS, lambda codec: codec.reqPositions(), timeout)

    def follow_profit(self, account: str, on_change: Callable[[Profit], None]) -> int:
        """Be told an account's profit, about once a second; returns the request id.

        A gateway that is asked for an account it does not serve says so in a notice (321), and nothing follows.

        Raises:
            SessionClosed.
        """
        codec = self._require()
        number = self._new_id()
        self._listener.on_profit[number] = on_change
        codec.reqPnL(number, account, "")
        return number

    def leave_profit(self, number: int) -> None:
        """Be told of it no more."""
        if self._listener.on_profit.pop(number, None) is not None and self._codec is not None and self.is_open:
            self._codec.cancelPnL(number)

    async def last_trade(self, con_id: int, *, timeout: float) -> datetime | None:
        """When the last session of a contract that expires ends; None if it never does, or not in the days told.

        Raises:
            RequestRefused, RequestUnanswered, SessionClosed.
        """
        rows = await self.definitions(by_id(con_id), timeout=timeout)
        if not rows:
            return None
        return session_end(rows[0].last_trade_date, rows[0].trading_hours, rows[0].time_zone)

    async def definitions(self, of: Any, *, timeout: float) -> list[Definition]:
        """Every contract that fits.

        Raises:
            RequestRefused: none fits.
            RequestUnanswered, SessionClosed.
        """
        number = self._new_id()
        return await self._ask(
            number, lambda codec: codec.reqContractDetails(number, of), timeout, name="contractDetails"
        )

    async def chains(self, underlying: Definition, *, timeout: float) -> list[Chain]:
        """The options on an instrument, by exchange and trading class.

        Raises:
            RequestRefused, RequestUnanswered, SessionClosed.
        """
        number = self._new_id()
        return await self._ask(
            number,
            lambda codec: codec.reqSecDefOptParams(
                number, underlying.symbol, "", underlying.sec_type, underlying.con_id
            ),
            timeout,
            name="secDefOptParams",
        )

    async def account_values(self, account: str, *, timeout: float) -> list[AccountValue]:
        """All values of an account, once.

        Not by a summary: of those a gateway serves two at a time, and an engine holds one.

        Raises:
            RequestRefused, RequestUnanswered, SessionClosed.
        """
        number = self._new_id()
        try:
            return await self._ask(
                number,
                lambda codec: codec.reqAccountUpdatesMulti(number, account, "", False),
                timeout,
                name="accountUpdatesMulti",
            )
        finally:
            if self._codec is not None and self.is_open:
                self._codec.cancelAccountUpdatesMulti(number)

    async def executions(self, *, timeout: float) -> list[Execution]:
        """Today's fills of all clients and accounts; the day begins at midnight of the gateway's zone.

        Raises:
            RequestRefused, RequestUnanswered, SessionClosed.
        """
        number = self._new_id()
        return await self._ask(
            number, lambda codec: codec.reqExecutions(number, ExecutionFilter()), timeout, name="executions"
        )

    async def open_orders(self, *, timeout: float) -> list[OpenOrder]:
        """Working orders of all clients.

        Raises:
            RequestRefused: the API may only read.
            RequestUnanswered, SessionClosed.
        """
        async with self._orders_lock:
            rows = await self._ask(OPEN_ORDERS, lambda codec: codec.reqAllOpenOrders(), timeout)
        return list({row.perm_id: row for row in rows}.values())

    async def is_read_only(self, *, timeout: float) -> bool:
        """Whether the API may only read, found out by asking for this client's own orders: it refuses even that.

        Raises:
            RequestRefused: refused for another reason.
            RequestUnanswered, SessionClosed.
        """
        try:
            async with self._orders_lock:
                await self._ask(OPEN_ORDERS, lambda codec: codec.reqOpenOrders(), timeout)
        except RequestRefused as refusal:
            if says_read_only(refusal.code, refusal.text):
                return True
            raise
        return False

    async def config(self, *, timeout: float) -> Config:
        """The gateway's own settings.

        Raises:
            Unsupported: the server version is below 219.
            RequestRefused, RequestUnanswered, SessionClosed.
        """
        self._need(CONFIG_SINCE, "reqConfig")
        number = self._new_id()
        rows = await self._ask(
            number, lambda codec: codec.reqConfigProtoBuf(config_request(number)), timeout, name="config"
        )
        config: Config = rows[0]
        return config

    async def bars(
        self,
        of: Any,
        *,
        duration: str,
        bar_size: str,
        what: str = "TRADES",
        regular_hours: bool = False,
        timeout: float,
    ) -> list[Bar]:
        """Historical bars of a contract up to now, times in the gateway's own form (formatDate 1).

        Raises:
            RequestRefused, RequestUnanswered, SessionClosed.
        """
        number = self._new_id()
        try:
            return await self._ask(
                number,
                lambda codec: codec.reqHistoricalData(
                    number, of, "", duration, bar_size, what, int(regular_hours), 1, False, []
                ),
                timeout,
                name="historicalData",
            )
        except RequestUnanswered:
            if self._codec is not None and self.is_open:
                self._codec.cancelHistoricalData(number)
            raise

    async def quote(self, of: Any, *, timeout: float) -> Quote:
        """The first two-sided quote of a contract; takes a market data line only as long as that needs.

        Raises:
            RequestRefused, RequestUnanswered, SessionClosed.
        """
        look = await self.watch(of, lambda quote: quote.two_sided, timeout=timeout)
        if look.refusal is not None:
            raise look.refusal
        if not look.quote.two_sided:
            raise RequestUnanswered(f"expected a quote within {timeout:g} s, found {look.quote}")
        return look.quote

    async def watch(self, of: Any, enough: Callable[[Quote], bool], *, timeout: float) -> Look:
        """A contract's market data until it is enough, refused, or `timeout` seconds are over; then the line is free.

        Raises:
            SessionClosed.
        """
        number = self.subscribe(of)
        line = self._listener.lines[number]
        try:
            async with asyncio.timeout(timeout):
                while line.error is None and not enough(line.quote):
                    await line.changed.wait()
                    line.changed.clear()
                    self._require()
        except TimeoutError:
            pass  # the quote tells how far it came
        finally:
            self.unsubscribe(number)
        return Look(line.quote, line.error, tuple(line.notices))

    def market_data_type(self, number: int) -> None:
        """What the lines taken from now on ask for: 1 live, 2 frozen, 3 delayed, 4 delayed and frozen.

        Raises:
            SessionClosed.
        """
        self._require().reqMarketDataType(number)

    def subscribe(self, of: Any, on_tick: Callable[[Quote], None] | None = None) -> int:
        """Take a market data line; `on_tick` is called on the loop at each price. Returns the request id.

        Raises:
            SessionClosed.
        """
        number = self._new_id()
        codec = self._require()
        self._listener.lines[number] = Line(Quote(), on_tick)
        codec.reqMktData(number, of, "", False, False, [])
        return number

    def unsubscribe(self, number: int) -> None:
        """Give a market data line back."""
        if self._listener.lines.pop(number, None) is not None and self._codec is not None and self.is_open:
            self._codec.cancelMktData(number)

    def _new_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _need(self, version: int, request: str) -> None:
        if self.greeting.server_version < version:
            raise Unsupported(f"expected server version {version} for {request}, found {self.greeting.server_version}")

    def _require(self) -> Codec:
        if self._codec is None or not self.is_open:
            raise SessionClosed("expected an open session, found it closed")
        return self._codec

    async def _ask(
        self, key: int | str, send: Callable[[Codec], None], timeout: float, *, name: str | None = None
    ) -> list[Any]:
        """Send a request and collect its rows; a second asker of the same key shares the first one's answer."""
        codec = self._require()
        request = self._listener.requests.get(key)
        if request is None:
            request = self._listener.requests[key] = Request(name or str(key))
            send(codec)
        try:
            async with asyncio.timeout(timeout):
                await asyncio.shield(request.done)
        except TimeoutError as error:
            raise RequestUnanswered(
                f"{request.name}: expected an answer within {timeout:g} s, found silence"
            ) from error
        finally:
            self._listener.requests.pop(key, None)
        return request.rows
