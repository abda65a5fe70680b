"""Frames captured from real gateways, made again by the stand-in, byte for byte (NUL shown as |).

Sources: ibkr-go's codec_capture_test.go (server version 200, a paper account, sanitised by that project) and
rust-ibapi v1.2.2's transport tests (server version 173).
"""

import datetime as dt
from collections.abc import Callable

import pytest

from gateway.simulator.broker.orders import Status
from gateway.simulator.broker.positions import Position
from gateway.simulator.market.calendar import NEW_YORK
from gateway.simulator.market.listings import STOCKS
from gateway.simulator.wire.answers import accounts, contracts, history, market_data, orders, session
from gateway.simulator.wire.answers.answer import Answer
from gateway.simulator.wire.answers.fields import Fields
from gateway.simulator.wire.open_order import CompletedOrder, OpenOrder
from gateway.simulator.wire.requests import accounts as account_requests
from gateway.simulator.wire.requests import orders as order_requests
from gateway.simulator.wire.requests import reader
from gateway.simulator.wire.requests import session as session_requests
from gateway.simulator.wire.requests.base import Request
from gateway.simulator.wire.times import TimeWriter
from tests.unit.simulator.offline import Encoder
from tests.unit.simulator.rig import AAPL, fill, order, stock, ticket
from tests.unit.simulator.samples.sample import frame_of
from tws.codes import CODES, HISTORY_FARM_IDLE, SECDEF_FARM_OK

MAX = "1.7976931348623157E308"


def shown(said: Answer | Fields, version: int = 200) -> str:
    return frame_of(said, version)[4:].decode().replace("\0", "|")


def test_managed_accounts() -> None:
    assert shown(session.ManagedAccounts(("DU9000001",))) == "15|1|DU9000001|"
    assert shown(session.ManagedAccounts(("DU1234567",))) == "15|1|DU1234567|"


def test_next_valid_id() -> None:
    assert shown(session.NextValidId(1)) == "9|1|1|"
    assert shown(session.NextValidId(5)) == "9|1|5|"


def test_farm_notices_before_and_after_the_error_time() -> None:
    at = dt.datetime.fromtimestamp(1775425766.350, dt.UTC)
    text = "Market data farm connection is OK:usfarm"
    assert shown(session.Error(-1, 2104, text, at), 200) == f"4|-1|2104|{text}||1775425766350|"
    assert shown(session.Error(-1, 2104, text, at), 173) == f"4|2|-1|2104|{text}||"
    idle = CODES[HISTORY_FARM_IDLE].text + "ushmds"
    assert shown(session.Error(-1, HISTORY_FARM_IDLE, idle, at), 173) == (
        "4|2|-1|2107|HMDS data farm connection is inactive but should be available upon demand.ushmds||"
    )
    named = CODES[SECDEF_FARM_OK].text + "secdefil"
    assert shown(session.Error(-1, SECDEF_FARM_OK, named, at), 173) == (
        "4|2|-1|2158|Sec-def data farm connection is OK:secdefil||"
    )


@pytest.mark.parametrize(
    ("captured", "ask", "meant"),
    [
        ("71|2|1||", lambda client: start_api(client, 1), session_requests.StartApi(1)),
        ("71|2|28||", lambda client: start_api(client, 28), session_requests.StartApi(28)),
        ("61|1|", lambda client: client.reqPositions(), account_requests.ReqPositions()),
        ("16|1|", lambda client: client.reqAllOpenOrders(), order_requests.ReqAllOpenOrders()),
    ],
)
def test_what_clients_sent(captured: str, ask: Callable[[Encoder], None], meant: Request) -> None:
    client = Encoder(200)
    ask(client)
    [payload], [fields] = client.conn.payloads, client.sent
    assert "|".join([*fields, ""]) == captured
    assert reader.read(payload, 200) == meant


def start_api(client: Encoder, client_id: int) -> None:
    client.clientId = client_id
    client.startApi()


def test_contract_details() -> None:
    hours = (
        "20260405:CLOSED;20260406:0400-20260406:2000;20260407:0400-20260407:2000;20260408:0400-20260408:2000;"
        "20260409:0400-20260409:2000;20260410:0400-20260410:2000"
    )
    liquid = hours.replace("0400", "0930").replace("2000", "1600")
    rules = ",".join(["26"] * 26)
    assert shown(contracts.ContractDetails(1001, stock(AAPL), "SMART", hours, liquid)) == (
        "10|1001|AAPL|STK|||0||SMART|USD|AAPL|NMS|NMS|265598|0.01||ACTIVETIM,AD,ADDONT,ADJUST,ALERT,ALGO,ALLOC,AON,"
        "AVGCOST,BASKET,BENCHPX,CASHQTY,COND,CONDORDER,DARKONLY,DARKPOLL,DAY,DEACT,DEACTDIS,DEACTEOD,DIS,DUR,GAT,GTC,"
        "GTD,GTT,HID,IBKRATS,ICE,IMB,IOC,LIT,LMT,LOC,MIDPX,MIT,MKT,MOC,MTL,NGCOMB,NODARK,NONALGO,OCA,OPG,OPGREROUT,"
        "PEGBENCH,PEGMID,POSTATS,POSTONLY,PREOPGRTH,PRICECHK,REL,REL2MID,RELPCTOFS,RPI,RTH,SCALE,SCALEODD,SCALERST,"
        "SIZECHK,SNAPMID,SNAPMKT,SNAPREL,STP,STPLMT,SWEEP,TRAIL,TRAILLIT,TRAILLMT,TRAILMIT,WHATIF|SMART,AMEX,NYSE,"
        "CBOE,PHLX,ISE,CHX,ARCA,NASDAQ,DRCTEDGE,BEX,BATS,EDGEA,BYX,IEX,EDGX,FOXRIVER,PEARL,NYSENAT,LTSE,MEMX,IBEOS,"
        "OVERNIGHT,TPLUS0,PSX,T24X|1|0|APPLE INC|NASDAQ||Technology|Computers|Computers|US/Eastern|"
        f"{hours}|{liquid}|||1|ISIN|US0378331005|1|||{rules}||COMMON|0.0001|0.0001|100|0|"
    )


def test_execution() -> None:
    at = dt.datetime(2026, 4, 13, 15, 27, 4, tzinfo=NEW_YORK)
    when = TimeWriter("instrument", "Europe/Berlin").moment(at, 200, "US/Eastern")
    captured = (
        "11|-1|1|265598|AAPL|STK||0.0|||IEX|USD|AAPL|NMS|0000e0d5.69dd7411.01.01|20260413 15:27:04 US/Eastern|"
        "DU9000001|IEX|BOT|1|257.95|389211034|94|0|1|257.95|||||2|0||"
    )
    assert shown(orders.Execution(-1, stock(AAPL), fill(), when, "")) == captured


def test_execution_before_times_carried_a_zone() -> None:
    at = dt.datetime(2025, 4, 15, 18, 38, 31, tzinfo=dt.UTC)
    when = TimeWriter("instrument", "Europe/London").moment(at, 173, "US/Eastern")
    done = fill(
        exec_id="0000e0d5.67fe667b.01.01",
        order_id=5,
        account="DU1234567",
        shares=100.0,
        price=201.94,
        perm_id=600745656,
        client_id=100,
        cumulative=100.0,
        average_price=201.94,
    )
    assert shown(orders.Execution(-1, stock(AAPL), done, when, ""), 173) == (
        "11|-1|5|265598|AAPL|STK||0.0|||IEX|USD|AAPL|NMS|0000e0d5.67fe667b.01.01|20250415  19:38:31|DU1234567|IEX|BOT|"
        "100|201.94|600745656|100|0|100|201.94|||||2|"
    )


def test_handshake_time() -> None:
    at = dt.datetime(2026, 4, 5, 21, 49, 26, tzinfo=dt.UTC)
    assert TimeWriter("utc", "Europe/Berlin").wall(at) == "20260405 23:49:26 Central European Standard Time"
    london = TimeWriter("instrument", "Europe/London")
    for captured, at in (
        ("173|20250415 19:38:30 British Summer Time|", dt.datetime(2025, 4, 15, 18, 38, 30, tzinfo=dt.UTC)),
        ("173|20250323 22:21:01 Greenwich Mean Time|", dt.datetime(2025, 3, 23, 22, 21, 1, tzinfo=dt.UTC)),
    ):
        assert shown(["173", london.wall(at)]) == captured


def test_ends_and_summary() -> None:
    assert shown(contracts.ContractDetailsEnd(1001)) == "52|1|1001|"
    assert shown(contracts.ContractDetailsEnd(9001)) == "52|1|9001|"
    assert shown(accounts.AccountSummary(1001, "DU9000001", "BuyingPower", "300000.00", "EUR")) == (
        "63|1|1001|DU9000001|BuyingPower|300000.00|EUR|"
    )
    assert shown(accounts.AccountSummaryEnd(1001)) == "64|1|1001|"
    assert shown(accounts.PositionEnd()) == "62|1|"
    assert shown(orders.OpenOrderEnd()) == "53|1|"
    assert shown(market_data.SnapshotEnd(1001)) == "57|1|1001|"


def test_position() -> None:
    assert shown(accounts.PositionHeld(stock(3691937), Position(3691937, 15.0, 200.25), "DU9000001")) == (
        "61|3|DU9000001|3691937|AMZN|STK||0.0|||NASDAQ|USD|AMZN|NMS|15|200.25|"
    )


def test_bars() -> None:
    captured = (
        "17|1001|7|20260402 09:30:00 US/Eastern|254.20|254.80|250.65|252.53|2829736|252.266|13633|"
        "20260402 10:00:00 US/Eastern|252.52|255.40|251.19|255.38|2797972|252.971|16541|"
        "20260402 11:00:00 US/Eastern|255.40|255.73|254.36|254.57|1400669|255.002|7744|"
        "20260402 12:00:00 US/Eastern|254.57|255.00|254.00|254.42|983738|254.453|5662|"
        "20260402 13:00:00 US/Eastern|254.42|255.49|254.17|254.61|1024324|254.878|5832|"
        "20260402 14:00:00 US/Eastern|254.58|255.46|254.58|255.28|1399189|255.101|7342|"
        "20260402 15:00:00 US/Eastern|255.29|256.13|254.80|255.89|2938382|255.576|17376|"
    )
    rows: list[history.Row] = [
        ("20260402 09:30:00 US/Eastern", "254.20", "254.80", "250.65", "252.53", 2829736, "252.266", 13633),
        ("20260402 10:00:00 US/Eastern", "252.52", "255.40", "251.19", "255.38", 2797972, "252.971", 16541),
        ("20260402 11:00:00 US/Eastern", "255.40", "255.73", "254.36", "254.57", 1400669, "255.002", 7744),
        ("20260402 12:00:00 US/Eastern", "254.57", "255.00", "254.00", "254.42", 983738, "254.453", 5662),
        ("20260402 13:00:00 US/Eastern", "254.42", "255.49", "254.17", "254.61", 1024324, "254.878", 5832),
        ("20260402 14:00:00 US/Eastern", "254.58", "255.46", "254.58", "255.28", 1399189, "255.101", 7342),
        ("20260402 15:00:00 US/Eastern", "255.29", "256.13", "254.80", "255.89", 2938382, "255.576", 17376),
    ]
    assert shown(history.HistoricalData(1001, "", "", tuple(rows))) == captured


def test_ticks() -> None:
    assert shown(market_data.TickPrice(68, "255.45", 200, 0, req_id=1001)) == "1|6|1001|68|255.45|200|0|"
    assert shown(market_data.TickSize(74, 31289400, 100, req_id=1001)) == "2|6|1001|74|312894|"
    assert shown(market_data.MarketDataType(3, req_id=1001)) == "58|1|1001|3|"


def test_schedule() -> None:
    """21 sessions; only the first of them is in the published capture."""
    good_friday = dt.date(2026, 4, 3)
    days = [dt.date(2026, 3, 12) + dt.timedelta(days=n) for n in range(30)]
    sessions = [
        (f"{day:%Y%m%d}-09:30:00", f"{day:%Y%m%d}-16:00:00", f"{day:%Y%m%d}")
        for day in days
        if day.weekday() < 5 and day != good_friday
    ]
    made = shown(
        history.HistoricalSchedule(1001, "20260312-09:30:00", "20260410-16:00:00", "US/Eastern", tuple(sessions))
    )
    assert made.startswith(
        "106|1001|20260312-09:30:00|20260410-16:00:00|US/Eastern|21|20260312-09:30:00|20260312-16:00:00|20260312|"
    )
    assert made.count("|") == 6 + 3 * 21


def test_open_order_and_status_of_a_market_order() -> None:
    placed = order(
        client_id=100,
        ticket=ticket(account="DU1234567", quantity=100.0),
        quantity=100.0,
    )
    rest = "||||||" + "0|0|0|None|" + f"{MAX}|" * 6
    captured = (
        "5|5|265598|AAPL|STK||0|?||SMART|USD|AAPL|NMS|BUY|100|MKT|0.0|0.0|DAY||DU1234567||0||100|600745656|0|0|0||"
        "600745656.0/DU1234567/100||||||||||0||-1|0||||||2147483647|0|0|0||3|0|0||0|0||0|None||0||||?|0|0||0|0||||||"
        "0|0|0|2147483647|2147483647|||0||IB|0|0||0|0|PreSubmitted|"
        + "|".join([MAX] * 9)
        + rest
        + "0||||0|1|0|0|0|||0||"
        "100|0.02|||"
    )
    assert shown(OpenOrder(placed, stock(AAPL)), 173) == captured
    assert shown(orders.OrderStatus(placed)) == "3|5|PreSubmitted|0|100|0|600745656|0|0|100||0|"
    done = order(
        client_id=100,
        ticket=placed.ticket,
        quantity=100.0,
        status=Status.FILLED,
        filled=100.0,
        average_price=201.94,
        last_price=201.94,
    )
    assert shown(OpenOrder(done, stock(AAPL)), 173) == captured.replace("|PreSubmitted|", "|Filled|")
    assert shown(orders.OrderStatus(done)) == "3|5|Filled|100|0|201.94|600745656|0|201.94|100||0|"


def test_completed_order() -> None:
    trailing = order(
        perm_id=1426085924,
        status=Status.CANCELLED,
        ticket=ticket(
            order_type="TRAIL LIMIT",
            account="DU9000001",
            limit_price=2000.05,
            raw={
                "exchange": "SMART",
                "auxPrice": "1.0",
                "trailStopPrice": "2000.0",
                "lmtPriceOffset": "0.05",
                "submitter": "paper-user",
            },
        ),
        completed_status="Cancelled by Trader",
    )
    assert shown(CompletedOrder(trailing, stock(AAPL), "20260415 11:00:11 US/Eastern")) == (
        "101|265598|AAPL|STK||0|?||SMART|USD|AAPL|NMS|BUY|1|TRAIL LIMIT|2000.05|1.0|DAY||DU9000001||0||1426085924|0|0|"
        "0||||||||||0||-1||||||2147483647|0|0||3|0||0|None||0|0|0||0|0|2000.0|||0|0|0|2147483647|2147483647||||IB|0|0||0|"
        "Cancelled|0|0|0|2000.0|0.05|0|1|0||0|2147483647|0|Not an insider or substantial shareholder|0|0|"
        "9223372036854775807|20260415 11:00:11 US/Eastern|Cancelled by Trader|||||||0|paper-user|"
    )


def test_the_captured_stock_is_the_one_we_list() -> None:
    assert {s.con_id for s in STOCKS} >= {265598, 756733}
