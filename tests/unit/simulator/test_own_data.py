"""Own data: what the files may be, what the prices then are, and what is said of files that cannot be used."""

import datetime as dt
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from gateway.simulator.errors import SettingsError
from gateway.simulator.market import data
from gateway.simulator.market.instruments import Instruments
from gateway.simulator.market.listings import EUR_USD, SPX, SPY, VIX
from gateway.simulator.market.market import Market
from gateway.simulator.market.process import step_at
from tests.unit.simulator.rig import CALENDARS, HandClock, make_gateway, stock

BEGAN = dt.datetime(2024, 3, 4, 14, 30, tzinfo=dt.UTC)

BARS = """Time,Open,High,Low,Close,Volume
2024-03-04T14:30:00Z,450.00,452.00,449.00,451.00,1000
2024-03-04T14:31:00Z,451.00,451.50,440.00,441.00,1000
"""


def write(folder: Path, text: str, name: str = "SPY.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def step(seconds: float) -> int:
    return step_at(BEGAN.timestamp() + seconds)


def market(path: Path) -> Market:
    return Market(Instruments(CALENDARS, data=data.load([path])), CALENDARS, 1, 0.6)


def test_bars_are_walked_through(tmp_path: Path) -> None:
    driven = market(write(tmp_path, BARS))
    walked = [driven.mid(SPY, step(seconds)) for seconds in (0, 15, 30, 45, 60, 75, 90, 105)]
    assert walked == [450.0, 449.0, 452.0, 451.0, 451.0, 451.5, 440.0, 441.0]
    assert (driven.mid(SPY, step(-9999)), driven.mid(SPY, step(9999))) == (450.0, 441.0)
    bid, ask = (getattr(driven.quote(stock(SPY), step(0)), side) for side in ("bid", "ask"))
    assert bid <= 450.0 < ask


def test_what_hangs_on_it_follows(tmp_path: Path) -> None:
    driven = market(write(tmp_path, BARS))
    assert driven.mid(SPX, step(0)) == pytest.approx(4500.0)
    assert driven.mid(SPX, step(105)) == pytest.approx(4410.0)
    assert driven.mid(VIX, step(105)) > driven.mid(VIX, step(0)) == pytest.approx(18.0)
    [options] = driven.instruments.option_classes(stock(SPY))
    strikes = driven.instruments.strikes(options)
    assert (strikes[0], strikes[-1]) == (396.0, 497.0)


def test_quotes_in_any_order_and_any_form_of_time(tmp_path: Path) -> None:
    epoch = int(BEGAN.timestamp())
    for scale, zone in ((1, ""), (1000, ""), (1_000_000_000, "")):
        text = f"time,symbol,bid,ask\n{(epoch + 1) * scale},SPY,501,502\n{epoch * scale},SPY,500,501{zone}\n"
        driven = market(write(tmp_path, text, "any.csv"))
        assert (driven.mid(SPY, step(0)), driven.mid(SPY, step(1))) == (500.5, 501.5)
    driven = market(write(tmp_path, "time,bid,ask\n2024-03-04 14:30:00,1.08,1.081\n", "EURUSD.csv"))
    assert driven.mid(EUR_USD, step(0)) == pytest.approx(1.0805)


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "any.parquet"
    rows = {
        "time": [BEGAN, BEGAN + dt.timedelta(seconds=1)],
        "symbol": ["SPY"] * 2,
        "bid": [9.0, 10.0],
        "ask": [10.0, 11.0],
    }
    parquet.write_table(pyarrow.table(rows), path)
    driven = market(path)
    assert (driven.mid(SPY, step(0)), driven.mid(SPY, step(1))) == (9.5, 10.5)


def test_the_setting(tmp_path: Path) -> None:
    path = write(tmp_path, BARS)
    gateway, store = make_gateway(tmp_path, HandClock(), SIM_DATA=str(path), SIM_START="2024-03-04T14:30:00+00:00")
    try:
        assert gateway.market.mid(SPY, gateway.step()) == 450.0
    finally:
        store.close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "expected rows"),
        ("time,bid\n1,2\n", "expected columns time and bid, ask or open, high, low, close"),
        ("time,symbol,bid,ask\n1709562600,XYZ,1,2\n", "expected a symbol that is listed"),
        ("time,bid,ask\nyesterday,1,2\n", "expected a time in ISO 8601 or since 1970"),
        ("time,bid,ask\n1709562600,zero,2\n", "expected a price over 0 as bid"),
        ("time,bid,ask\n1709562600,-1,2\n", "expected a price over 0 as bid"),
        ("time,open,high,low,close\n1709562600,5,4,3,4\n", "expected bars whose high and low hold"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, expected: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SettingsError, match=rf"^SIM_DATA: {expected}.* in {path}, found "):
        data.load([path])


def test_files_that_are_not_there_or_twice(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="expected a readable CSV or Parquet file"):
        data.load([tmp_path / "SPY.csv"])
    write(tmp_path, "no parquet", "SPY.parquet")
    with pytest.raises(SettingsError, match="expected a readable Parquet file"):
        data.load([tmp_path / "SPY.parquet"])
    both = [write(tmp_path, BARS), write(tmp_path, BARS, "SPY.2.csv")]
    with pytest.raises(SettingsError, match="expected SPY in one file only"):
        data.load(both)
