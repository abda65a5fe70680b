"""Market data over a socket: generic ticks, depth, tick by tick, bars, calculations, and every refusal."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from gateway.simulator.api.pulse import Pulse
from tests.unit.simulator.raw import Message, RawClient, of
from tests.unit.simulator.rig import AAPL, NOON, HandClock, beat, spy_call
from tests.unit.simulator.run import serving

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.simulator.api.gateway import Gateway
    from gateway.simulator.api.server import ApiServer

SPY_STOCK = (0, "SPY", "STK", "", 0, "", "", "SMART", "", "USD", "", "")
QQQ_STOCK = (0, "QQQ", "STK", "", 0, "", "", "SMART", "", "USD", "", "")
AAPL_STOCK = (0, "AAPL", "STK", "", 0, "", "", "SMART", "", "USD", "", "")
CALL = (spy_call().con_id, "", "", "", 0, "", "", "SMART", "", "", "", "")
FX = (0, "EUR", "CASH", "", 0, "", "", "IDEALPRO", "", "USD", "", "")
INDEX = (0, "SPX", "IND", "", 0, "", "", "CBOE", "", "USD", "", "")


async def everything(client: RawClient) -> list[Message]:
    """What has been sent up to now."""
    return await client.caught_up()


def quotes(req_id: int, contract: tuple[str | int, ...], generic: str = "", snapshot: int = 0) -> tuple[str | int, ...]:
    return ("1", "11", req_id, *contract, 0, generic, snapshot, 0, "")


async def refused(client: RawClient, *request: str | int | float) -> Message:
    """Code and text of the refusal that a request meets."""
    client.send(*request)
    refusal = await client.receive()
    assert refusal[0] == "4"
    return refusal[2:4]


# -- quotes ------------------------------------------------------------------------------------------------------------


async def test_two_listeners_hear_the_same(server: ApiServer, pulse: Pulse, clock: HandClock) -> None:
    async with RawClient(server.port) as one, RawClient(server.port) as other:
        await one.start(1)
        await other.start(2)
        one.send(*quotes(5, SPY_STOCK))
        other.send(*quotes(1234567, SPY_STOCK))
        await everything(other)
        await everything(one)
        beat(pulse, clock, 6)
        first, second = await everything(one), await everything(other)
    assert first
    assert [[field for field in message if field != "5"] for message in first] == [
        [field for field in message if field not in ("5", "1234567")] for message in second
    ]


async def test_who_comes_later_is_told_everything(server: ApiServer, pulse: Pulse, clock: HandClock) -> None:
    async with RawClient(server.port) as one, RawClient(server.port) as other:
        await one.start(1)
        await other.start(2)
        one.send(*quotes(5, SPY_STOCK))
        await everything(one)
        beat(pulse, clock, 3)
        other.send(*quotes(5, SPY_STOCK))
        heard = await everything(other)
        assert [(message[0], message[3]) for message in heard[2:8]] == [
            ("46", "45"), ("1", "4"), ("2", "5"), ("2", "8"), ("1", "6"), ("1", "7"),
        ]  # fmt: skip


async def test_highs_and_lows_are_those_of_the_trades(server: ApiServer, pulse: Pulse, clock: HandClock) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        client.send(*quotes(5, SPY_STOCK))
        heard = await everything(client)
        for _ in range(40):  # an hour and a half, in which the day's range widens
            clock.turn(120)
            pulse.beat()
        heard += await everything(client)
    prices: dict[str, list[float]] = {"4": [], "6": [], "7": []}
    for message in of(heard, "1"):
        if message[3] in prices:
            prices[message[3]].append(float(message[4]))
    assert len(prices["6"]) + len(prices["7"]) > 2
    assert prices["6"] == sorted(set(prices["6"]))
    assert prices["7"] == sorted(set(prices["7"]), reverse=True)
    assert max(prices["4"]) <= prices["6"][-1]
    assert min(prices["4"]) >= prices["7"][-1]


async def test_forex_has_no_trades_and_five_decimals(server: ApiServer) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        client.send(*quotes(5, FX))
        heard = await everything(client)
        assert not [message for message in heard if message[0] in ("1", "2") and message[3] in ("4", "5", "8")]
        [bid] = [message[4] for message in of(heard, "1") if message[3] == "1"]
        assert len(bid.partition(".")[2]) == 5


async def test_an_index_has_a_level_and_no_quotes(server: ApiServer) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        client.send(*quotes(5, INDEX))
        heard = await everything(client)
        assert [(message[0], message[3]) for message in heard[2:]] == [
            ("46", "45"), ("1", "4"), ("1", "6"), ("1", "7"), ("1", "9"), ("1", "14"),
        ]  # fmt: skip


async def test_generic_ticks(server: ApiServer, pulse: Pulse, clock: HandClock) -> None:
    every = (
        "100,101,104,105,106,165,220,221,225,232,233,236,258,293,294,295,318,375,411,456,460,577,586,587,588,595,614,"
        "619,623"
    )
    async with RawClient(server.port) as client:
        await client.start()
        client.send(*quotes(5, SPY_STOCK, "mdoff," + every))
        heard = await everything(client)
        assert {message[0] for message in heard} == {"1", "2", "45", "46"}
        beat(pulse, clock, 20)
        heard += await everything(client)
        kinds = {int(message[3]) for message in heard}
        assert kinds == {
            15, 16, 17, 18, 19, 20, 21, 23, 24, 27, 28, 29, 30, 34, 35, 36, 37, 46, 47, 48, 54, 55, 56, 57, 58, 59, 61,
            63, 64, 65, 77, 78, 79, 87, 89, 96, 97, 98, 99,
        }  # fmt: skip
        sales = [message[4].split(";") for message in heard if message[3] == "48"]
        assert len(sales) > 5
        assert all(len(sale) == 6 and sale[5] == "true" and float(sale[0]) > 0 for sale in sales)
        assert [int(sale[2]) for sale in sales] == sorted({int(sale[2]) for sale in sales})


async def test_generic_ticks_come_on_top_of_quotes(server: ApiServer, pulse: Pulse, clock: HandClock) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        client.send(*quotes(5, SPY_STOCK, "236"))
        heard = await everything(client)
        assert [message[3] for message in heard[-2:]] == ["46", "89"]
        assert of(heard, "58")
        beat(pulse, clock, 20)
        assert not [message for message in await everything(client) if message[3] in ("46", "89") and message[0] != "1"]


async def test_generic_ticks_that_cannot_be(server: ApiServer, gateway: Gateway) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        code, text = await refused(client, *quotes(5, SPY_STOCK, "233,999"))
        assert code == "321"
        assert "Incorrect generic tick list of 233,999.  Legal ones for (STK) are: 100(Option Volume)," in text
        code, text = await refused(client, *quotes(5, SPY_STOCK, "233", snapshot=1))
        assert (code, text.partition("cause - ")[2]) == (
            "321",
            "Snapshot market data subscription is not applicable to generic ticks",
        )
        assert gateway.lines() == 0


async def test_headlines_come_as_ticks(server: ApiServer, pulse: Pulse, clock: HandClock) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        client.send(*quotes(5, AAPL_STOCK, "mdoff,292"))
        assert await client.silence()
        clock.turn(6 * 3600)
        pulse.beat()
        heard = await everything(client)
        assert heard
        assert {(message[0], message[1]) for message in heard} == {("84", "5")}
        begun = NOON.timestamp() * 1000
        assert all(begun < int(message[2]) <= begun + 6.1 * 3600e3 for message in heard)


async def test_who_read_too_slowly_is_told_the_state(
    server: ApiServer, gateway: Gateway, pulse: Pulse, clock: HandClock
) -> None:
    """And once: what has changed since, or everything, if others were told of it meanwhile."""
    async with RawClient(server.port) as slow, RawClient(server.port) as prompt:
        await slow.start(1)
        slow.send(*quotes(5, SPY_STOCK))
        await everything(slow)
        session = gateway.client(1)
        assert session is not None
        for others in (False, True):
            if others:
                await prompt.start(2)
                prompt.send(*quotes(5, SPY_STOCK))
                await everything(prompt)
            session.silence()
            beat(pulse, clock, 20)
            session.speak()
            assert await slow.silence()
            beat(pulse, clock)
            heard = [message[3] for message in of(await everything(slow), "1")]
            assert len(heard) == len(set(heard))
            assert {"1", "2", "4"} <= set(heard)
            assert ("14" in heard) is others


async def test_a_spread_costs_what_its_legs_cost(server: ApiServer) -> None:
    bag = (0, "SPY", "BAG", "", 0, "", "", "SMART", "", "USD", "", "")
    long, short = spy_call(600.0).con_id, spy_call(602.0).con_id
    async with RawClient(server.port) as client:
        await client.start()
        client.send("1", "11", 5, *bag, 2, long, 1, "BUY", "SMART", short, 1, "SELL", "SMART", 0, "", 0, 0, "")
        for number, con_id in enumerate((long, short), 6):
            client.send(*quotes(number, (con_id, *CALL[1:])))
        heard = of(await everything(client), "1")
        touch = {(message[2], message[3]): float(message[4]) for message in heard}
        assert touch["5", "1"] == pytest.approx(touch["6", "1"] - touch["7", "2"])
        assert touch["5", "2"] == pytest.approx(touch["6", "2"] - touch["7", "1"])
        assert (await refused(client, "1", "11", 9, *bag, 1, long, 0, "BUY", "SMART", 0, "", 0, 0, ""))[0] == "320"


async def test_frozen_data_and_the_close(tmp_path: Path) -> None:
    """At eight in the evening the exchange stops: live lines lose their bid and ask, frozen ones keep them."""
    clock = HandClock(dt.datetime(2026, 11, 19, 0, 59, 50, tzinfo=dt.UTC))
    async with (
        serving(tmp_path, clock, SIM_CALENDAR="XNYS") as (gateway, server),
        RawClient(server.port) as live,
        RawClient(server.port) as frozen,
    ):
        pulse = Pulse(gateway)
        await live.start(1)
        await frozen.start(2)
        frozen.send("59", "1", "2")
        for client in (live, frozen):
            client.send(*quotes(5, SPY_STOCK))
            assert (await client.receive())[3] == "1"
            await everything(client)
        beat(pulse, clock, 39)
        for client in (live, frozen):
            await everything(client)
        beat(pulse, clock, 4)
        shut = await everything(live)
        assert {message[3]: message[4] for message in of(shut, "1")} == {"1": "-1", "2": "-1"}
        assert await everything(frozen) == [["58", "1", "5", "2"]]
        frozen.send("2", "2", "5")
        frozen.send(*quotes(6, SPY_STOCK))
        heard = await everything(frozen)
        assert heard[0] == ["58", "1", "6", "2"]
        assert heard[-1] == ["45", "6", "6", "49", "-1.0"]
        assert all(float(message[4]) > 0 for message in of(heard, "1"))
        clock.turn(8 * 3600)
        beat(pulse, clock)
        for client in (live, frozen):
            heard = await everything(client)
            assert {"1", "2"} <= {message[3] for message in of(heard, "1")}
            assert all(float(message[4]) > 0 for message in of(heard, "1"))
        assert of(heard, "58") == [["58", "1", "6", "1"]]


async def test_bars_of_regular_hours_only(tmp_path: Path) -> None:
    clock = HandClock(dt.datetime(2026, 11, 18, 14, 29, 49, tzinfo=dt.UTC))
    async with serving(tmp_path, clock, SIM_CALENDAR="XNYS") as (gateway, server), RawClient(server.port) as client:
        pulse = Pulse(gateway)
        await client.start()
        client.send("50", "3", "1", *SPY_STOCK, 5, "TRADES", 1, "")
        client.send("50", "3", "2", *SPY_STOCK, 5, "TRADES", 0, "")
        await client.caught_up()
        beat(pulse, clock, 4 * 22)
        opens = int(dt.datetime(2026, 11, 18, 14, 30, tzinfo=dt.UTC).timestamp())
        bars = await everything(client)
        assert [int(bar[3]) - opens for bar in bars if bar[2] == "1"] == [0, 5]
        assert [int(bar[3]) - opens for bar in bars if bar[2] == "2"] == [-20, -15, -10, -5, 0, 5]


# -- entitlements ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "asked", "code", "tail"),
    [
        ("delayed", 1, "354", "Delayed market data is available.SPY ARCA/TOP/ALL"),
        ("terminal", 1, "10089", "Delayed market data is available.SPY ARCA/TOP/ALL"),
        ("none", 1, "354", "Requested market data is not subscribed."),
        ("none", 3, "10168", "Delayed market data is not enabled"),
        ("delayed", 4, "10167", "Displaying delayed market data."),
    ],
)
async def test_what_is_not_subscribed(
    tmp_path: Path, clock: HandClock, level: str, asked: int, code: str, tail: str
) -> None:
    async with serving(tmp_path, clock, SIM_MARKET_DATA=level) as (gateway, server), RawClient(server.port) as client:
        await client.start()
        client.send("59", "1", asked)
        found, text = await refused(client, *quotes(5, SPY_STOCK))
        assert found == code
        assert text.endswith(tail)
        if code == "10167":
            assert await client.receive() == ["58", "1", "5", "3"]
        else:
            assert await client.silence()
            assert gateway.lines() == 0
            for request, code, service in (
                (("50", "3", "6", *SPY_STOCK, 5, "TRADES", 0, ""), "420", "Invalid Real-time Query:"),
                (("97", "7", *SPY_STOCK, "BidAsk", 0, 0), "10189", "Failed to request tick-by-tick data."),
            ):
                assert await refused(client, *request) == [
                    code,
                    f"{service}No market data permissions for ARCA STK. Requested market data requires additional "
                    "subscription for API. See link in 'Market Data Connections' dialog for more details.",
                ]
            assert (await refused(client, "10", "5", "8", *SPY_STOCK, 5, 1, ""))[0] == "354"
            assert (await refused(client, "87", "9", *SPY_STOCK, 0, 1, "TRADES", 1))[0] == "354"


async def test_options_without_their_underlying(tmp_path: Path, clock: HandClock) -> None:
    async with (
        serving(tmp_path, clock, SIM_MARKET_DATA="live,STK:delayed") as (_, server),
        RawClient(server.port) as client,
    ):
        await client.start()
        code, text = await refused(client, *quotes(5, CALL))
        assert code == "10090"
        assert text.endswith("Subscription-independent ticks are still active.Delayed market data is available."
                             "SPY ARCA/TOP/ALL")  # fmt: skip
        heard = await everything(client)
        assert of(heard, "1")
        assert not of(heard, "21")


# -- depth -------------------------------------------------------------------------------------------------------------


async def test_a_smart_book_of_twenty_rows(server: ApiServer, pulse: Pulse, clock: HandClock) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        client.send("10", "5", "9", *SPY_STOCK, 20, 1, "")
        assert await client.silence()
        beat(pulse, clock)
        heard = await everything(client)
        assert {message[0] for message in heard} == {"13"}
        assert [(message[3], message[5], message[6]) for message in heard] == [
            (str(row), "0", side) for side in ("0", "1") for row in range(20)
        ]
        assert all(message[9] == "1" and message[4] for message in heard)
        beat(pulse, clock, 10)
        assert {message[5] for message in await everything(client)} == {"1"}
        client.send("11", "1", "9", 1)
        await everything(client)
        beat(pulse, clock, 4)
        assert await client.silence()
        assert await refused(client, "11", "1", "9", 1) == [
            "310", "Can't find the subscribed market depth with tickerId:9",
        ]  # fmt: skip


async def test_the_book_of_one_exchange(server: ApiServer, pulse: Pulse, clock: HandClock) -> None:
    arca = (0, "SPY", "STK", "", 0, "", "", "ARCA", "", "USD", "", "")
    async with RawClient(server.port) as client:
        await client.start()
        client.send("10", "5", "9", *arca, 5, 0, "")
        await client.caught_up()
        beat(pulse, clock)
        assert [message[0] for message in await everything(client)] == ["12"] * 10


async def test_depth_that_cannot_be(server: ApiServer) -> None:
    async with RawClient(server.port) as client, RawClient(server.port) as other:
        await client.start(1)
        await other.start(2)
        unsupported = ["10092", "Deep market data is not supported for this combination of security type/exchange"]
        assert await refused(client, "10", "5", "1", *SPY_STOCK, 5, 0, "") == unsupported
        assert await refused(client, "10", "5", "1", *INDEX, 5, 1, "") == unsupported
        for number, contract in enumerate((SPY_STOCK, QQQ_STOCK, AAPL_STOCK, SPY_STOCK), 1):
            client.send("10", "5", number, *contract, 5, 1, "")
        assert await client.silence()
        assert (await refused(client, "10", "5", "1", *SPY_STOCK, 5, 1, ""))[0] == "322"
        assert await refused(other, "10", "5", "9", *CALL, 5, 1, "") == [
            "309", "Max number (3) of market depth requests has been reached",
        ]  # fmt: skip


async def test_a_book_with_a_gap_is_void(server: ApiServer, gateway: Gateway, pulse: Pulse, clock: HandClock) -> None:
    async with RawClient(server.port) as client, RawClient(server.port) as other:
        await client.start(1)
        await other.start(2)
        for each in (client, other):
            each.send("10", "5", "9", *SPY_STOCK, 5, 1, "")
            await each.caught_up()
        beat(pulse, clock, 2)
        await everything(client)
        session = gateway.client(1)
        assert session is not None
        session.silence()
        beat(pulse, clock, 4)
        session.speak()
        beat(pulse, clock)
        heard = await everything(client)
        assert heard[0][:3] == ["4", "9", "317"]
        assert [message[5] for message in heard[1:]] == ["0"] * 10


# -- tick by tick, bars, calculations ----------------------------------------------------------------------------------


async def test_no_more_than_five_tick_by_tick(server: ApiServer) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        for number in range(5):
            client.send("97", number, *SPY_STOCK, "BidAsk", 0, 0)
        assert await refused(client, "97", "9", *SPY_STOCK, "Last", 0, 0) == [
            "10190", "Max number of tick-by-tick requests has been reached",
        ]  # fmt: skip
        client.send("98", 0)
        client.send("97", "9", *SPY_STOCK, "Last", 0, 0)
        assert not of(await everything(client), "4")
        assert (await refused(client, "98", "77"))[0] == "300"


async def test_sizes_alone_can_be_ignored(server: ApiServer, pulse: Pulse, clock: HandClock) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        client.send("97", "1", *SPY_STOCK, "BidAsk", 0, 0)
        client.send("97", "2", *SPY_STOCK, "BidAsk", 0, 1)
        await client.caught_up()
        beat(pulse, clock, 60)
        heard = await everything(client)
    sized = [message[4:6] for message in heard if message[1] == "1"]
    priced = [message[4:6] for message in heard if message[1] == "2"]
    assert len(priced) < len(sized)
    assert all(former != latter for former, latter in pairwise(priced))


@pytest.mark.parametrize(("kind", "answer"), [("Last", "98"), ("BidAsk", "97"), ("MidPoint", "96")])
async def test_past_ticks_come_first_if_asked_for(server: ApiServer, kind: str, answer: str) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        client.send("97", "1", *SPY_STOCK, kind, 25, 0)
        past = await client.receive()
        assert past[:3] == [answer, "1", "25"]


@pytest.mark.parametrize("what", ["TRADES", "MIDPOINT", "BID", "ASK"])
async def test_bars_of_every_kind(server: ApiServer, pulse: Pulse, clock: HandClock, what: str) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        client.send("50", "3", "1", *SPY_STOCK, 5, what, 1, "")
        await client.caught_up()
        beat(pulse, clock, 21)
        bars = await everything(client)
        assert len(bars) == 2
        for bar in bars:
            opened, high, low, closed = (float(price) for price in bar[4:8])
            assert low <= min(opened, closed) <= max(opened, closed) <= high
            assert (bar[8] == "-1") is (what != "TRADES")


async def test_bars_that_cannot_be(tmp_path: Path, clock: HandClock) -> None:
    async with serving(tmp_path, clock, SIM_MARKET_DATA_LINES="1") as (_, server), RawClient(server.port) as client:
        await client.start()
        assert (await refused(client, "50", "3", "1", *SPY_STOCK, 5, "GOSSIP", 0, "")) == [
            "321", "Error validating request.-'bS' : cause - What to show field is missing or incorrect.",
        ]  # fmt: skip
        client.send("50", "3", "1", *SPY_STOCK, 5, "TRADES", 0, "")
        assert (await refused(client, "50", "3", "1", *SPY_STOCK, 5, "TRADES", 0, ""))[0] == "322"
        assert await refused(client, "50", "3", "2", *SPY_STOCK, 5, "TRADES", 0, "") == [
            "456", "Max number of real time requests has been reached",
        ]  # fmt: skip


async def test_volatility_and_price_are_each_others_inverse(server: ApiServer) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        priced = (await client.answer("55", "3", "1", *CALL, 0.25, 601.0, "", end="21"))[-1]
        assert priced[:4] == ["21", "1", "53", "0"]
        assert (float(priced[4]), priced[11]) == (0.25, "601")
        solved = (await client.answer("54", "3", "2", *CALL, priced[6], 601.0, "", end="21"))[-1]
        assert float(solved[4]) == pytest.approx(0.25, abs=1e-6)
        # Less than it is worth if exercised: no volatility explains that.
        low = (await client.answer("54", "3", "3", *CALL, 0.01, 650.0, "", end="21"))[-1]
        assert low[4] == "-1"
        assert (await refused(client, "55", "3", "4", *SPY_STOCK, 0.25, 601.0, ""))[0] == "321"
        for request_id in ("56", "57"):
            client.send(request_id, "1", "1")
        assert await client.silence()


async def test_the_model_agrees_with_the_calculation(server: ApiServer) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        client.send(*quotes(5, CALL))
        ticks = {message[2]: message for message in of(await everything(client), "21")}
        model = ticks["13"]
        solved = (await client.answer("54", "3", "6", *CALL, model[6], model[11], "", end="21"))[-1]
        # The model knows the underlying to more than the two decimals that are told.
        assert float(solved[4]) == pytest.approx(float(model[4]), abs=0.02)
        assert float(ticks["10"][4]) < float(model[4]) < float(ticks["11"][4])


async def test_the_contract_of_a_line_is_known(server: ApiServer, gateway: Gateway) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        client.send(*quotes(1, AAPL_STOCK))
        client.send("97", "2", *AAPL_STOCK, "BidAsk", 0, 0)
        client.send("50", "3", "3", *AAPL_STOCK, 5, "TRADES", 0, "")
        client.send("10", "5", "4", *AAPL_STOCK, 5, 1, "")
        await everything(client)
        [session] = gateway.sessions
        assert session.line_ids() == [1, 2, 3, 4]
        assert [session.contract_id(number) for number in range(6)] == [None, AAPL, AAPL, AAPL, AAPL, None]
        for number in range(1, 5):
            session.forget_line(number)
        assert session.line_ids() == []
