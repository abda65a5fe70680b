"""`tws.session` against the stand-in: what a watcher asks, and what it hears when things go wrong.

Each at server version 200 (text) and 223 (protobuf); a whole session also at the versions between.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from datetime import time
from decimal import Decimal
from pathlib import Path

import pytest

from tests.stand_in import ACCOUNT, StandIn, wait_for
from tws import codes
from tws.contracts import forex, option, stock
from tws.errors import (
    ClientIdInUse,
    GatewayClosed,
    GatewaySilent,
    RequestRefused,
    RequestUnanswered,
    SessionClosed,
    Unsupported,
)
from tws.listener import Listener
from tws.session import Session
from tws.times import TimeForm, TimeMode, bar_time_form, sessions
from tws.values import Notice

SPY = 756733


@contextlib.contextmanager
def started(tmp_path: Path, **env: str) -> Iterator[StandIn]:
    with contextlib.closing(StandIn(tmp_path, **env)) as made:
        made.start()
        made.up()
        yield made


@pytest.fixture(params=["200", "223"])
def gateway(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StandIn]:
    with started(tmp_path, SIM_SERVER_VERSION=request.param) as made:
        yield made


async def opened(gateway: StandIn, client_id: int = 900, on_notice: Callable[[Notice], None] | None = None) -> Session:
    return await Session.open("127.0.0.1", gateway.api_port, client_id, timeout=5, on_notice=on_notice)


async def hears(heard: list[Notice], code: int) -> Notice:
    async with asyncio.timeout(10):
        while not (found := [notice for notice in heard if notice.code == code]):
            await asyncio.sleep(0.01)
    return found[0]


@pytest.mark.parametrize("version", ["200", "201", "203", "206", "207", "208", "213", "219", "223"])
async def test_a_watcher_asks_everything_it_needs(tmp_path: Path, version: str) -> None:
    heard: list[Notice] = []
    with started(tmp_path, SIM_SERVER_VERSION=version) as gateway:
        gateway.post("/api/v1/orders", {"con_id": SPY, "action": "BUY", "quantity": 7})
        wait_for(lambda: gateway.book()["positions"], 10, gateway.tail)
        gateway.post("/api/v1/orders", {"con_id": SPY, "action": "BUY", "quantity": 3, "limit_price": 99.5})
        await everything(gateway, int(version), heard)
        assert gateway.metric("failures_total") == 0, gateway.tail()


async def everything(gateway: StandIn, version: int, heard: list[Notice]) -> None:
    async with await opened(gateway, on_notice=heard.append) as session:
        assert session.accounts == (ACCOUNT,)
        assert session.greeting.server_version == version
        assert session.greeting.time.is_utc
        assert await session.current_time(timeout=5) > 1.7e9
        assert await session.current_time_millis(timeout=5) > 1.7e12
        (position,) = await session.positions(timeout=5)
        assert (position.account, position.con_id, position.quantity) == (ACCOUNT, SPY, Decimal(7))
        assert (position.symbol, position.sec_type, position.local_symbol) == ("SPY", "STK", "SPY")
        assert position.average_cost > 1
        (order,) = await session.open_orders(timeout=5)
        assert (order.account, order.con_id, order.local_symbol, order.action) == (ACCOUNT, SPY, "SPY", "BUY")
        assert (order.order_type, order.quantity, order.limit_price) == ("LMT", Decimal(3), 99.5)
        assert (order.stop_price, order.parent_id, order.oca_group) == (None, 0, "")
        assert order.perm_id > 0
        assert order.status in ("PreSubmitted", "Submitted")
        assert await session.is_read_only(timeout=5) is False
        quote = await session.quote(stock("SPY"), timeout=5)
        assert quote.bid is not None
        assert quote.ask is not None
        assert 0 < quote.bid < quote.ask
        bars = await session.bars(stock("SPY"), duration="1 D", bar_size="1 hour", timeout=5)
        assert bar_time_form(bars[-1].time) is TimeForm.UTC_DASH
        last = bars[-1]
        assert 0 < last.low <= min(last.open, last.close) <= max(last.open, last.close) <= last.high
        assert last.volume > 0
        assert order.time_in_force == "DAY"
        await what_a_preflight_needs(session)
        await hears(heard, codes.MARKET_FARM_OK)
    assert session.closed.done()


async def what_a_preflight_needs(session: Session) -> None:
    (spy,) = await session.definitions(stock("SPY"), timeout=5)
    assert (spy.con_id, spy.symbol, spy.sec_type, spy.local_symbol, spy.currency) == (SPY, "SPY", "STK", "SPY", "USD")
    assert (spy.exchange, spy.primary_exchange, spy.last_trade_date, spy.time_zone) == (
        "SMART",
        "ARCA",
        "",
        "US/Eastern",
    )
    assert {"SMART", "ARCA"} <= set(spy.exchanges)
    assert {"LMT", "MKT"} <= set(spy.order_types)
    assert sessions(spy.liquid_hours, spy.time_zone)
    chains = await session.chains(spy, timeout=5)
    smart = next(chain for chain in chains if chain.exchange == "SMART")
    assert (smart.trading_class, smart.multiplier) == ("SPY", "100")
    expiry, strike = min(smart.expiries), min(smart.strikes, key=lambda strike: abs(strike - 600))
    (call,) = await session.definitions(
        option("SPY", expiry, strike, "C", trading_class="SPY", multiplier="100"), timeout=5
    )
    assert (call.sec_type, call.last_trade_date, call.strike, call.right) == ("OPT", expiry, strike, "C")
    assert (call.multiplier, call.trading_class) == ("100", "SPY")
    values = {(row.key, row.currency): row.value for row in await session.account_values(ACCOUNT, timeout=5)}
    assert float(values["NetLiquidation", "USD"]) > 1
    assert float(values["BuyingPower", "USD"]) > 1
    assert values["AccountReady", ""] == "true"
    (fill,) = await session.executions(timeout=5)
    assert (fill.account, fill.con_id, fill.side, fill.quantity) == (ACCOUNT, SPY, "BOT", Decimal(7))
    assert fill.exec_id.count(".") == 3
    assert bar_time_form(fill.time) is TimeForm.UTC_DASH
    assert fill.price > 1


async def test_account_values_are_told_once(gateway: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked for once is not followed: the next rows answer the next question."""
    told: list[int] = []
    hear = Listener.accountUpdateMulti

    def heard(self: Listener, reqId: int, *row: str) -> None:
        told.append(reqId)
        hear(self, reqId, *row)

    monkeypatch.setattr(Listener, "accountUpdateMulti", heard)
    async with await opened(gateway) as session:
        await session.account_values(ACCOUNT, timeout=5)
        [first] = set(told)
        told.clear()
        gateway.post("/api/v1/orders", {"con_id": SPY, "action": "BUY", "quantity": 700})
        async with asyncio.timeout(10):
            while not await session.positions(timeout=5):
                await asyncio.sleep(0.05)
        await session.account_values(ACCOUNT, timeout=5)
        assert first not in told


async def test_a_line_is_watched_until_it_is_enough_or_refused_and_then_given_back(tmp_path: Path) -> None:
    with started(tmp_path, SIM_MARKET_DATA="live,OPT:terminal,CASH:delayed", SIM_MARKET_DATA_LINES="1") as gateway:
        async with await opened(gateway) as session:
            look = await session.watch(stock("SPY"), lambda quote: quote.traded_at is not None, timeout=5)
            assert look.refusal is None
            assert look.quote.traded_at is not None
            assert abs(look.quote.traded_at.timestamp() - await session.current_time(timeout=5)) < 60
            assert not look.quote.halted
            late = await session.watch(forex("EUR", "USD"), lambda quote: quote.two_sided, timeout=5)
            assert late.refusal is not None
            assert late.refusal.code == codes.NOT_SUBSCRIBED
            session.market_data_type(3)
            late = await session.watch(forex("EUR", "USD"), lambda quote: quote.two_sided, timeout=5)
            assert late.refusal is None
            assert [notice.code for notice in late.notices] == [codes.DELAYED_DATA]
            assert late.quote.data_type == 3
            never = await session.watch(stock("SPY"), lambda quote: False, timeout=0.2)
            assert never.quote.two_sided
            assert (await session.quote(stock("QQQ"), timeout=5)).two_sided, "each gave its line back"


async def test_current_times_are_asked_at_least_1_1_s_apart_and_all_answered(gateway: StandIn) -> None:
    """The stand-in ignores one asked within 1 s of the last, as the real gateway does."""
    async with await opened(gateway) as session:
        times = [await session.current_time(timeout=5) for _ in range(3)]
    assert times == sorted(times)
    assert times[-1] - times[0] >= 2


async def test_two_askers_share_one_answer(gateway: StandIn) -> None:
    async with await opened(gateway) as session:
        first, second = await asyncio.gather(session.positions(timeout=5), session.positions(timeout=5))
    assert first == second == []


async def test_a_quote_ticks_until_it_is_given_back(gateway: StandIn) -> None:
    ticks: list[int] = []
    async with await opened(gateway) as session:
        line = session.subscribe(stock("SPY"), lambda quote: ticks.append(quote.ticks))
        async with asyncio.timeout(20):
            while len(ticks) < 10:
                await asyncio.sleep(0.05)
        assert ticks == sorted(set(ticks))
        session.unsubscribe(line)


async def test_an_unknown_instrument_is_refused_with_the_gateways_words(gateway: StandIn) -> None:
    async with await opened(gateway) as session:
        with pytest.raises(RequestRefused, match="No security definition") as refusal:
            await session.quote(stock("NOSUCH"), timeout=5)
        assert refusal.value.code == codes.NO_SECURITY_DEFINITION
        with pytest.raises(RequestRefused):
            await session.bars(stock("NOSUCH"), duration="1 D", bar_size="1 hour", timeout=5)
        assert session.is_open


async def test_a_client_id_in_use(gateway: StandIn) -> None:
    async with await opened(gateway, 900):
        with pytest.raises(ClientIdInUse, match="900"):
            await opened(gateway, 900)
        async with await opened(gateway, 901) as other:
            assert other.accounts


async def test_connectivity_notices_are_heard_at_once(gateway: StandIn) -> None:
    heard: list[Notice] = []
    async with await opened(gateway, on_notice=heard.append) as session:
        await asyncio.to_thread(gateway.fault, "upstream-lost")
        notice = await hears(heard, codes.UPSTREAM_LOST)
        assert notice.request_id == -1
        assert session.is_open
        await asyncio.to_thread(gateway.cure, "upstream-lost")
        await hears(heard, codes.UPSTREAM_BACK)


async def test_a_gateway_that_hangs_leaves_the_session_open_and_requests_unanswered(gateway: StandIn) -> None:
    async with await opened(gateway) as session:
        await asyncio.to_thread(gateway.fault, "hang")
        with pytest.raises(RequestUnanswered, match="currentTime"):
            await session.current_time(timeout=0.5)
        with pytest.raises(RequestUnanswered):
            await session.quote(stock("SPY"), timeout=0.5)
        assert session.is_open
        with pytest.raises(GatewaySilent, match="a handshake"):
            await Session.open("127.0.0.1", gateway.api_port, 901, timeout=0.5)


async def test_a_gateway_that_dies_ends_the_session_and_what_was_asked(gateway: StandIn) -> None:
    async with await opened(gateway) as session:
        await asyncio.to_thread(gateway.fault, "hang")
        asked = asyncio.create_task(session.positions(timeout=20))
        await asyncio.sleep(0)
        gateway.kill()
        with pytest.raises(SessionClosed):
            await asked
        await session.closed
        with pytest.raises(SessionClosed):
            await session.positions(timeout=1)


async def test_millis_need_a_server_that_knows_them(tmp_path: Path) -> None:
    with started(tmp_path, SIM_SERVER_VERSION="178") as old:
        async with await opened(old) as session:
            assert session.greeting.server_version == 178
            with pytest.raises(Unsupported, match="197"):
                await session.current_time_millis(timeout=5)


@pytest.mark.parametrize("form", list(TimeMode))
@pytest.mark.parametrize("read_only", [True, False])
async def test_the_gateway_tells_its_settings(tmp_path: Path, form: TimeMode, read_only: bool) -> None:
    env = {
        "SIM_TIME_FORMAT": form.value,
        "READ_ONLY_API": "yes" if read_only else "no",
        "SIM_MASTER_CLIENT_ID": "9",
        "AUTO_RESTART_TIME": "11:45 PM",
    }
    with started(tmp_path, SIM_SERVER_VERSION="219", **env) as gateway:
        async with await opened(gateway) as session:
            config = await session.config(timeout=5)
            assert await session.is_read_only(timeout=5) is read_only
    assert config.time_mode is form
    assert config.read_only is read_only
    assert config.port is not None
    assert config.master_client_id == 9
    assert config.auto_restart_time == time(23, 45)
    assert config.auto_logoff_time is None


async def test_settings_need_a_server_that_tells_them(tmp_path: Path) -> None:
    with started(tmp_path, SIM_SERVER_VERSION="218") as gateway:
        async with await opened(gateway) as session:
            with pytest.raises(Unsupported, match="219"):
                await session.config(timeout=5)


@pytest.mark.parametrize("version", ["200", "223"])
async def test_a_read_only_gateway_lists_no_orders_and_says_why(tmp_path: Path, version: str) -> None:
    with started(tmp_path, SIM_SERVER_VERSION=version, READ_ONLY_API="yes") as gateway:
        async with await opened(gateway) as session:
            assert await session.is_read_only(timeout=5) is True
            with pytest.raises(RequestRefused, match="Read-Only") as refusal:
                await session.open_orders(timeout=5)
            assert refusal.value.code == codes.VALIDATION_ERROR
            assert await session.positions(timeout=5) == []


async def test_a_peer_that_closes_before_start_up_is_no_session(unused_tcp_port: int) -> None:
    async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(4)
        writer.close()

    async with await asyncio.start_server(hangs_up, "127.0.0.1", unused_tcp_port):
        with pytest.raises(GatewayClosed):
            await Session.open("127.0.0.1", unused_tcp_port, 900, timeout=5)
