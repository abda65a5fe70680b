"""Parts for the stand-in's tests: a clock turned by hand, tickets, and a sample of every message it can send."""

import asyncio
import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway.simulator.api.gateway import Gateway
from gateway.simulator.app import build
from gateway.simulator.broker.account import Holding, Position
from gateway.simulator.broker.broker import Broker, Preview
from gateway.simulator.broker.orders import Fill, Order, Status, Ticket
from gateway.simulator.broker.store import Store
from gateway.simulator.market import options
from gateway.simulator.market.calendar import AroundTheClock
from gateway.simulator.market.instruments import ContractQuery, Instrument, Instruments
from gateway.simulator.settings import Settings, load
from gateway.simulator.wire import answers
from gateway.simulator.wire.open_order import completed_order, open_order

NOON = dt.datetime(2026, 11, 18, 17, 0, tzinfo=dt.UTC)
"""A Wednesday, noon in New York."""

VERSIONS = range(157, 201)
CALENDAR = AroundTheClock(dt.time(0, 0))
INSTRUMENTS = Instruments(CALENDAR)
SPY = 756733
AAPL = 265598


class HandClock:
    """Time stands until it is turned; sleepers wake when their moment has come."""

    def __init__(self, now: dt.datetime = NOON) -> None:
        self._now = now
        self._passed = 0.0

    def monotonic(self) -> float:
        return 1000.0 + self._passed

    def now(self) -> dt.datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        until = self._passed + seconds
        while self._passed < until:
            await asyncio.sleep(0.001)

    def turn(self, seconds: float) -> None:
        """Let time pass."""
        self._passed += seconds
        self._now += dt.timedelta(seconds=seconds)


def settings(state: Path, **env: str) -> Settings:
    """Settings for a test: free ports, everything on loopback."""
    given = {
        "SIM_STATE_DIR": str(state),
        "SIM_API_PORT": "0",
        "SIM_CONTROL_PORT": "0",
        "SIM_COMMAND_PORT": "0",
        "SIM_CONTROL_HOST": "127.0.0.1",
        "TWS_USERID": "paper-user",
    }
    return load(given | env)


def make_gateway(state: Path, clock: HandClock, **env: str) -> tuple[Gateway, Store]:
    """A gateway on a record in that folder."""
    store = Store(state / "broker.sqlite3")
    return build(settings(state, **env), clock, store), store


def spy_call(strike: float = 600.0, now: dt.datetime = NOON) -> Instrument:
    """A SPY call that expires today."""
    today = CALENDAR.day_at(now).text
    query = ContractQuery(symbol="SPY", sec_type="OPT", expiry=today, strike=strike, right="C")
    [found] = INSTRUMENTS.find(query, now)
    return found


def stock(con_id: int = SPY) -> Instrument:
    found = INSTRUMENTS.by_id(con_id)
    assert found is not None
    return found


def ticket(**changes: Any) -> Ticket:
    """A market order for one share of AAPL, changed as asked."""
    base = Ticket(
        con_id=AAPL,
        action="BUY",
        quantity=1.0,
        order_type="MKT",
        limit_price=None,
        stop_price=None,
        tif="DAY",
        oca_group="",
        oca_type=0,
        account="DUSIM0001",
        order_ref="",
        transmit=True,
        parent_id=0,
        good_till=None,
        what_if=False,
        raw={"exchange": "SMART"},
    )
    return replace(base, **changes)


def order(**changes: Any) -> Order:
    """An order of client 7, changed as asked."""
    base = Order(
        client_id=7,
        order_id=5,
        perm_id=600745656,
        ticket=ticket(),
        status=Status.PRE_SUBMITTED,
        placed_at=NOON,
        quantity=1.0,
    )
    return replace(base, **changes)


def fill(**changes: Any) -> Fill:
    base = Fill(
        exec_id="0000e0d5.69dd7411.01.01",
        client_id=94,
        order_id=1,
        perm_id=389211034,
        con_id=AAPL,
        account="DU9000001",
        buys=True,
        shares=1.0,
        price=257.95,
        exchange="IEX",
        at=NOON,
        cumulative=1.0,
        average_price=257.95,
        commission=1.0,
        realized=None,
        liquidity=2,
        order_ref="",
    )
    return replace(base, **changes)


def _preview(broker: Broker) -> Preview:
    return broker.preview(ticket(con_id=SPY))


def every_answer(version: int, broker: Broker) -> Mapping[str, list[answers.Fields]]:
    """Samples of every message, by the name of the function that makes it. A test sees to it that none is missing."""
    call, spy, aapl = spy_call(), stock(SPY), stock(AAPL)
    held = Position(call.con_id, -3.0, 213.649, 12.5)
    holding = Holding(held, 100, 2.15, 600.2, is_option=True)
    rich = ticket(
        con_id=call.con_id,
        order_type="STP LMT",
        limit_price=1.05,
        stop_price=1.1,
        tif="GTD",
        oca_group="group",
        oca_type=1,
        order_ref="O-1:5",
        parent_id=4,
        raw={
            "exchange": "SMART",
            "goodTillDate": "20261231 22:00:00 UTC",
            "minQty": "1",
            "hedgeType": "D",
            "hedgeParam": "x",
            "scaleInitLevelSize": "1",
            "scalePriceIncrement": "0.5",
            "algoStrategy": "Adaptive",
            "deltaNeutralOrderType": "LMT",
            "conditionsIgnoreRth": "1",
            "outsideRth": "1",
            "trailStopPrice": "1.7976931348623157E308",
            "percentOffset": "0.1",
            "duration": "2147483647",
            "submitter": "paper-user",
        },
        conditions=(("1", "a", "1", "600.0", "756733", "SMART", "0"), ("3", "o", "1", "20261201 10:00:00 UTC")),
        algo_params=(("adaptivePriority", "Normal"),),
    )
    orders = [
        order(),
        order(ticket=rich, oca_group="group", oca_type=1, parent_perm_id=12, waits_for_parent=True),
        order(
            status=Status.FILLED,
            filled=1.0,
            average_price=257.95,
            last_price=257.95,
            commission=1.0,
            completed_at=NOON,
            completed_status="Filled Size: 1",
        ),
        order(ticket=ticket(order_type="PEG BENCH", raw={"exchange": "SMART", "referenceContractId": "1"})),
    ]
    valued = options.value(call=True, spot=600.0, strike=600.0, seconds=3600)
    expiries, strikes = INSTRUMENTS.expiries(NOON), INSTRUMENTS.strikes(spy.stock)
    rows: list[tuple[Any, ...]] = [("20261118-17:00:00", "1.00", "2.00", "0.50", "1.50", 10, "1.2", 3)] * 2
    ohlc = (1.0, 2.0, 0.5, 1.5)
    samples: dict[str, list[answers.Fields]] = {
        "managed_accounts": [answers.managed_accounts("DU9000001")],
        "next_valid_id": [answers.next_valid_id(1)],
        "error": [
            answers.error(version, -1, 2104, "Market data farm connection is OK:usfarm", NOON),
            answers.error(version, 5, 201, "Order rejected - reason:umlaut ü, back\\slash", NOON, '{"a":1}'),
        ],
        "current_time": [answers.current_time(NOON)],
        "family_codes": [answers.family_codes("DU1")],
        "news_providers": [answers.news_providers()],
        "contract_details": [
            answers.contract_details(version, 9, instrument, "SMART", CALENDAR.hours(NOON))
            for instrument in (spy, aapl, call)
        ],
        "contract_details_end": [answers.contract_details_end(9)],
        "symbol_samples": [
            answers.symbol_samples(version, 9, [spy, aapl]),
            answers.symbol_samples(version, 9, []),
        ],
        "option_parameters": [answers.option_parameters(9, "SMART", spy, expiries, strikes)],
        "option_parameters_end": [answers.option_parameters_end(9)],
        "market_rule": [answers.market_rule(26, ((0.0, 0.01), (3.0, 0.05)))],
        "market_data_type": [answers.market_data_type(9, 3)],
        "tick_parameters": [answers.tick_parameters(9, spy)],
        "tick_price": [answers.tick_price(9, 1, 255.45, 200, 1), answers.tick_price(9, 1, -1.0, 0, 1)],
        "tick_size": [answers.tick_size(9, 74, 312894)],
        "tick_generic": [answers.tick_generic(9, 49, 0.0)],
        "tick_string": [answers.tick_string(9, 45, "1795021200")],
        "tick_option": [answers.tick_option(9, 13, valued.price, valued, 600.0)],
        "snapshot_end": [answers.snapshot_end(9)],
        "tick_by_tick_last": [answers.tick_by_tick_last(9, kind, 1795021200, 1.5, 2, "IEX") for kind in (1, 2)],
        "tick_by_tick_quote": [answers.tick_by_tick_quote(9, 1795021200, 1.0, 1.1, 3, 4)],
        "tick_by_tick_mid": [answers.tick_by_tick_mid(9, 1795021200, 1.05)],
        "real_time_bar": [answers.real_time_bar(9, 1795021200, ohlc, 10, 1.2, 3)],
        "historical_data": [
            answers.historical_data(version, 9, "20261118-16:00:00", "20261118-17:00:00", rows),
        ],
        "historical_update": [answers.historical_update(9, "1795021200", ohlc, 10, 1.2, 3)],
        "head_timestamp": [answers.head_timestamp(9, "20200102-14:30:00")],
        "historical_ticks": [answers.historical_ticks(9, [(1795021200, 1.05, 0)], done=True)],
        "historical_ticks_quotes": [answers.historical_ticks_quotes(9, [(1795021200, 1.0, 1.1, 3, 4)], done=False)],
        "historical_ticks_trades": [answers.historical_ticks_trades(9, [(1795021200, 1.0, 3, "IEX")], done=True)],
        "account_summary": [answers.account_summary(9, "DU1", "BuyingPower", "300000.00", "EUR")],
        "account_summary_end": [answers.account_summary_end(9)],
        "account_value": [answers.account_value("NetLiquidation", "1.00", "USD", "DU1")],
        "portfolio_value": [answers.portfolio_value(call, holding, "DU1")],
        "account_time": [answers.account_time("17:59")],
        "account_download_end": [answers.account_download_end("DU1")],
        "position": [answers.position(call, held, "DU1"), answers.position(spy, Position(SPY, 15), "DU1")],
        "position_end": [answers.position_end()],
        "position_multi": [answers.position_multi(9, call, held, "DU1")],
        "position_multi_end": [answers.position_multi_end(9)],
        "account_update_multi": [answers.account_update_multi(9, "DU1", "k", "1.0", "USD")],
        "account_update_multi_end": [answers.account_update_multi_end(9)],
        "pnl": [answers.pnl(9, 1.0, 2.0, -3.0)],
        "pnl_single": [answers.pnl_single(9, -3.0, 1.0, 2.0, 3.0, 4.0)],
        "pnl_single_unset": [answers.pnl_single_unset(9)],
        "order_status": [answers.order_status(sample, 7) for sample in orders],
        "open_order_end": [answers.open_order_end()],
        "completed_orders_end": [answers.completed_orders_end()],
        "execution": [
            answers.execution(version, -1, instrument, fill(), "20261118-17:00:00", "paper-user")
            for instrument in (aapl, call)
        ],
        "executions_end": [answers.executions_end(9)],
        "commission_report": [answers.commission_report(fill()), answers.commission_report(fill(realized=-2.49))],
        "open_order": [
            *(open_order(version, sample, call if sample.ticket is rich else aapl) for sample in orders),
            open_order(version, orders[0], spy, _preview(broker)),
        ],
        "completed_order": [completed_order(version, sample, call, "20261118-17:00:00") for sample in orders],
    }
    if version >= 165:
        day = ("20260312-09:30:00", "20260312-16:00:00", "20260312")
        samples["historical_schedule"] = [answers.historical_schedule(9, day[0], day[1], "US/Eastern", [day, day])]
    if version >= 167:
        samples["user_info"] = [answers.user_info(9)]
    if version >= 196:
        samples["historical_data_end"] = [answers.historical_data_end(9, "20261118-16:00:00", "x")]
    if version >= 197:
        samples["current_time_millis"] = [answers.current_time_millis(NOON)]
    return samples
