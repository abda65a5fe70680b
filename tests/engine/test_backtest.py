"""`python -m engine.backtest` over a catalog, as a person runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from engine.greeks.black_scholes import Market, sensitivities
from tests.unit.engine.backtest.past import DAY, OPENS, SPX, SPY, option, wave, write, write_series

if TYPE_CHECKING:
    from pathlib import Path

OWN = """
from nautilus_trader.config import StrategyConfig
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.trading.strategy import Strategy

from engine.greeks.view import GreeksView
from engine.orders import bracket


class MineConfig(StrategyConfig, frozen=True, kw_only=True):
    delta: float = 0.5


class Mine(Strategy):
    def __init__(self, config: MineConfig) -> None:
        super().__init__(config)
        self.delta = config.delta
        self.entered = False

    def on_start(self) -> None:
        self.options = GreeksView(self, max_age=15)
        self.subscribe_quote_ticks(InstrumentId.from_str("SPY.ARCX"))

    def on_quote_tick(self, tick) -> None:
        found = self.options.by_delta(self.delta, call=True, tolerance=0.3)
        if found is None or self.entered:
            return
        self.entered = True
        quote = self.cache.quote_tick(found.instrument_id)
        price = float(quote.ask_price)
        # It knows of no exit but far ones: at the cut-off somebody else must close it.
        self.submit_order_list(bracket(self, found.instrument_id, OrderSide.BUY, 1, take_profit=price * 9, stop=0.01))
"""


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("catalog")
    write(path, days=2)
    return path


def write_options(path: Path, of: Any, root: str, strikes: tuple[float, ...], spots: list[float], **told: Any) -> None:
    """Write calls and puts, priced minute by minute; `told` is what the adapter knows of them, and their first minute.

    They are quoted longer than their underlying: a quarter of an hour at the last price.
    """
    opens, dies = told.pop("opens"), told.pop("dies")
    ns = int((opens + timedelta(hours=4)).timestamp()) * 10**9
    for strike in strikes:
        for call in (True, False):
            made = option(root, of, strike, call, late=ns, **told)
            asks = []
            for minute, spot in enumerate(spots + spots[-1:] * 15):
                left = max((dies - opens).total_seconds() - 60 * minute, 60.0)
                price = sensitivities(Market(spot, strike, left / (365 * 86_400), 0.04, call), 0.3).price
                asks.append(round(price / 0.05 + 4) * 0.05)
            write_series(path, made, {"ASK": asks, "BID": [ask - 0.1 for ask in asks]}, opens)


def backtest(past: Path, out: Path, *more: str, seed: str = "0") -> tuple[int, Any, str]:
    command = [sys.executable, "-m", "engine.backtest", "--catalog", str(past), "--out", str(out), "--json"]
    environment = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": seed}
    ended = subprocess.run(
        [*command, "--from", str(DAY), "--to", "2026-11-30", *more],
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    told = ended.stdout + ended.stderr
    return ended.returncode, json.loads(ended.stdout) if ended.stdout.startswith("{") else None, told


def test_the_same_past_gives_the_same_hash_in_any_process(past: Path, tmp_path: Path) -> None:
    first, again = (backtest(past, tmp_path / seed, "--volatility", "0.3", seed=seed) for seed in ("1", "2"))
    assert first[0] == 0, first[2]
    assert first[1] == again[1]
    assert first[1]["figures"]["trades"] > 5
    assert first[1]["held_at_the_end"] == {}
    assert first[1]["days"] == ["2026-11-18", "2026-11-19"]
    # What was modelled is called so.
    assert any(note.startswith("MODELLED") for note in first[1]["notes"])
    page = (tmp_path / "1" / "report.html").read_text()
    assert "<polyline" in page
    assert first[1]["hash"] in page
    kept = json.loads((tmp_path / "1" / "report.json").read_text())
    assert len(kept["fills"]) == 2 * first[1]["figures"]["trades"]
    # Flat five minutes before the options die, by an exit that rested: nothing fills after.
    for cut_off in (OPENS + timedelta(minutes=25), OPENS + timedelta(days=1, minutes=25)):
        late = [fill for fill in kept["fills"] if 0 <= fill["at"] / 1e9 - cut_off.timestamp() < 300]
        assert [fill["type"] for fill in late] in ([], ["LIMIT"])


def test_another_past_gives_another_hash(past: Path, tmp_path: Path) -> None:
    write(tmp_path / "catalog", shift=0.5)
    one = backtest(past, tmp_path / "a", "--volatility", "0.3", "--to", str(DAY))
    other = backtest(tmp_path / "catalog", tmp_path / "b", "--volatility", "0.3", "--to", str(DAY))
    assert one[1]["hash"] != other[1]["hash"]


def test_a_strategy_of_ones_own_trades_by_delta_and_the_keeper_closes_it(past: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(OWN)
    (tmp_path / "mine.toml").write_text("delta = 0.4\n")
    own = ("--strategy", "mine:Mine", "--path", str(tmp_path), "--config", str(tmp_path / "mine.toml"))
    code, told, said = backtest(past, tmp_path / "out", *own, "--volatility", "1.5")
    assert told is not None, said
    assert code == 0, said
    assert told["figures"]["trades"] == 2
    ends = [int(trade["closed"] / 1e9 - OPENS.timestamp()) % 86_400 for trade in told["trades"]]
    assert [end // 60 for end in ends] == [25, 25], told["trades"]


def test_options_that_nobody_recorded_are_not_made_up_unasked(past: Path, tmp_path: Path) -> None:
    code, told, said = backtest(past, tmp_path / "out")
    assert (code, told["figures"]["trades"]) == (0, 0), said


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (("--catalog", "nowhere"), "run make catalog first"),
        (("--symbol", "QQQ"), "make catalog SYMBOL=QQQ"),
        (("--from", "2025-01-01", "--to", "2025-01-02"), "make catalog SYMBOL=SPY"),
        (("--to", "2026-01-01"), "FROM no later than TO"),
        (("--strategy", "nothing:Here"), "no module 'nothing'"),
        (("--volatility", "20"), "0.01 to 5"),
    ],
)
def test_what_cannot_be_replayed_is_refused_in_one_line(
    past: Path, tmp_path: Path, given: tuple[str, ...], named: str
) -> None:
    code, told, said = backtest(past, tmp_path / "out", *given)
    assert (code, told) == (2, None)
    assert named in said
    assert "Traceback" not in said


def test_on_a_half_day_the_keeper_closes_before_its_early_close(tmp_path: Path) -> None:
    """The Friday after Thanksgiving: stocks close at 13:00, options are quoted to 13:15; the strategy knows no exit."""
    opens, closes = datetime(2026, 11, 27, 17, 40, tzinfo=UTC), datetime(2026, 11, 27, 18, tzinfo=UTC)
    write(tmp_path / "catalog", minutes=20, opens=opens)
    told = {
        "date": "20261127",
        "hours": "20261127:0930-20261127:1315;20261128:CLOSED;20261130:0930-20261130:1615",
        "zone": "US/Eastern",
    }
    spots = [wave(minute) for minute in range(20)]
    write_options(tmp_path / "catalog", SPY, "SPY", (599.0, 600.0, 601.0), spots, opens=opens, dies=closes, **told)
    (tmp_path / "mine.py").write_text(OWN)
    own = ("--strategy", "mine:Mine", "--path", str(tmp_path), "--to", "2026-11-28")
    code, report, said = backtest(tmp_path / "catalog", tmp_path / "out", *own)
    assert (code, report["days"], report["held_at_the_end"]) == (0, ["2026-11-27"], {}), said
    [trade] = report["trades"]
    late = trade["closed"] / 1e9 - (closes - timedelta(minutes=5)).timestamp()
    assert 0 <= late < 60, trade


def test_an_index_is_replayed_with_the_options_that_its_close_settles(tmp_path: Path) -> None:
    """Values and no quotes; options in Chicago's time with a curb session; a class that the next morning settles."""
    opens, closes = datetime(2026, 11, 18, 20, 40, tzinfo=UTC), datetime(2026, 11, 18, 21, tzinfo=UTC)
    path, spots = tmp_path / "catalog", [10 * wave(minute) for minute in range(21)]
    write_series(path, SPX, {"LAST": spots}, opens)
    told = {
        "date": "20261118",
        "hours": "20261117:1915-20261118:0825;20261118:0830-20261118:1500;20261118:1515-20261118:1600",
        "zone": "US/Central",
    }
    write_options(path, SPX, "SPXW", (5995.0, 6000.0, 6005.0), spots, opens=opens, dies=closes, **told)
    write_options(path, SPX, "SPX", (6000.0,), spots, opens=opens, dies=closes, **told)
    code, report, said = backtest(path, tmp_path / "out", "--symbol", "SPX", "--pause", "30")
    assert (code, report["days"], report["held_at_the_end"]) == (0, ["2026-11-18"], {}), said
    assert {trade["instrument"][:6] for trade in report["trades"]} == {"SPXW  "}
    assert len(report["trades"]) >= 2
    assert max(trade["closed"] for trade in report["trades"]) / 1e9 < (closes - timedelta(minutes=4)).timestamp()
    assert [note[:8] for note in report["notes"][2:]] == ["LEFT OUT"]

    (tmp_path / "mine.py").write_text(
        OWN.replace("subscribe_quote_ticks", "subscribe_index_prices")
        .replace("SPY.ARCX", "^SPX.XCBO")
        .replace("on_quote_tick", "on_index_price")
    )
    own = ("--strategy", "mine:Mine", "--path", str(tmp_path), "--symbol", "SPX", "--volatility", "0.3")
    code, report, said = backtest(path, tmp_path / "own", *own)
    assert (code, len(report["trades"])) == (0, 1), said
    late = report["trades"][0]["closed"] / 1e9 - (closes - timedelta(minutes=5)).timestamp()
    assert 0 <= late < 60, report["trades"]
