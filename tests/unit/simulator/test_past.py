"""Queries for the past over a socket: bars, ticks, schedules, histograms, and how they are refused."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from gateway.simulator.api.pulse import Pulse
from tests.unit.simulator.raw import Message, RawClient
from tests.unit.simulator.rig import NOON, HandClock, spy_call
from tests.unit.simulator.run import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.simulator.api.gateway import Gateway
    from gateway.simulator.api.server import ApiServer

SPY_STOCK = (0, "SPY", "STK", "", 0, "", "", "SMART", "", "USD", "", "")
EUR = (0, "EUR", "CASH", "", 0, "", "", "IDEALPRO", "", "USD", "", "")
SPX = (0, "SPX", "IND", "", 0, "", "", "CBOE", "", "USD", "", "")
EPOCH = int(NOON.timestamp())

type Row = list[str]


@pytest_asyncio.fixture
async def client(server: ApiServer) -> AsyncIterator[RawClient]:
    async with RawClient(server.port) as made:
        await made.start()
        yield made


def ask(
    client: RawClient, req_id: int, contract: tuple[str | int, ...] = SPY_STOCK, *, end: str = "",
    size: str = "1 min", duration: str = "600 S", regular: int = 0, what: str = "TRADES", form: int = 2, live: int = 0,
) -> None:  # fmt: skip
    client.send("20", req_id, *contract, 0, end, size, duration, regular, what, form, live, "")


async def rows(client: RawClient, **query: str | int | tuple[str | int, ...]) -> list[Row]:
    """The bars of a query: date, open, high, low, close, volume, average, count."""
    ask(client, 5, **query)  # type: ignore[arg-type]
    bars, end = await client.until(lambda message: message[0] in ("108", "4"))
    assert (bars[0], end[0]) == ("17", "108")
    flat = bars[3:]
    assert len(flat) == 8 * int(bars[2])
    return [flat[at : at + 8] for at in range(0, len(flat), 8)]


async def refusal(client: RawClient) -> Row:
    message = await client.receive()
    assert message[0] == "4"
    return message[1:4]


# -- bars --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "duration", "count"),
    [
        ("1 secs", "60 S", 60),
        ("5 secs", "60 S", 12),
        ("30 secs", "600 S", 20),
        ("2 mins", "600 S", 5),
        ("1 hour", "1 D", 24),
        ("8 hours", "1 D", 5),
        ("1 day", "1 W", 7),
        ("1 week", "1 M", 5),
        ("1 month", "1 Y", 12),
        ("3 months", "1 Y", 4),
        ("1 year", "1 Y", 1),
    ],
)
async def test_all_sizes(client: RawClient, size: str, duration: str, count: int) -> None:
    found = await rows(client, size=size, duration=duration)
    assert len(found) == count or (size == "1 secs" and count - 5 <= len(found) < count)  # silent seconds have no bar
    for _, opened, high, low, close, volume, average, trades in found:
        assert float(low) <= min(float(opened), float(close)) <= max(float(opened), float(close)) <= float(high)
        assert float(low) <= float(average) <= float(high)
        assert float(volume) > 0
        assert int(trades) > 0


@pytest.mark.parametrize(
    ("form", "size", "date"),
    [
        (1, "1 min", "20261118-16:50:00"),
        (2, "1 min", str(EPOCH - 600)),
        (3, "1 min", "1118-16:50:00"),
        (1, "1 day", "20261118"),
        (2, "1 day", "20261118"),
    ],
)
async def test_forms_of_dates(client: RawClient, form: int, size: str, date: str) -> None:
    assert (await rows(client, size=size, form=form))[0][0] == date


@pytest.mark.parametrize("what", ["MIDPOINT", "BID", "ASK", "BID_ASK", "HISTORICAL_VOLATILITY", "FEE_RATE",
                                  "OPTION_IMPLIED_VOLATILITY"])  # fmt: skip
async def test_kinds_without_volume(client: RawClient, what: str) -> None:
    for _, opened, high, low, close, *rest in await rows(client, what=what, size="1 hour", duration="1 D"):
        assert 0 < float(low) <= min(float(opened), float(close)) <= max(float(opened), float(close)) <= float(high)
        assert rest == ["-1", "-1", "-1"]


async def test_adjusted_is_as_traded(client: RawClient) -> None:
    """There are no splits and dividends in this world."""
    assert await rows(client, what="ADJUSTED_LAST") == await rows(client)


async def test_a_bar_is_its_seconds(client: RawClient) -> None:
    """One bar a minute says what twelve of five seconds say."""
    minute = (await rows(client, duration="60 S"))[0]
    parts = await rows(client, duration="60 S", size="5 secs")
    assert (minute[1], minute[4]) == (parts[0][1], parts[-1][4])
    assert float(minute[2]) <= max(float(part[2]) for part in parts)
    assert float(minute[3]) >= min(float(part[3]) for part in parts)
    assert float(minute[5]) == sum(float(part[5]) for part in parts)


async def test_a_query_that_ends_in_the_past(client: RawClient) -> None:
    found = await rows(client, end="20261117 12:00:00 US/Eastern", duration="120 S")
    assert [row[0] for row in found] == [str(EPOCH - 86400 - 120), str(EPOCH - 86400 - 60)]


async def test_an_end_in_the_future_is_now(client: RawClient) -> None:
    assert await rows(client, end="20301117-12:00:00") == await rows(client)


async def test_no_zone_is_warned_of_and_answered(client: RawClient) -> None:
    ask(client, 5, end="20261118 12:00:00", duration="60 S")
    assert (await refusal(client))[:2] == ["5", "2174"]
    assert (await client.receive())[:3] == ["17", "5", "1"]


@pytest.mark.parametrize(
    ("contract", "query", "why"),
    [
        (EUR, {"what": "TRADES"}, "No historical market data for EUR/CASH@IDEALPRO Trades"),
        (SPX, {"what": "BID"}, "No historical market data for SPX/IND@CBOE Bid"),
        (SPY_STOCK, {"what": "YIELD_BID"}, "No historical market data for SPY/STK@SMART Yield_Bid"),
        (SPY_STOCK, {"end": "20190101-12:00:00"}, "HMDS query returned no data: SPY@SMART Trades"),
        (SPY_STOCK, {"size": "1 secs", "duration": "5 D"}, "Time length exceed max."),
    ],
)
async def test_what_the_service_has_not(
    client: RawClient, contract: tuple[str | int, ...], query: dict[str, str], why: str
) -> None:
    ask(client, 5, contract, **query)  # type: ignore[arg-type]
    assert await refusal(client) == ["5", "162", f"Historical Market Data Service error message:{why}"]


async def test_currencies_have_midpoints(client: RawClient) -> None:
    ask(client, 5, EUR, what="MIDPOINT", duration="60 S")
    bars = await client.receive()
    assert bars[:3] == ["17", "5", "1"]
    assert 0.5 < float(bars[4]) < 2


async def test_small_bars_are_paced_and_others_not(client: RawClient, clock: HandClock) -> None:
    assert len(await rows(client, size="5 secs", duration="60 S")) == 12
    ask(client, 6, size="5 secs", duration="60 S")
    assert await refusal(client) == [
        "6",
        "162",
        "Historical Market Data Service error message:Historical data request pacing violation",
    ]
    for _ in range(8):
        await rows(client)
    clock.turn(15)
    assert len(await rows(client, size="5 secs", duration="60 S")) == 12


async def test_fifty_at_once(client: RawClient, clock: HandClock) -> None:
    for req_id in range(100, 150):
        clock.turn(0.1)
        ask(client, req_id, live=1)
        await client.until(lambda message: message[0] == "108")
    ask(client, 150)
    assert await refusal(client) == [
        "150",
        "322",
        "Error processing request.-'bW' : cause - Only 50 simultaneous API historical data requests allowed.",
    ]


# -- kept up to date ---------------------------------------------------------------------------------------------------


async def test_a_live_bar_ends_as_its_history(client: RawClient, gateway: Gateway, clock: HandClock) -> None:
    ask(client, 5, live=1)
    await client.until(lambda message: message[0] == "108")
    pulse = Pulse(gateway)
    updates: dict[str, Message] = {}
    for _ in range(4 * 65):
        clock.turn(0.25)
        pulse.beat()
    while not await client.silence(0.1):
        message = await client.receive()
        assert message[:2] == ["90", "5"]
        updates[message[3]] = message
    assert list(updates) == [str(EPOCH), str(EPOCH + 60)]
    [whole] = await rows_of(client, 6, duration="60 S", end="20261118-17:01:00")
    count, date, opened, close, high, low, average, volume = updates[str(EPOCH)][2:]
    assert whole == [date, opened, high, low, close, volume, average, count]


async def rows_of(client: RawClient, req_id: int, **query: str | int) -> list[Row]:
    ask(client, req_id, **query)  # type: ignore[arg-type]
    bars, _ = await client.until(lambda message: message[0] == "108")
    return [bars[3:][at : at + 8] for at in range(0, len(bars) - 3, 8)]


async def test_live_bars_are_lost_with_the_link(client: RawClient, gateway: Gateway, clock: HandClock) -> None:
    ask(client, 5, live=1)
    await client.until(lambda message: message[0] == "108")
    gateway.upstream_lost = True
    clock.turn(0.25)
    Pulse(gateway).beat()
    assert await refusal(client) == ["5", "10182", "Failed to request live updates (disconnected)."]
    gateway.upstream_lost = False
    client.send("25", "1", "5")
    assert (await refusal(client))[1] == "366"


# -- ticks -------------------------------------------------------------------------------------------------------------


async def ticks(client: RawClient, start: str, end: str, count: int, what: str, answer: str) -> list[Row]:
    client.send("96", 5, *SPY_STOCK, 0, start, end, count, what, 0, 0, "")
    message = await client.receive()
    assert (message[0], message[-1]) == (answer, "1")
    width = {"96": 4, "97": 6, "98": 6}[answer]
    flat = message[3:-1]
    return [flat[at : at + width] for at in range(0, len(flat), width)]


async def test_ticks_from_a_start_and_to_an_end_are_the_same(client: RawClient) -> None:
    to_end = await ticks(client, "", "20261118-16:00:00", 50, "TRADES", "98")
    assert len(to_end) == 50
    first = int(to_end[0][0])
    from_start = await ticks(client, f"20261118-{first // 3600 % 24:02}:{first // 60 % 60:02}:{first % 60:02}", "", 60,
                             "TRADES", "98")  # fmt: skip
    assert [tick for tick in from_start if int(tick[0]) > first][:40] == [t for t in to_end if int(t[0]) > first][:40]


async def test_trades_of_a_minute_are_within_its_bar(client: RawClient) -> None:
    found = await ticks(client, "20261118-16:00:00", "", 1000, "TRADES", "98")
    start = EPOCH - 3600
    prices = [float(tick[2]) for tick in found if int(tick[0]) < start + 60]
    [bar] = await rows(client, end="20261118-16:01:00", duration="60 S")
    assert (float(bar[1]), float(bar[4])) == (prices[0], prices[-1])
    assert min(prices) <= float(bar[3]) <= float(bar[2]) <= max(prices)


async def test_quotes_are_told_when_they_change(client: RawClient) -> None:
    found = await ticks(client, "", "20261118-16:00:00", 100, "BID_ASK", "97")
    assert all(one[2:] != other[2:] for one, other in pairwise(found))


@pytest.mark.parametrize(
    ("start", "end", "code"), [("yesterday", "", "10314"), ("", "20261118", "10314"), ("20261118 12:00:00", "", "2174")]
)
async def test_ticks_with_wrong_times(client: RawClient, start: str, end: str, code: str) -> None:
    client.send("96", 5, *SPY_STOCK, 0, start, end, 1, "TRADES", 0, 0, "")
    assert (await refusal(client))[1] == code


async def test_trades_by_the_name_of_crypto(client: RawClient) -> None:
    client.send("96", 5, *SPY_STOCK, 0, "", "20261118-16:00:00", 1, "AGGTRADES", 0, 0, "")
    assert await refusal(client) == [
        "5", "10299", "Expected what to show is TRADES, please use that instead of AGGTRADES.",
    ]  # fmt: skip
    assert (await client.receive())[:3] == ["98", "5", "1"]


async def test_index_quotes_do_not_exist(client: RawClient) -> None:
    client.send("96", 5, *SPX, 0, "", "", 1, "BID_ASK", 0, 0, "")
    assert (await refusal(client))[1] == "10187"


# -- head timestamps, schedules, histograms ----------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "at"), [(1, "20200102-05:00:00"), (2, "1577941200"), (3, "0102 05:00:00")])
async def test_head_timestamps(client: RawClient, form: int, at: str) -> None:
    assert await client.answer("87", 5, *SPY_STOCK, 0, 1, "TRADES", form, end="88") == [["88", "5", at]]


@pytest.mark.parametrize(
    ("contract", "what", "code"),
    [(EUR, "TRADES", "162"), (SPY_STOCK, "GOSSIP", "321"), ((0, "", *SPY_STOCK[2:]), "BID", "200")],
)
async def test_heads_that_are_not(client: RawClient, contract: tuple[str | int, ...], what: str, code: str) -> None:
    client.send("87", 5, *contract, 0, 1, what, 1)
    assert (await refusal(client))[1] == code


async def test_schedule(client: RawClient) -> None:
    ask(client, 5, size="1 day", duration="3 D", what="SCHEDULE")
    message = await client.receive()
    assert message[:6] == ["106", "5", "20261116-00:00:00", "20261119-00:00:00", "US/Eastern", "3"]
    assert message[6:9] == ["20261116-00:00:00", "20261117-00:00:00", "20261116"]


async def test_a_histogram_holds_what_was_traded(client: RawClient) -> None:
    [message] = await client.answer("88", 5, *SPY_STOCK, 0, 0, "2 days", end="89")
    flat = message[3:]
    assert len(flat) == 2 * int(message[2])
    prices, sizes = [float(price) for price in flat[::2]], [float(size) for size in flat[1::2]]
    assert prices == sorted(set(prices))
    days = await rows(client, size="1 hour", duration="2 D")
    assert sum(sizes) == pytest.approx(sum(float(day[5]) for day in days), rel=0.01)
    assert min(float(day[3]) for day in days) - 1e-9 <= prices[0] + 2
    client.send("89", 5)
    assert await client.silence()


async def test_a_histogram_of_nonsense(client: RawClient) -> None:
    client.send("88", 5, *SPY_STOCK, 0, 0, "2 fortnights")
    assert (await refusal(client))[:2] == ["5", "10188"]


# -- what a login may see ----------------------------------------------------------------------------------------------


async def test_without_a_subscription_there_is_no_past(tmp_path: Path, clock: HandClock) -> None:
    async with serving(tmp_path, clock, SIM_MARKET_DATA="delayed") as (_, server), RawClient(server.port) as client:
        await client.start()
        ask(client, 5)
        assert await refusal(client) == [
            "5",
            "162",
            "Historical Market Data Service error message:No market data permissions for ARCA STK. Requested market "
            "data requires additional subscription for API. See link in 'Market Data Connections' dialog for more "
            "details.",
        ]
        client.send("96", 5, *SPY_STOCK, 0, "", "", 1, "TRADES", 0, 0, "")
        assert await refusal(client) == [
            "5", "10187", "Failed to request historical ticks:No market data permissions for ARCA STK",
        ]  # fmt: skip
        client.send("88", 5, *SPY_STOCK, 0, 0, "2 days")
        assert (await refusal(client))[1] == "10188"


# -- other instruments -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["YIELD_BID", "YIELD_ASK", "YIELD_BID_ASK", "YIELD_LAST"])
async def test_yields_of_a_bond(client: RawClient, gateway: Gateway, what: str) -> None:
    [bond] = [found for found in gateway.instruments.listed() if found.product.bond and found.symbol == "US-T"]
    contract = (bond.con_id, "", "BOND", "", 0, "", "", "SMART", "", "USD", "", "")
    for row in await rows(client, contract=contract, what=what, size="1 hour", duration="1 D"):
        assert 3.5 < float(row[3]) <= float(row[2]) < 5.5
        assert row[5:] == ["-1", "-1", "-1"]


async def test_combinations_have_midpoints(client: RawClient, gateway: Gateway) -> None:
    legs = (2, spy_call(600.0).con_id, 1, "BUY", "SMART", spy_call(605.0).con_id, 1, "SELL", "SMART")
    bag = (0, "SPY", "BAG", "", 0, "", "", "SMART", "", "USD", "", "")
    client.send("20", 5, *bag, 0, "", "1 min", "60 S", 0, "MIDPOINT", 2, *legs, 0, "")
    [bars] = [m for m in await client.until(lambda message: message[0] in ("108", "4")) if m[0] == "17"]
    assert 0 < float(bars[4]) < 5


async def test_an_index_has_levels_and_no_volume(client: RawClient) -> None:
    for row in await rows(client, contract=SPX, duration="60 S"):
        assert float(row[1]) > 1000
        assert row[5] == "0"


async def test_a_coin_trades_in_fractions(client: RawClient) -> None:
    coin = (0, "BTC", "CRYPTO", "", 0, "", "", "PAXOS", "", "USD", "", "")
    ask(client, 5, coin)
    assert await refusal(client) == [
        "5", "10299", "Expected what to show is AGGTRADES, please use that instead of TRADES.",
    ]  # fmt: skip
    volumes = [float(row[5]) for row in await rows(client, contract=coin, what="AGGTRADES")]
    assert all(volume > 0 for volume in volumes)
    assert any(volume != int(volume) for volume in volumes)


ES_SEPTEMBER = (0, "ES", "FUT", "202609", 0, "", "", "CME", "", "USD", "", "")


async def test_futures_that_have_expired(client: RawClient) -> None:
    query = (20, 5, *ES_SEPTEMBER)
    client.send(*query, 0, "20260901-15:00:00", "1 hour", "7200 S", 0, "TRADES", 2, 0, "")
    assert (await refusal(client))[1] == "200"
    client.send(*query, 1, "20260901-15:00:00", "1 hour", "7200 S", 0, "TRADES", 2, 0, "")
    bars, _ = await client.until(lambda message: message[0] in ("108", "4"))
    assert bars[:3] == ["17", "5", "2"]
    client.send(*query, 1, "", "1 hour", "7200 S", 0, "TRADES", 2, 0, "")
    assert (await refusal(client))[1:] == [
        "162",
        "Historical Market Data Service error message:HMDS query returned no data: ESU6@CME Trades",
    ]


async def test_own_data_begins_with_its_first_row(tmp_path: Path, clock: HandClock) -> None:
    own = tmp_path / "AAPL.csv"
    own.write_text("time,bid,ask\n2026-11-17T17:00:00,100.00,100.02\n2026-11-18T16:59:30,110.00,110.02\n")
    apple = (0, "AAPL", *SPY_STOCK[2:])
    async with serving(tmp_path, clock, SIM_DATA=str(own)) as (_, server), RawClient(server.port) as client:
        await client.start()
        assert await client.answer("87", 5, *apple, 0, 1, "TRADES", 1, end="88") == [["88", "5", "20261117-17:00:00"]]
        ask(client, 5, apple, duration="60 S", what="MIDPOINT")
        bars = await client.receive()
        assert [round(float(price)) for price in bars[4:8]] == [100, 110, 100, 110]
        client.send("20", 6, *apple, 0, "20261117-16:00:00", "1 min", "60 S", 0, "TRADES", 2, 0, "")
        assert (await client.until(lambda message: message[0] == "4"))[-1][2] == "162"


async def test_a_request_id_may_be_used_again_as_soon_as_it_is_cancelled(
    gateway: Gateway, clock: HandClock, client: RawClient
) -> None:
    """In one breath: the cancelled query is not over yet, and is not to take the new one along when it is."""
    gateway.profile = replace(gateway.profile, history=(5.0, 5.0))
    ask(client, 5)
    client.send("25", "1", 5)
    ask(client, 5)
    assert (await refusal(client))[1] == "162"
    assert await client.silence()
    client.send("25", "1", 5)
    assert (await refusal(client))[1] == "162"
    ask(client, 5)
    await client.caught_up()
    clock.turn(5)
    assert (await client.receive())[0] == "17"
