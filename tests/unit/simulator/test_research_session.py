"""News, scans, reports and what is refused, over a socket."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from gateway.simulator.api.pulse import Pulse
from gateway.simulator.research import bulletins
from tests.unit.simulator.raw import RawClient, of
from tests.unit.simulator.rig import AAPL, NOON, SPY, HandClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.simulator.api.gateway import Gateway
    from gateway.simulator.api.server import ApiServer

APPLE = (AAPL, "AAPL", "STK", "SMART", "", "USD", "")


@pytest_asyncio.fixture
async def client(server: ApiServer) -> AsyncIterator[RawClient]:
    async with RawClient(server.port) as made:
        await made.start()
        yield made


# -- news --------------------------------------------------------------------------------------------------------------


async def test_providers_are_those_every_account_has(client: RawClient) -> None:
    assert await client.answer("85", end="85") == [
        ["85", "3", "BRFG", "Briefing.com General Market Columns", "BRFUPDN", "Briefing.com Analyst Actions", "DJNL",
         "Dow Jones Newsletters"]
    ]  # fmt: skip


async def test_headlines_and_their_articles(client: RawClient) -> None:
    heard = await client.answer("86", 5, SPY, "BRFG+DJNL", "2026-11-10 00:00:00.0", "", 10, "", end="87")
    assert [message[0] for message in heard] == ["86"] * 10 + ["87"]
    assert heard[-1] == ["87", "5", "1"]
    times = [message[2] for message in heard[:-1]]
    assert times == sorted(times, reverse=True)
    assert dt.datetime.strptime(times[0], "%Y-%m-%d %H:%M:%S.0").replace(tzinfo=dt.UTC) <= NOON
    _, _, _, provider, article_id, headline = heard[0]
    [article] = await client.answer("84", 6, provider, article_id, "", end="83")
    assert article[:3] == ["83", "6", "0"]
    assert headline.partition("SPY: ")[2] in article[3]


async def test_times_of_headlines_are_utc_with_a_z_and_without(client: RawClient) -> None:
    asked = [
        await client.answer("86", 5, SPY, "BRFG+DJNL", since, "", 10, "", end="87")
        for since in ("2026-11-18 12:00:00.0", "2026-11-18 12:00:00.0Z", "20261118-12:00:00Z")
    ]
    assert 1 < len(asked[0]) < 11
    assert asked[0] == asked[1] == asked[2]


async def test_pages_of_headlines_meet(client: RawClient) -> None:
    whole = await client.answer("86", 5, SPY, "BRFG", "20261101-00:00:00", "20261110-00:00:00", 300, "", end="87")
    assert whole[-1] == ["87", "5", "0"]
    first = await client.answer("86", 5, SPY, "BRFG", "20261101-00:00:00", "20261105-00:00:00", 300, "", end="87")
    second = await client.answer("86", 5, SPY, "BRFG", "20261105-00:00:00", "20261110-00:00:00", 300, "", end="87")
    assert second[:-1] + first[:-1] == whole[:-1]


@pytest.mark.parametrize(
    ("con_id", "providers", "start", "code"),
    [(1, "BRFG", "", "200"), (SPY, "", "", "321"), (SPY, "BRFG+XYZ", "", "321"), (SPY, "BRFG", "once", "10314")],
)
async def test_headlines_that_cannot_be(client: RawClient, con_id: int, providers: str, start: str, code: str) -> None:
    client.send("86", 5, con_id, providers, start, "", 10, "")
    assert (await client.receive())[1:3] == ["5", code]


@pytest.mark.parametrize("article_id", ["", "BRFG$ffff-1", "DJNL$1-1", "BRFG$b8c0d-ffffffffff"])
async def test_articles_that_are_not(client: RawClient, article_id: str) -> None:
    client.send("84", 5, "BRFG", article_id, "")
    refusal = await client.receive()
    assert refusal[1:4] == ["5", "10172", "Failed to request news article: No data available"]


async def test_bulletins_of_today_and_as_they_come(client: RawClient, gateway: Gateway, clock: HandClock) -> None:
    begun = gateway.calendar.day_at(NOON).opens
    client.send("12", "1", "1")
    for bulletin in bulletins.published(1, begun, NOON):
        assert (await client.receive())[:4] == ["14", "1", str(bulletin.number), str(bulletin.kind)]
    assert await client.silence()
    clock.turn(6 * 3600)
    Pulse(gateway).beat()
    later = [b.number for b in bulletins.published(1, NOON, NOON + dt.timedelta(hours=6))]
    assert [int((await client.receive())[2]) for _ in later] == later
    client.send("13", "1")
    assert await client.silence()
    clock.turn(6 * 3600)
    Pulse(gateway).beat()
    assert await client.silence()


async def test_nothing_of_today_unless_asked(client: RawClient) -> None:
    client.send("12", "1", "0")
    assert await client.silence()


# -- scans -------------------------------------------------------------------------------------------------------------


def scan(
    client: RawClient, req_id: int, code: str = "MOST_ACTIVE", place: str = "STK.US.MAJOR", filters: str = ""
) -> None:
    kind = "STK" if place.startswith("STK") else "ETF.EQ.US"
    client.send("22", req_id, 5, kind, place, code, *[""] * 16, "ALL", filters, "")


async def test_a_scan_and_its_end(client: RawClient) -> None:
    scan(client, 5)
    found = await client.receive()
    assert found[:4] == ["20", "3", "5", "5"]
    assert len(found) == 4 + 5 * 16
    assert found[4:7] == ["0", found[5], found[6]]
    client.send("23", "1", "5")
    assert (await client.receive())[1:4] == [
        "5",
        "162",
        "Historical Market Data Service error message:API scanner subscription cancelled: 5",
    ]
    client.send("23", "1", "5")
    assert (await client.receive())[1:4] == ["5", "365", "No scanner subscription found for ticker id:5"]


async def test_funds_only(client: RawClient) -> None:
    scan(client, 5, place="ETF.EQ.US.MAJOR")
    found = await client.receive()
    assert set(found[6::16]) <= {"SPY", "QQQ", "IWM"}


async def test_a_scan_runs_on(client: RawClient, gateway: Gateway, clock: HandClock) -> None:
    scan(client, 5, "TOP_PERC_GAIN")
    await client.receive()
    pulse = Pulse(gateway)
    for _ in range(40):
        clock.turn(600)
        pulse.beat()
    heard = []
    while not await client.silence():
        heard.append(await client.receive())
    assert of(heard, "20")
    assert all(one != other for one, other in pairwise(heard))


@pytest.mark.parametrize(
    ("code", "place", "filters", "error"),
    [
        ("GOSSIP", "STK.US.MAJOR", "", "162"),
        ("MOST_ACTIVE", "STK.MARS", "", "162"),
        ("MOST_ACTIVE", "STK.US.MAJOR", "marketCapAbove1e6=100;", "162"),
        ("MOST_ACTIVE", "STK.US.MAJOR", "priceAbove=much;", "162"),
    ],
)
async def test_scans_that_cannot_be(client: RawClient, code: str, place: str, filters: str, error: str) -> None:
    scan(client, 5, code, place, filters)
    assert (await client.receive())[1:3] == ["5", error]


async def test_ten_scans_at_once(client: RawClient) -> None:
    for req_id in range(10):
        scan(client, req_id)
        assert (await client.receive())[0] == "20"
    scan(client, 10)
    refusal = await client.receive()
    assert refusal[2:4] == [
        "322",
        "Error processing request.-'bW' : cause - Only 10 simultaneous API scanner subscriptions are allowed.",
    ]


async def test_scanner_parameters(client: RawClient) -> None:
    [document] = await client.answer("24", "1", end="19")
    assert document[2].startswith("<?xml")


# -- reports, events, tiers --------------------------------------------------------------------------------------------


async def test_company_reports(client: RawClient) -> None:
    [report] = await client.answer("52", "2", 5, *APPLE, "ReportSnapshot", 0, "", end="51")
    assert report[:3] == ["51", "1", "5"]
    assert "APPLE INC" in report[3]


@pytest.mark.parametrize(
    ("contract", "kind", "code"),
    [
        (APPLE, "CalendarReport", "430"),
        ((SPY, "SPY", *APPLE[2:]), "ReportSnapshot", "430"),
        ((0, "NONE", *APPLE[2:]), "ReportSnapshot", "200"),
    ],
)
async def test_reports_that_are_not(client: RawClient, contract: tuple[str | int, ...], kind: str, code: str) -> None:
    client.send("52", "2", 5, *contract, kind, 0, "")
    assert (await client.receive())[1:3] == ["5", code]


@pytest.mark.parametrize("asked", [("100", "5"), ("102", "5", SPY, "", 0, 0, 0, "", "", "")])
async def test_corporate_events_need_a_subscription(client: RawClient, asked: tuple[str | int, ...]) -> None:
    client.send(*asked)
    assert (await client.receive())[1:4] == ["5", "10276", "News feed is not allowed."]


async def test_soft_dollars(client: RawClient) -> None:
    assert await client.answer("79", "5", end="77") == [["77", "5", "0"]]


@pytest.mark.parametrize("asked", [("53", "1", "5"), ("101", "5"), ("103", "5"), ("90", "5")])
async def test_cancels_of_what_is_over_say_nothing(client: RawClient, asked: tuple[str, ...]) -> None:
    client.send(*asked)
    assert await client.silence()
