"""`make backtest STRATEGY=reference FROM=2026-11-16 TO=2026-11-20`: a strategy over the catalog, day by day.

Exit codes: 0 replayed and flat at every day's end, 1 replayed and something was still held at the end of a day,
2 it could not begin.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import structlog
from rich.console import Console

from engine.errors import EngineError, SettingsError
from engine.span import add_span, parsed

BALANCE = 100_000.0
PAUSE_SECONDS = 60.0


def main(arguments: list[str]) -> int:
    """Replay and report; returns the exit code."""
    try:
        return _backtest(_parsed(arguments))
    except EngineError as error:
        print(f"backtest: {error}", file=sys.stderr)
        return 2


def _backtest(asked: argparse.Namespace) -> int:
    from engine.backtest import report, result
    from engine.backtest.days import Past
    from engine.backtest.replay import replay
    from engine.settings import REFERENCE
    from engine.strategies import own

    # What the exits tell carries the wall clock, and standard output is for the answer.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    if asked.last < asked.first:
        raise SettingsError("FROM no later than TO", f"{asked.first} and {asked.last}", "exchange the two")
    own.search(asked.path)
    make = None if asked.strategy == REFERENCE else lambda: own.load(asked.strategy, asked.config)
    if make is not None:
        make()
    past = Past(_catalog(asked.catalog), asked.symbol, asked.catalog)
    console = Console(stderr=True)
    balance, fills, equity, days, late, modelled, morning = asked.balance, [], [], [], {}, [], {}
    for day in past.days(asked.first, asked.last, asked.volatility):
        outcome = replay(day, balance, make, asked.pause)
        balance = outcome.balance
        fills += outcome.fills
        equity += outcome.equity
        days.append(str(day.date))
        if outcome.held:
            late[str(day.date)] = outcome.held
        if day.morning:
            morning[str(day.date)] = day.morning
        if day.modelled:
            modelled.append(str(day.date))
        options = f"{len(day.options)} {'modelled ' if day.modelled else ''}options"
        console.print(f"{day.date}: {options}, {len(outcome.fills)} fills, balance {balance:,.2f}", highlight=False)
    if not days:
        raise SettingsError(
            f"prices of {asked.symbol} between {asked.first} and {asked.last} in {asked.catalog}",
            "none",
            f"run make catalog SYMBOL={asked.symbol} FROM={asked.first} TO={asked.last}",
        )
    closed = result.trades(fills)
    told = {
        "version": 1,
        "strategy": asked.strategy,
        "symbol": asked.symbol,
        "from": str(asked.first),
        "to": str(asked.last),
        "days": days,
        "figures": result.figures(closed, equity),
        "held_at_the_end": late,
        "notes": _notes(late, modelled, asked.volatility, morning),
        "hash": result.fingerprint(fills, equity),
        "trades": [asdict(trade) for trade in closed],
    }
    name = asked.strategy.replace(":", ".")
    out = asked.out or Path("var/backtests") / f"{name}_{asked.symbol}_{asked.first}_{asked.last}"
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.json").write_text(json.dumps({**told, "fills": fills, "equity": equity}) + "\n")
    (out / "report.html").write_text(report.page(told, equity, closed))
    if asked.json:
        print(json.dumps(told))
    else:
        _tell(told, out)
    return 1 if late else 0


def _notes(late: dict[str, Any], modelled: list[str], volatility: float | None, morning: dict[str, int]) -> list[str]:
    notes = [
        "Orders fill at the quotes of that moment, whatever their size; nobody else trades against them.",
        "Where the catalog has bars and not quotes, prices inside a bar are assumed: the order of high and low is.",
    ]
    if modelled:
        notes.append(
            f"MODELLED, not recorded: the options of {', '.join(modelled)}, by Black and Scholes at a flat volatility "
            f"of {volatility:g}. Such a result says how the rules behave, and nothing about money."
        )
    notes += [
        f"LEFT OUT on {day}: {count} options that are settled by the next morning's opening, of which no catalog knows "
        "the price."
        for day, count in morning.items()
    ]
    notes += [
        f"STILL HELD at the end of {day}: {held}. Options are booked at what they were worth by the underlying's last "
        "price."
        for day, held in late.items()
    ]
    return notes


def _tell(told: dict[str, Any], out: Path) -> None:
    figures = told["figures"]
    print(
        f"{told['strategy']} on {told['symbol']}: {len(told['days'])} days, {figures['trades']} trades, "
        f"profit {figures['profit']:,.2f}, largest drawdown {figures['largest_drawdown']:,.2f}"
    )
    for note in told["notes"][2:]:
        print(note)
    print(f"hash {told['hash']}")
    print(f"{out}/report.html")


def _catalog(path: Path) -> Any:
    from nautilus_trader.persistence.catalog import ParquetDataCatalog

    if not path.is_dir():
        raise SettingsError("a catalog", f"no folder {path}", "run make catalog first, or name another with CATALOG=")
    return ParquetDataCatalog(str(path))


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="watchkeeper backtest", description=__doc__)
    add_span(parser)
    parser.add_argument("--strategy", default="reference", help="reference, or your own as package.module:Class")
    parser.add_argument("--config", type=Path, help="TOML or JSON file with the fields of its configuration")
    parser.add_argument("--path", type=Path, default=Path(), help="the folder that your own modules are imported from")
    parser.add_argument("--catalog", type=Path, default=Path("var/catalog"), help="the folder that make catalog wrote")
    parser.add_argument("--volatility", type=_volatility, help="price options that were not recorded, at 0.2 a year")
    parser.add_argument("--balance", type=float, default=BALANCE, help="US dollars at the beginning")
    parser.add_argument("--pause", type=float, default=PAUSE_SECONDS, help="the reference's rest between two trades")
    parser.add_argument("--out", type=Path, help="the folder for the report; below var/backtests by default")
    parser.add_argument("--json", action="store_true", help="the result as JSON")
    return parsed(parser, arguments)


def _volatility(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.01 <= value <= 5:
        raise argparse.ArgumentTypeError(f"expected a volatility a year from 0.01 to 5, found {text!r}")
    return value


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    # Not sys.exit: NautilusTrader's threads would be waited for.
    os._exit(code)
