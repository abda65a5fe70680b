"""Moments in the three forms of the gateway's setting, below and above the version where zones came in."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from gateway.simulator.settings import TimeFormat
from gateway.simulator.wire.text import ascii7, double, encode, plain
from gateway.simulator.wire.times import TimeWriter, auto_cancel, dashed, in_utc, sentence
from gateway.simulator.wire.zone_names import _NAMES, CHINESE, display_name
from tws.times import TimeForm, bar_time_form, parse_connection_time

AT = dt.datetime(2026, 10, 1, 13, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("form", "version", "written"),
    [
        ("instrument", 200, "20261001 09:30:00 US/Eastern"),
        ("instrument", 174, "20261001 09:30:00 US/Eastern"),
        ("operator", 200, "20261001 15:30:00 Europe/Berlin"),
        ("utc", 200, "20261001-13:30:00"),
        ("utc", 213, "20261001-13:30:00"),
        ("utc", 214, "20261001-13:30:00Z"),
        ("instrument", 214, "20261001 09:30:00 US/Eastern"),
        ("operator", 214, "20261001 15:30:00 Europe/Berlin"),
        ("utc", 174, "20261001-13:30:00"),
        ("utc", 173, "20261001  15:30:00"),
        ("instrument", 173, "20261001  15:30:00"),
    ],
)
def test_forms(form: TimeFormat, version: int, written: str) -> None:
    assert TimeWriter(form, "Europe/Berlin").moment(AT, version, "US/Eastern") == written


def test_instrument_time_is_the_contracts_own() -> None:
    assert TimeWriter("instrument", "UTC").moment(AT, 200, "Japan") == "20261001 22:30:00 Japan"
    assert TimeWriter("utc", "UTC").moment(AT, 200, "Japan") == "20261001-13:30:00"


def test_an_operator_on_utc_is_called_universal() -> None:
    assert TimeWriter("operator", "UTC").moment(AT, 200, "Japan") == "20261001 13:30:00 Universal"


def test_forms_that_no_setting_changes() -> None:
    assert (in_utc(AT, 213), in_utc(AT, 214)) == ("20261001-13:30:00", "20261001-13:30:00Z")
    assert dashed(AT, "US/Eastern") == "20261001-09:30:00"
    assert sentence(AT, "US/Eastern") == "2026-10-01 09:30:00 US/Eastern"
    assert sentence(AT, "US/Central") == "2026-10-01 08:30:00 US/Central"


@pytest.mark.parametrize(
    ("placed", "until"),
    [
        ("2026-09-15", "20261231 22:00:00"),  # captured
        ("2026-04-15", "20260930 22:00:00"),
        ("2026-12-31", "20270331 22:00:00"),
        ("2026-10-01", "20270331 22:00:00"),
    ],
)
def test_when_a_gtc_order_ends_by_itself(placed: str, until: str) -> None:
    at = dt.datetime.fromisoformat(f"{placed}T15:00:00+00:00")
    assert TimeWriter("instrument", "Europe/Berlin").wall(auto_cancel(at)) == f"{until} Central European Standard Time"


JULY, JANUARY = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC), dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("zone", "winter", "summer"),
    [
        ("UTC", "Coordinated Universal Time", "Coordinated Universal Time"),
        ("Europe/Berlin", "Central European Standard Time", "Central European Standard Time"),  # captured in April
        ("Europe/London", "Greenwich Mean Time", "British Summer Time"),  # both captured
        ("Europe/Dublin", "Greenwich Mean Time", "Irish Standard Time"),
        ("America/New_York", "Eastern Standard Time", "Eastern Daylight Time"),
        ("America/Phoenix", "Mountain Standard Time", "Mountain Standard Time"),
        ("Asia/Shanghai", "China Standard Time", "China Standard Time"),  # captured
        ("Asia/Kathmandu", "GMT+05:45", "GMT+05:45"),
        ("America/St_Johns", "GMT-03:30", "GMT-02:30"),
    ],
)
def test_the_handshake_names_a_zone_as_a_jvm_does(zone: str, winter: str, summer: str) -> None:
    assert display_name(zone, JANUARY) == winter
    assert display_name(zone, JULY) == summer
    local = JULY.astimezone(ZoneInfo(zone))
    assert TimeWriter("utc", zone).wall(JULY) == f"{local:%Y%m%d %H:%M:%S} {summer}"


def test_every_named_zone_exists() -> None:
    for zone in (*_NAMES, *CHINESE):
        ZoneInfo(zone)


def test_a_chinese_system_spells_its_zone_in_gbk() -> None:
    sent = encode(["200", TimeWriter("utc", "Asia/Shanghai", chinese=True).wall(JULY)])
    assert sent[4:].split(b"\0")[1] == "20260701 20:00:00 中国标准时间".encode("gbk")
    with pytest.raises(UnicodeDecodeError):
        sent.decode()


@pytest.mark.parametrize("version", [200, 214])
def test_our_own_reader_understands_them(version: int) -> None:
    assert bar_time_form(TimeWriter("utc", "UTC").moment(AT, version, "US/Central")) is TimeForm.UTC_DASH
    assert bar_time_form(TimeWriter("instrument", "UTC").moment(AT, 200, "US/Central")) is TimeForm.ZONED
    assert parse_connection_time(TimeWriter("utc", "UTC").wall(AT)).is_utc
    assert not parse_connection_time(TimeWriter("utc", "America/New_York").wall(AT)).is_utc


@pytest.mark.parametrize(
    ("text", "at", "zoned"),
    [
        ("20261001-13:30:00", AT, True),
        ("20261001-13:30:00Z", AT, True),
        ("20261001 13:30:00 UTC", AT, True),
        ("20261001 09:30:00 US/Eastern", AT, True),
        ("20261001 15:30:00", AT, False),
        ("20261001  15:30:00", AT, False),
    ],
)
def test_reading(text: str, at: dt.datetime, zoned: bool) -> None:
    assert TimeWriter("utc", "Europe/Berlin").read(text) == (at, zoned)


@pytest.mark.parametrize(
    "text", ["", "now", "20261332-00:00:00", "20261001 09:30:00 Mars/Olympus", "20261001 99:00:00"]
)
def test_what_is_no_moment(text: str) -> None:
    assert TimeWriter("utc", "UTC").read(text) is None


@pytest.mark.parametrize(
    ("number", "short", "java"), [(1.0, "1", "1.0"), (0.01, "0.01", "0.01"), (1e-7, "0.0000001", "0.0000001")]
)
def test_numbers(number: float, short: str, java: str) -> None:
    assert plain(number) == short
    assert double(number) == java


@pytest.mark.parametrize("text", ["plain", "umlaut ü", "back\\slash", "euro €", "note 𝄞", "a\\u0041b"])
def test_texts_survive_the_clients_decoding(text: str) -> None:
    sent = encode([ascii7(text)])[4:-1]
    assert sent.isascii()
    assert sent.decode("unicode-escape").encode("utf-16", "surrogatepass").decode("utf-16") == text
