"""The sentinel, with a session that does as it is told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from supervisor.observation import Ending, Result, SessionPhase
from supervisor.policy import Policy
from supervisor.probes.sentinel import BAND, Sentinel, farm
from tests.sim.world import working_order
from tests.unit.preflight.markets import definition
from tws import codes
from tws.clock import SystemClock
from tws.errors import ClientIdInUse, GatewayRefused, RequestRefused, RequestUnanswered, SessionClosed
from tws.values import Definition, Notice, OpenOrder, Position, Profit, Quote

POLICY = Policy(probe_timeout=0.05, heart_interval=0.1, fast_interval=0.05, audit_exposed=0.1)
CALL = Position("DU1", 7, "SPY", "OPT", "SPY 7C", Decimal(1), 3.0)


class FakeSession:
    """As `tws.session.Session`, as far as the sentinel goes."""

    def __init__(self, on_notice: Callable[[Notice], None] | None) -> None:
        self.accounts: tuple[str, ...] = ("DU1",)
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.on_notice = on_notice
        self.silent = False
        self.subscriptions: list[Callable[[Quote], None] | None] = []
        self.aborted = False
        self.held = [CALL]
        self.working = [working_order(1, 7, "SELL", 1), working_order(2, 8, "BUY", 1)]
        self.last_session = datetime.now(UTC) + timedelta(hours=1)
        self.on_position: Callable[[Position], None] | None = None
        self.asked_positions = self.asked_orders = 0
        self.read_only = False
        self.on_profit: dict[int, tuple[str, Callable[[Profit], None]]] = {}

    async def _answer(self) -> int:
        if self.closed.done():
            raise SessionClosed("closed")
        if self.silent:
            await asyncio.sleep(0.05)
            raise RequestUnanswered("silence")
        return int(datetime.now(UTC).timestamp())

    async def current_time(self, *, timeout: float) -> int:
        return await self._answer()

    async def current_time_millis(self, *, timeout: float) -> int:
        return await self._answer() * 1000

    async def follow_positions(self, on_change: Callable[[Position], None], *, timeout: float) -> list[Position]:
        await self._answer()
        self.on_position = on_change
        self.asked_positions += 1
        return list(self.held)

    async def open_orders(self, *, timeout: float) -> list[OpenOrder]:
        await self._answer()
        self.asked_orders += 1
        if self.read_only:
            raise RequestRefused("openOrders", 321, "The API interface is currently in Read-Only mode.")
        return self.working

    async def last_trade(self, con_id: int, *, timeout: float) -> datetime | None:
        await self._answer()
        return self.last_session

    async def definitions(self, of: Any, *, timeout: float) -> list[Definition]:
        await self._answer()
        return [definition(liquid_hours="20261123:0930-20261123:1600;20261124:CLOSED")]

    def follow_profit(self, account: str, on_change: Callable[[Profit], None]) -> int:
        number = max(self.on_profit, default=0) + 1
        self.on_profit[number] = account, on_change
        return number

    def leave_profit(self, number: int) -> None:
        del self.on_profit[number]

    def subscribe(self, of: Any, on_tick: Callable[[Quote], None] | None = None) -> int:
        self.subscriptions.append(on_tick)
        return len(self.subscriptions)

    def unsubscribe(self, number: int) -> None:
        """Nothing to give back."""

    def abort(self) -> None:
        self.aborted = True

    def say(self, code: int, text: str = "") -> None:
        assert self.on_notice is not None
        self.on_notice(Notice(code, text, datetime.now(UTC)))

    def close(self) -> None:
        if not self.closed.done():
            self.closed.set_result(None)


class Gateway:
    """Opens sessions, or raises what it was told to."""

    def __init__(self) -> None:
        self.sessions: list[FakeSession] = []
        self.client_ids: list[int] = []
        self.errors: list[Exception] = []

    async def open(
        self, host: str, port: int, client_id: int, *, timeout: float, on_notice: Callable[[Notice], None] | None
    ) -> FakeSession:
        self.client_ids.append(client_id)
        if self.errors:
            raise self.errors.pop(0)
        self.sessions.append(FakeSession(on_notice))
        return self.sessions[-1]

    @property
    def session(self) -> FakeSession:
        return self.sessions[-1]


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
async def sentinel(gateway: Gateway) -> AsyncIterator[Sentinel]:
    made = Sentinel("host", 1, gateway.open, object(), SystemClock(), POLICY, lambda: None)
    async with made:
        yield made


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(3):
        while not true():
            await asyncio.sleep(0.01)


async def test_it_opens_a_session_asks_the_time_and_audits(sentinel: Sentinel, gateway: Gateway) -> None:
    await until(lambda: sentinel.view.heart.result is Result.OK and sentinel.view.audit)
    view = sentinel.view
    assert (view.phase, view.accounts, view.client_id) == (SessionPhase.READY, ("DU1",), BAND.start)
    assert view.audit is not None
    assert (view.audit.positions, view.audit.orders) == (1, 2)
    assert abs(view.clock_skew_seconds or 0.0) <= 1.0


async def test_a_read_only_api_tells_of_positions_alone(sentinel: Sentinel, gateway: Gateway) -> None:
    await until(lambda: sentinel.view.audit)
    gateway.sessions[-1].read_only = True
    sentinel.audit_soon()
    await until(lambda: sentinel.view.positions_only)
    assert sentinel.view.positions_only is not None
    assert (sentinel.view.positions_only.positions, sentinel.view.positions_only.orders) == (1, 0)
    gateway.sessions[-1].read_only = False
    sentinel.audit_soon()
    await until(lambda: sentinel.view.positions_only is None)


async def test_a_taken_client_id_is_no_fault_but_the_next_is_taken(gateway: Gateway) -> None:
    gateway.errors = [ClientIdInUse("326")]
    async with Sentinel("host", 1, gateway.open, object(), SystemClock(), POLICY, lambda: None) as sentinel:
        sentinel.try_now()
        await until(lambda: sentinel.view.phase is SessionPhase.READY)
        assert gateway.client_ids == [900, 901]
        assert sentinel.view.heart.result is not Result.FAIL
        sentinel.reconnect()  # nobody holds it any more
        await until(lambda: len(gateway.client_ids) == 3)
        await until(lambda: sentinel.view.phase is SessionPhase.READY and sentinel.view.client_id == 900)
        assert gateway.client_ids == [900, 901, 900]


async def test_a_refused_session_is_tried_again(gateway: Gateway) -> None:
    gateway.errors = [GatewayRefused("no")]
    async with Sentinel("host", 1, gateway.open, object(), SystemClock(), POLICY, lambda: None) as sentinel:
        await until(lambda: sentinel.view.phase is SessionPhase.READY)
        assert gateway.client_ids == [900, 900]


async def test_a_closed_session_is_a_failed_heart_and_a_new_session(sentinel: Sentinel, gateway: Gateway) -> None:
    await until(lambda: sentinel.view.heart.result is Result.OK)
    gateway.errors = [GatewayRefused("booting")]
    gateway.session.close()
    await until(lambda: sentinel.view.heart.ending is Ending.CLOSED)
    assert sentinel.view.phase is SessionPhase.AWAY
    assert sentinel.view.heart.result is Result.FAIL
    await until(lambda: len(gateway.sessions) == 2 and sentinel.view.heart.result is Result.OK)


async def test_a_silent_session_is_kept_until_the_machine_says_otherwise(sentinel: Sentinel, gateway: Gateway) -> None:
    await until(lambda: sentinel.view.heart.result is Result.OK)
    gateway.session.silent = True
    await until(lambda: sentinel.view.second.result is Result.FAIL)
    assert sentinel.view.heart.ending is Ending.SILENT
    assert len(gateway.sessions) == 1
    sentinel.reconnect()
    await until(lambda: len(gateway.sessions) == 2 and sentinel.view.heart.result is Result.OK)
    assert gateway.sessions[0].aborted
    assert sentinel.view.second.result is Result.UNKNOWN


async def test_profit_is_followed_in_the_accounts_that_are_traded_and_wakes_nobody(gateway: Gateway) -> None:
    woken: list[None] = []
    traded = {"DU1", "DU3"}.__contains__
    sentinel = Sentinel("host", 1, gateway.open, object(), SystemClock(), POLICY, lambda: woken.append(None), traded)
    first, second = Profit(1.0, 2.0, None), Profit(3.0, 4.0, 5.0)
    async with sentinel:
        await until(lambda: sentinel.view.heart.result is Result.OK)
        session = gateway.session
        assert [account for account, _ in session.on_profit.values()] == ["DU1"]
        before = len(woken)
        session.on_profit[1][1](first)
        assert sentinel.view.profits == (first,)
        session.on_profit[1][1](second)
        assert sentinel.view.profits == (second,)
        assert len(woken) == before

        session.say(codes.UPSTREAM_BACK_DATA_LOST)
        assert not sentinel.view.profits
        assert len(session.on_profit) == 1, "asked anew, and not twice"
        [(_, told)] = session.on_profit.values()
        told(first)
        gateway.errors = [GatewayRefused("booting")]
        session.close()
        await until(lambda: sentinel.view.phase is SessionPhase.AWAY)
        assert not sentinel.view.profits
        await until(lambda: len(gateway.sessions) == 2 and gateway.session.on_profit)


async def test_upstream_lost_and_back(sentinel: Sentinel, gateway: Gateway) -> None:
    await until(lambda: sentinel.view.phase is SessionPhase.READY)
    for lost in (codes.UPSTREAM_LOST, codes.UPSTREAM_BROKEN):
        gateway.session.say(lost)
        assert sentinel.view.upstream_lost_at is not None
        gateway.session.say(codes.UPSTREAM_BACK)
        assert sentinel.view.upstream_lost_at is None
    assert sentinel.view.data_lost_at is None


async def test_data_lost_takes_a_new_canary(sentinel: Sentinel, gateway: Gateway) -> None:
    await until(lambda: sentinel.view.phase is SessionPhase.READY and gateway.session.subscriptions)
    gateway.session.say(codes.UPSTREAM_LOST)
    gateway.session.say(codes.UPSTREAM_BACK_DATA_LOST)
    assert sentinel.view.upstream_lost_at is None
    assert sentinel.view.data_lost_at is not None
    assert len(gateway.session.subscriptions) == 2


async def test_farms_come_and_go_by_name(sentinel: Sentinel, gateway: Gateway) -> None:
    await until(lambda: sentinel.view.phase is SessionPhase.READY)
    say = gateway.session.say
    say(codes.MARKET_FARM_OK, "Market data farm connection is OK:usfarm")
    assert sentinel.view.farm_back_at is None
    say(codes.MARKET_FARM_BROKEN, "Market data farm connection is broken:usfarm")
    say(codes.MARKET_FARM_BROKEN, "Market data farm connection is broken:jfarm")
    assert [name for name, _ in sentinel.view.farms_down] == ["jfarm", "usfarm"]
    say(codes.MARKET_FARM_OK, "Market data farm connection is OK:usfarm")
    assert [name for name, _ in sentinel.view.farms_down] == ["jfarm"]
    assert sentinel.view.farm_back_at is not None


async def test_ticks_are_stamped(sentinel: Sentinel, gateway: Gateway) -> None:
    await until(lambda: sentinel.view.phase is SessionPhase.READY and gateway.session.subscriptions)
    on_tick = gateway.session.subscriptions[0]
    assert on_tick is not None
    on_tick(Quote())
    assert sentinel.view.last_tick_at is not None


def test_the_farms_name_follows_the_last_colon() -> None:
    assert farm("Market data farm connection is broken:usfarm.nj") == "usfarm.nj"


async def test_a_position_that_changes_is_known_at_once_and_orders_are_asked_for(
    sentinel: Sentinel, gateway: Gateway
) -> None:
    await until(lambda: sentinel.view.audit)
    session = gateway.session
    assert session.on_position is not None
    asked = session.asked_orders
    session.on_position(replace(CALL, quantity=Decimal(0)))
    assert sentinel.view.audit is not None
    assert sentinel.view.audit.positions == 0
    await until(lambda: session.asked_orders > asked)
    assert session.asked_positions == 1


async def test_positions_are_asked_for_anew_when_ibkr_is_back(sentinel: Sentinel, gateway: Gateway) -> None:
    await until(lambda: sentinel.view.audit)
    gateway.session.held = []
    gateway.session.say(codes.UPSTREAM_BACK)
    await until(lambda: sentinel.view.audit and sentinel.view.audit.positions == 0)


async def test_orders_are_asked_for_at_the_pace_that_is_due(sentinel: Sentinel, gateway: Gateway) -> None:
    await until(lambda: sentinel.view.audit)
    assert gateway.session.asked_orders == 1
    sentinel.audit_every(POLICY.audit_exposed)
    await until(lambda: gateway.session.asked_orders > 4)
    assert gateway.session.asked_positions == 1
    sentinel.audit_every(POLICY.fast_interval)
    await until(lambda: gateway.session.asked_positions > 2)


async def test_an_order_that_comes_later_is_known_to_have_been_missing(sentinel: Sentinel, gateway: Gateway) -> None:
    await until(lambda: sentinel.view.audit)
    first = sentinel.view.audit
    gateway.session.working.append(working_order(3, 7, "SELL", 1))
    sentinel.audit_soon()
    await until(lambda: sentinel.view.audit and sentinel.view.audit.orders == 3)
    assert first is not None
    assert sentinel.view.audit is not None
    assert [row.missing_at for row in sentinel.view.audit.resting] == [None, None, first.asked_at]


async def test_the_end_of_what_is_held_is_asked_for(sentinel: Sentinel) -> None:
    await until(lambda: sentinel.view.audit and sentinel.view.audit.held[0].expires_at)
    assert sentinel.view.audit is not None
    ends = sentinel.view.audit.held[0].expires_at
    assert ends is not None
    assert 3590 < ends - SystemClock().monotonic() <= 3600


async def test_the_markets_hours_outlive_the_session(sentinel: Sentinel, gateway: Gateway) -> None:
    await until(lambda: sentinel.view.market_hours)
    listed = sentinel.view.market_hours
    assert [(opens.astimezone(UTC).hour, closes.astimezone(UTC).hour) for opens, closes in listed] == [(14, 21)]
    gateway.errors = [GatewayRefused("nobody there")] * 3
    gateway.session.close()
    await until(lambda: sentinel.view.phase is SessionPhase.AWAY)
    assert sentinel.view.market_hours == listed
