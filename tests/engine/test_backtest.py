"""`python -m engine.backtest` over a catalog, as a person runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.engine.backtest.past import DAY, OPENS, write

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
