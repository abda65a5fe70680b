"""Sessions on a real socket: what is sent when, and that no frame brings the server down."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from gateway.simulator.wire.answers.market_data import TickString
from tests.unit.simulator.orders import place_order
from tests.unit.simulator.raw import RawClient, of
from tests.unit.simulator.rig import CALENDAR, NOON, SPY, HandClock, beat, spy_call
from tests.unit.simulator.run import serving
from tws.frames import frame

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.simulator.api.gateway import Gateway
    from gateway.simulator.api.pulse import Pulse
    from gateway.simulator.api.server import ApiServer

TODAY = CALENDAR.day_at(NOON).text
SPY_STOCK = (0, "SPY", "STK", "", 0, "", "", "SMART", "", "USD", "", "")


async def test_the_handshake_is_all_until_start_api(server: ApiServer) -> None:
    async with RawClient(server.port) as client:
        assert await client.greet() == ["200", "20261118 17:00:00 Coordinated Universal Time"]
        assert await client.silence()


async def test_start_in_the_captured_order(server: ApiServer) -> None:
    async with RawClient(server.port) as client:
        heard = await client.start()
    assert heard[0] == ["15", "1", "DUSIM0001"]
    assert heard[1] == ["9", "1", "1"]
    assert [message[2] for message in heard[2:]] == ["2104", "2104", "2106", "2158"]


@pytest.mark.parametrize(
    ("said", "version"),
    [("v100..226", "223"), ("v213..225", "223"), ("v157..178", "178"), ("v100..157", "157"), ("v200", "200")],
)
async def test_versions_are_agreed(server: ApiServer, said: str, version: str) -> None:
    async with RawClient(server.port, said) as client:
        assert (await client.greet())[0] == version


@pytest.mark.parametrize("said", ["v100..156", "v224..226", "nonsense", ""])
async def test_versions_that_cannot_be_agreed_end_the_connection(server: ApiServer, said: str) -> None:
    async with RawClient(server.port, said) as client:
        with pytest.raises(EOFError):
            await client.greet()


async def test_options_behind_the_version_are_taken(server: ApiServer) -> None:
    async with RawClient(server.port, "v100..223 +PACEAPI") as client:
        assert (await client.greet())[0] == "223"


async def test_no_prefix_no_answer(server: ApiServer) -> None:
    async with RawClient(server.port) as client:
        client.send_bytes(b"GET / HTTP/1.1\r\n\r\n")
        assert await client.closed()


async def test_client_ids_are_unique(server: ApiServer) -> None:
    async with RawClient(server.port) as first, RawClient(server.port) as second:
        await first.start(7)
        await second.greet()
        second.send("71", "2", 7, "")
        refusal = await second.receive()
        assert refusal[1:4] == [
            "-1",
            "326",
            "Unable connect as the client id is already in use. Retry with a unique client id.",
        ]
        assert await second.closed()
        assert await first.silence()


async def test_a_client_id_is_free_again_once_its_session_is_over(server: ApiServer) -> None:
    for _ in range(3):
        async with RawClient(server.port) as client:
            await client.start(7)
        await asyncio.sleep(0.02)


async def test_no_more_than_32_clients(server: ApiServer) -> None:
    async with AsyncExitStack() as stack:
        for number in range(32):
            await (await stack.enter_async_context(RawClient(server.port))).start(number)
        late = await stack.enter_async_context(RawClient(server.port))
        await late.greet()
        late.send("71", "2", 99, "")
        assert await late.closed()


async def test_the_time_is_not_told_twice_a_second(server: ApiServer, clock: HandClock) -> None:
    async with RawClient(server.port) as one, RawClient(server.port) as other:
        await one.start(1)
        await other.start(2)
        assert await one.answer("49", "1", end="49") == [["49", "1", str(int(NOON.timestamp()))]]
        other.send("49", "1")
        assert await other.silence()
        clock.turn(1.1)
        assert len(await other.answer("49", "1", end="49")) == 1
        one.send("105")
        assert await one.receive() == ["109", str(int((NOON.timestamp() + 1.1) * 1000))]
        one.send("105")
        assert (await one.receive())[0] == "109"


async def test_requests_before_start_api_are_refused(server: ApiServer) -> None:
    async with RawClient(server.port) as client:
        await client.greet()
        client.send("61", "1")
        assert (await client.receive())[2] == "320"


async def test_input_beyond_the_rate_is_read_later(server: ApiServer, clock: HandClock) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        for _ in range(120):
            client.send("8", "1", "1")
        heard = 0
        while not await client.silence():
            await client.receive()
            heard += 1
        assert heard == 49  # startApi took one of the fifty
        clock.turn(1.0)
        for _ in range(50):
            await client.receive()
        assert await client.silence()


async def test_contract_details(server: ApiServer) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        found = await client.answer("9", "8", "1", *SPY_STOCK, 0, "", "", "", end="52")
        assert len(found) == 2
        assert "US78462F1030" in found[0]
        chain = (0, "SPY", "OPT", TODAY, 0, "", "", "SMART", "", "USD", "", "")
        found = await client.answer("9", "8", "2", *chain, 0, "", "", "", end="52")
        assert len(found) == 243
        client.send("9", "8", "3", 0, "XYZ", *SPY_STOCK[2:], 0, "", "", "")
        assert (await client.receive())[1:4] == [
            "3",
            "200",
            "No security definition has been found for the request",
        ]
        assert await client.silence()


async def test_option_parameters(server: ApiServer) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        rows = await client.answer("78", "1", "SPY", "", "STK", SPY, end="76")
        assert {row[2] for row in of(rows, "75")} >= {"SMART", "AMEX", "CBOE"}
        assert TODAY in rows[0]
        assert await client.answer("78", "2", "XYZ", "", "STK", 1, end="76") == [["76", "2"]]


async def test_market_data_begins_in_the_captured_order(server: ApiServer, pulse: Pulse, clock: HandClock) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        first = await client.answer("1", "11", "5", *SPY_STOCK, 0, "", 0, 0, "", end="58")
        assert first == [["58", "1", "5", "1"]]
        heard = await client.until(lambda message: message[0] == "46" and message[3] == "33")
        kinds = [(message[0], message[3]) for message in heard[1:]]
        assert heard[0] == ["81", "5", "0.01", "9c0001", "3"]
        assert kinds == [
            ("46", "45"),
            ("1", "4"),
            ("2", "5"),
            ("2", "8"),
            ("1", "6"),
            ("1", "7"),
            ("1", "9"),
            ("1", "14"),
            ("1", "1"),
            ("2", "0"),
            ("1", "2"),
            ("2", "3"),
            ("46", "32"),
            ("46", "33"),
        ]
        beat(pulse, clock, 4)
        await client.until(lambda message: message[0] == "1" and message[3] == "1")
        client.send("2", "2", "5")
        while not await client.silence():
            await client.receive()
        beat(pulse, clock, 4)
        assert await client.silence()
        client.send("2", "2", "5")
        assert (await client.receive())[2] == "300"


async def test_a_snapshot_ends(server: ApiServer, gateway: Gateway) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        heard = await client.answer("1", "11", "5", *SPY_STOCK, 0, "", 1, 0, "", end="57")
        assert of(heard, "1")
        assert gateway.lines() == 0


async def test_option_ticks_carry_greeks(server: ApiServer) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        call = (spy_call().con_id, "", "", "", 0, "", "", "SMART", "", "", "", "")
        heard = await client.answer("1", "11", "5", *call, 0, "", 1, 0, "", end="57")
        assert [message[2] for message in of(heard, "21")] == ["10", "11", "12", "13"]


async def test_lines_are_counted_for_the_login(tmp_path: Path, clock: HandClock) -> None:
    async with (
        serving(tmp_path, clock, SIM_MARKET_DATA_LINES="2") as (_, server),
        RawClient(server.port) as one,
        RawClient(server.port) as other,
    ):
        await one.start(1)
        await other.start(2)
        await one.answer("1", "11", "5", *SPY_STOCK, 0, "", 0, 0, "", end="58")
        await other.answer("1", "11", "5", *SPY_STOCK, 0, "", 0, 0, "", end="58")
        [*_, refusal] = await one.answer("1", "11", "6", *SPY_STOCK, 0, "", 0, 0, "", end="4")
        assert refusal[1:4] == ["6", "101", "Max number of tickers has been reached"]
        [*_, refusal] = await one.answer("1", "11", "5", *SPY_STOCK, 0, "", 0, 0, "", end="4")
        assert refusal[2] == "322"


async def test_delayed_data_must_be_asked_for(tmp_path: Path, clock: HandClock) -> None:
    async with serving(tmp_path, clock, SIM_MARKET_DATA="delayed") as (_, server), RawClient(server.port) as client:
        await client.start()
        client.send("1", "11", "5", *SPY_STOCK, 0, "", 0, 0, "")
        assert (await client.receive())[2] == "354"
        client.send("59", "1", "3")
        client.send("1", "11", "5", *SPY_STOCK, 0, "", 1, 0, "")
        assert (await client.receive())[2] == "10167"
        heard = await client.until(lambda message: message[0] == "57")
        assert heard[0] == ["58", "1", "5", "3"]
        assert {message[3] for message in of(heard, "1")} == {"66", "67", "68", "72", "73", "75", "76"}


async def test_tick_by_tick(server: ApiServer, pulse: Pulse, clock: HandClock) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        for number, kind in enumerate(("Last", "AllLast", "BidAsk", "MidPoint"), 1):
            client.send("97", number, *SPY_STOCK, kind, 0, 1)
        await client.caught_up()
        beat(pulse, clock, 12)
        heard = []
        while not await client.silence():
            heard.append(await client.receive())
        assert {(message[1], message[2]) for message in heard} == {("1", "1"), ("2", "2"), ("3", "3"), ("4", "4")}
        client.send("97", 9, *SPY_STOCK, "Sideways", 0, 1)
        assert (await client.receive())[2] == "10189"


async def test_five_second_bars(server: ApiServer, pulse: Pulse, clock: HandClock) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        client.send("50", "3", "5", *SPY_STOCK, 5, "TRADES", 0, "")
        await client.caught_up()
        beat(pulse, clock, 41)
        times = []
        while not await client.silence():
            times.append(int((await client.receive())[3]))
        assert times == [int(NOON.timestamp()) + seconds for seconds in (-5, 0, 5)]


@pytest.mark.parametrize(("form", "date"), [(1, "20261118-16:59:00"), (2, "1795021140")])
async def test_history(server: ApiServer, form: int, date: str) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        bars = await client.answer("20", "5", *SPY_STOCK, 0, "", "1 min", "600 S", 0, "TRADES", form, 0, "", end="108")
        assert bars[0][:3] == ["17", "5", "10"]
        assert bars[0][-8] == date
        assert bars[1] == ["108", "5", "20261118-16:50:00", "20261118-17:00:00"]


async def test_history_before_196_carries_its_ends(server: ApiServer) -> None:
    async with RawClient(server.port, "v100..195") as client:
        await client.start()
        [bars] = await client.answer("20", "5", *SPY_STOCK, 0, "", "1 day", "3 D", 0, "TRADES", 1, 0, "", end="17")
        assert bars[2:5] == ["20261115-17:00:00", "20261118-17:00:00", "3"]
        assert bars[5] == "20261116"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"end": "yesterday"}, "10314"),
        ({"end": "20261118 12:00:00"}, "2174"),
        ({"duration": "1 fortnight"}, "321"),
        ({"size": "7 mins"}, "321"),
        ({"what": "GOSSIP"}, "321"),
        ({"size": "1 secs", "duration": "5 D"}, "162"),
        ({"end": "20261118-12:00:00", "keep": "1"}, "321"),
    ],
)
async def test_history_that_cannot_be(server: ApiServer, changes: dict[str, str], code: str) -> None:
    asked = {"end": "", "size": "1 min", "duration": "600 S", "what": "TRADES", "keep": "0"} | changes
    async with RawClient(server.port) as client:
        await client.start()
        client.send("20", "5", *SPY_STOCK, 0, asked["end"], asked["size"], asked["duration"], 0, asked["what"], 1,
                    asked["keep"], "")  # fmt: skip
        assert (await client.receive())[1:3] == ["5", code]


async def test_bars_kept_up_to_date(server: ApiServer, pulse: Pulse, clock: HandClock) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        await client.answer("20", "5", *SPY_STOCK, 0, "", "1 min", "600 S", 0, "TRADES", 2, 1, "", end="108")
        beat(pulse, clock, 4 * 65)
        dates = []
        while not await client.silence():
            dates.append((await client.receive())[3])
        assert sorted(set(dates)) == [str(int(NOON.timestamp())), str(int(NOON.timestamp()) + 60)]
        client.send("25", "1", "5")
        assert await client.silence()
        client.send("25", "1", "5")
        assert (await client.receive())[2:4] == ["366", "No historical data query found for ticker id:5"]


@pytest.mark.parametrize(("what", "answer"), [("TRADES", "98"), ("BID_ASK", "97"), ("MIDPOINT", "96")])
async def test_historical_ticks(server: ApiServer, what: str, answer: str) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        [ticks] = await client.answer("96", "5", *SPY_STOCK, 0, "", "20261118-16:00:00", 20, what, 0, 1, "", end=answer)
        assert ticks[:3] == [answer, "5", "20"]
        assert ticks[-1] == "1"


async def test_head_timestamp(server: ApiServer) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        assert await client.answer("87", "5", *SPY_STOCK, 0, 0, "TRADES", 1, end="88") == [
            ["88", "5", "20200102-05:00:00"]
        ]


async def test_account_summary(server: ApiServer) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        rows = await client.answer("62", "1", "5", "All", "NetLiquidation,AccountType,$LEDGER:ALL", end="64")
        assert rows[0] == ["63", "1", "5", "DUSIM0001", "AccountType", "INDIVIDUAL", ""]
        assert rows[1] == ["63", "1", "5", "DUSIM0001", "NetLiquidation", "1000000.00", "USD"]
        assert ["63", "1", "5", "All", "CashBalance", "1000000.00", "BASE"] in rows
        await client.answer("62", "1", "6", "All", "NetLiquidation", end="64")
        client.send("62", "1", "7", "All", "NetLiquidation")
        assert (await client.receive())[1:3] == ["7", "322"]


async def test_order_life_over_the_wire(server: ApiServer, pulse: Pulse, clock: HandClock) -> None:
    async with RawClient(server.port) as client, RawClient(server.port) as watcher:
        await client.start(7)
        await watcher.start(8)
        await watcher.answer("61", "1", end="62")
        await watcher.answer("6", "2", "1", "", end="54")
        client.send(*market_order(1))
        placed = await client.until(lambda message: message[0] == "3")
        assert [message[0] for message in placed] == ["5", "3"]
        beat(pulse, clock)
        heard = await client.until(lambda message: message[0] == "59")
        assert [message[0] for message in heard] == ["11", "5", "3", "5", "3", "59"]
        assert [message[2] for message in of(heard, "3")] == ["Filled", "Filled"]
        moved = await watcher.until(lambda message: message[0] == "8")
        assert of(moved, "61")[0][14] == "1"
        assert of(moved, "3") == []
        client.send("7", "3", "5", 0, "", "", "", "", "", "", 2147483647, 0)
        found = await client.until(lambda message: message[0] == "55")
        assert [message[0] for message in found] == ["11", "59", "55"]
        done = await client.answer("99", "0", end="102")
        assert [message[0] for message in done] == ["101", "102"]
        client.send("92", "5", "DUSIM0001", "")
        assert (await client.receive())[:2] == ["94", "5"]
        client.send("94", "6", "DUSIM0001", "", SPY)
        assert (await client.receive())[:3] == ["95", "6", "1"]
        client.send("94", "6", "DUSIM0001", "", 265598)
        assert (await client.receive())[2] == "2150"


async def test_open_orders_own_and_all(server: ApiServer) -> None:
    async with RawClient(server.port) as one, RawClient(server.port) as other:
        await one.start(1)
        await other.start(2)
        one.send(*market_order(1, orderType="LMT", lmtPrice="1.0"))
        await one.until(lambda message: message[0] == "3" and message[2] == "Submitted")
        assert await other.answer("5", "1", end="53") == [["53", "1"]]
        shown = await other.answer("16", "1", end="53")
        assert [message[0] for message in shown] == ["5", "3", "53"]
        other.send("15", "1", "1")
        assert (await other.receive())[2] == "321"


async def test_orders_outlive_their_session(server: ApiServer) -> None:
    async with RawClient(server.port) as client:
        await client.start(7)
        client.send(*market_order(3, orderType="LMT", lmtPrice="1.0"))
        await client.until(lambda message: message[0] == "3")
    await asyncio.sleep(0.02)
    async with RawClient(server.port) as client:
        assert (await client.start(7))[1] == ["9", "1", "4"]
        assert len(await client.answer("5", "1", end="53")) == 3


async def test_what_if_previews_and_places_nothing(server: ApiServer, gateway: Gateway) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        client.send(*market_order(1, whatIf="1"))
        shown = await client.receive()
        assert shown[0] == "5"
        assert await client.silence()
        assert gateway.broker.book.orders == {}
        client.send(*market_order(1))
        assert (await client.receive())[0] == "5"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"orderType": "MAGIC"}, "321"),
        ({"orderType": "TRAIL"}, "321"),
        ({"orderType": "VOL"}, "387"),
        ({"orderType": "PEG MKT"}, "387"),
        ({"action": "HOLD"}, "321"),
        ({"totalQuantity": "0"}, "321"),
        ({"tif": "NEVER"}, "321"),
        ({"tif": "GTD"}, "321"),
        ({"goodAfterTime": "soon"}, "321"),
        ({"algoStrategy": "Magic"}, "439"),
        ({"orderType": "MTL", "algoStrategy": "Adaptive"}, "442"),
        ({"discretionaryAmt": "0.1"}, "325"),
        ({"minQty": "5"}, "321"),
        ({"whatIf": "1", "transmit": "0"}, "413"),
        ({"orderType": "STP", "auxPrice": "1", "adjustedOrderType": "TRAIL", "triggerPrice": ""}, "361"),
        ({"orderType": "STP", "auxPrice": "1", "adjustedOrderType": "STP", "triggerPrice": "2"}, "362"),
        ({"account": "U1"}, "321"),
        ({"orderType": "LMT"}, "321"),
        ({"orderType": "STP"}, "321"),
        ({"orderType": "LMT", "lmtPrice": "1.001"}, "110"),
        ({"parentId": "99"}, "10006"),
        ({"algoStrategy": ""}, ""),
    ],
)
async def test_orders_that_are_refused(server: ApiServer, changes: dict[str, str], code: str) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        client.send(*market_order(1, **changes))
        answer = await client.receive()
        assert (answer[1:3] == ["1", code]) if code else (answer[0] == "5")


async def test_read_only(tmp_path: Path, clock: HandClock) -> None:
    async with serving(tmp_path, clock, READ_ONLY_API="yes") as (_, server), RawClient(server.port) as client:
        await client.start()
        client.send(*market_order(1))
        assert (await client.receive())[1:3] == ["1", "321"]
        for request in (("5", "1"), ("16", "1"), ("99", "0"), ("58", "", "")):
            client.send(*request)
            refusal = await client.receive()
            assert refusal[1:3] == ["-1", "321"]
            assert "Read-Only" in refusal[3]
        assert (await client.answer("61", "1", end="62"))[-1] == ["62", "1"]


async def test_nonsense_is_refused_and_the_session_goes_on(server: ApiServer) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        for payload in (b"", b"\0", b"x\0", b"999\0", b"3\0", b"\xff\xfe\0", b"9\x008\0", b"1" * 5000):
            client.send_bytes(frame(payload))
            assert (await client.receive())[2] == "320"
        assert (await client.answer("8", "1", "1", end="9"))[0][0] == "9"


async def test_a_frame_beyond_all_bounds_ends_only_its_session(server: ApiServer) -> None:
    async with RawClient(server.port) as bad, RawClient(server.port) as good:
        await good.start(1)
        await bad.start(2)
        bad.send_bytes(b"\xff\xff\xff\xff")
        assert await bad.closed()
        assert (await good.answer("8", "1", "1", end="9"))[0][0] == "9"


async def test_a_burst_never_looks_empty_to_ibapi(server: ApiServer, gateway: Gateway) -> None:
    """ibapi throws away a burst of exactly n × 4096 bytes; the last byte then comes a moment later."""
    async with RawClient(server.port) as client:
        await client.start()
        [session] = gateway.sessions
        sizes: list[int] = []
        write = session._writer.write
        session._writer.write = lambda data: (sizes.append(len(data)), write(data))[1]  # type: ignore[method-assign, func-returns-value]
        filler = "x" * (4096 - 4 - len("46|6|5|45|") - 1)
        session.send(TickString(45, filler, req_id=5))
        assert (await client.receive())[4] == filler
        assert sizes == [4095, 1]


def market_order(order_id: int, **changes: str) -> list[str | int | float]:
    """placeOrder at version 200 for a share of SPY."""
    return [3, order_id, *place_order("SPY", **changes)]
