"""The past, news and research, as ibapi and @stoqey/ib see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.simulator.asks import IBAPI, filled

if TYPE_CHECKING:
    from tests.clients.drivers import Driver

SIZES = ("1 secs", "5 secs", "30 secs", "1 min", "5 mins", "1 hour", "1 day", "1W", "1M")
LENGTHS = {"1 secs": "60 S", "5 secs": "300 S", "30 secs": "600 S", "1 day": "10 D", "1W": "2 M", "1M": "6 M"}
STOQEY_SCANS = {"MOST_ACTIVE": 2, "NO_SUCH_SCAN": 999}
"""It knows them by numbers of its own."""
KINDS = ("TRADES", "MIDPOINT", "BID", "ASK", "BID_ASK", "ADJUSTED_LAST", "HISTORICAL_VOLATILITY")


def spy(client: Driver) -> Any:
    return client.contract(symbol="SPY", secType="STK", exchange="SMART", primaryExchange="ARCA")


def bars(client: Driver, number: int, size: str, what: str, form: int = 1) -> list[Any]:
    length = LENGTHS.get(size, "1 D")
    client.ask("reqHistoricalData", number, spy(client), "", length, size, what, 0, form, False, [])
    client.wait("historicalDataEnd", number)
    return [args[1] for args in client.heard("historicalData", number)]


def test_bars_of_every_size(client: Driver) -> None:
    # Short bars of a kind of each client's own: how often they may be asked for counts for the login.
    kind = "TRADES" if client.name == "ibapi" else "MIDPOINT"
    for number, size in enumerate(SIZES, 1):
        found = bars(client, number, size, kind)
        assert len(found) >= 3, size
        dates = [bar.date for bar in found]
        assert dates == sorted(set(dates)), size
        assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in found), size


@pytest.mark.parametrize("kind", [*KINDS, "OPTION_IMPLIED_VOLATILITY", "FEE_RATE"])
def test_bars_of_every_kind(client: Driver, kind: str) -> None:
    assert len(bars(client, 1, "1 day", kind)) >= 3


def test_dates_in_seconds(client: Driver) -> None:
    found = [int(bar.date) for bar in bars(client, 1, "1 min", "MIDPOINT", form=2)]
    assert found == sorted(set(found))
    assert found[-1] > 1.7e9


def test_the_running_bar(client: Driver) -> None:
    client.ask("reqHistoricalData", 1, spy(client), "", "600 S", "1 min", "TRADES", 0, 2, True, [])
    client.wait("historicalDataEnd", 1)
    client.wait("historicalDataUpdate", 1)
    client.ask("cancelHistoricalData", 1)
    assert client.errors() == []


def test_a_schedule(client: Driver) -> None:
    client.ask("reqHistoricalData", 1, spy(client), "", "5 D", "1 day", "SCHEDULE", 1, 1, False, [])
    [(_, start, end, zone, sessions)] = client.wait("historicalSchedule", 1)
    assert zone == "US/Eastern"
    assert len(sessions) == 5
    assert start < end


def test_ticks_of_the_past(client: Driver) -> None:
    for number, (kind, event) in enumerate(
        (("TRADES", "historicalTicksLast"), ("BID_ASK", "historicalTicksBidAsk"), ("MIDPOINT", "historicalTicks")), 1
    ):
        client.ask("reqHistoricalTicks", number, spy(client), "", "20261001-15:00:00", 10, kind, 0, True, [])
        [(_, found, done)] = client.wait(event, number)
        assert len(found) >= 10
        assert done


def test_first_moment_and_histogram(client: Driver) -> None:
    client.ask("reqHeadTimeStamp", 1, spy(client), "TRADES", 0, 1)
    assert client.wait("headTimestamp", 1)
    client.ask("reqHistogramData", 2, spy(client), *histogram(client))
    [(_, rows)] = client.wait("histogramData", 2)
    assert rows


def histogram(client: Driver) -> tuple[Any, ...]:
    return (False, "3 days") if client.name == "ibapi" else (False, 3, "day")


def test_what_cannot_be_had(client: Driver) -> None:
    client.ask("reqHistoricalData", 1, spy(client), "", "1 D", "7 mins", "TRADES", 0, 1, False, [])
    assert client.refusal(1)[0] == 321
    client.ask("reqHistoricalData", 2, spy(client), "yesterday", "1 D", "1 min", "TRADES", 0, 1, False, [])
    assert client.refusal(2)[0] == 10314
    client.ask("cancelHistoricalData", 99)
    assert client.refusal(99)[0] == 366


def test_too_much_in_too_short_a_time(client: Driver) -> None:
    moments = [f"20261001-15:00:{second:02d}" for second in range(7)]
    for number, moment in enumerate(moments, 1):
        client.ask("reqHistoricalData", number, spy(client), moment, "60 S", "5 secs", "ASK", 0, 1, False, [])
    code, text = client.until(lambda: [one[1:] for one in client.errors() if one[1] == 162][:1])[0]
    assert "pacing violation" in text
    assert code == 162


def test_news(client: Driver) -> None:
    client.ask("reqNewsProviders")
    [(providers,)] = client.wait("newsProviders")
    assert {one.providerCode if hasattr(one, "providerCode") else one.code for one in providers} >= {"BRFG"}
    client.ask("reqHistoricalNews", 1, 756733, "BRFG+DJNL", "", "", 10, [])
    client.wait("historicalNewsEnd", 1)
    headline = client.wait("historicalNews", 1)[0]
    client.ask("reqNewsArticle", 2, headline[2], headline[3], [])
    assert client.wait("newsArticle", 2)[0][2]


def test_scans_and_reports(client: Driver) -> None:
    client.ask("reqScannerParameters")
    assert "<" in client.wait("scannerParameters")[0][0]
    client.ask("reqFundamentalData", 1, client.contract(symbol="AAPL", secType="STK"), "ReportSnapshot", [])
    assert client.wait("fundamentalData", 1)
    client.ask("reqWshMetaData", 2)
    assert client.refusal(2)[0] == 10276
    client.ask("reqSoftDollarTiers", 3)
    assert client.wait("softDollarTiers", 3)


def test_a_running_scan(client: Driver) -> None:
    scan = {"numberOfRows": 3, "instrument": "STK", "locationCode": "STK.US.MAJOR", "scanCode": "MOST_ACTIVE"}
    cheap, disabled = ("priceBelow", "1"), scan | {"scanCode": "NO_SUCH_SCAN"}
    for number, fields, filters in ((1, scan, []), (2, scan, [cheap]), (3, disabled, [])):
        client.ask("reqScannerSubscription", number, *scanner(client, fields, filters))
    assert client.refusal(3)[0] == 162
    client.wait("scannerDataEnd", 1)
    client.wait("scannerDataEnd", 2)
    rows = client.heard("scannerData", 1)
    assert [row[1] for row in rows] == [0, 1, 2]
    assert len({row[2].contract.conId for row in rows}) == 3
    assert client.heard("scannerData", 2) == []
    client.ask("cancelScannerSubscription", 1)
    assert client.refusal(1) == (
        162,
        "Historical Market Data Service error message:API scanner subscription cancelled: 1",
    )


def scanner(client: Driver, fields: dict[str, Any], filters: list[tuple[str, str]]) -> tuple[Any, ...]:
    if client.name == "ibapi":
        return filled(IBAPI.ScannerSubscription(), **fields), [], [IBAPI.TagValue(*pair) for pair in filters]
    return (
        fields | {"scanCode": STOQEY_SCANS[fields["scanCode"]]},
        [],
        [{"tag": tag, "value": value} for tag, value in filters],
    )
