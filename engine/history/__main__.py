"""`make catalog SYMBOL=SPY FROM=2026-11-16 TO=2026-11-20`: the past from a gateway into a Parquet catalog.

Exit codes: 0 everything that was asked for is there (holes in it are told), 1 something is missing and may be had by
the same command again, 2 it could not ask.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from engine.clock import SystemClock
from engine.errors import EngineError, RequestRefused, SettingsError
from engine.span import add_span, parsed

if TYPE_CHECKING:
    from engine.history.download import Report

# Out of the way of the engine (1 to 5), the supervisor's session (900) and the preflight (910).
CLIENT_ID = 930
SHOWN = 20


class Bar:
    """A progress bar on standard error, and notes above it."""

    def __init__(self) -> None:
        """Draw nothing yet."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self.shown = Progress(*columns, console=Console(stderr=True))
        self._task = self.shown.add_task("connecting", total=0)
        self._total = 0

    def more(self, count: int, what: str) -> None:
        """So many requests more."""
        self._total += count
        self.shown.update(self._task, total=self._total, description=what)

    def step(self) -> None:
        """One of them is done."""
        self.shown.advance(self._task)

    def note(self, sentence: str) -> None:
        """Print above the bar."""
        self.shown.console.print(sentence, highlight=False)


def main(arguments: list[str]) -> int:
    """Download; returns the exit code."""
    try:
        report = asyncio.run(_download(_parsed(arguments)))
    except EngineError as error:
        print(f"catalog: {error}", file=sys.stderr)
        return 2
    except (RequestRefused, TimeoutError) as error:
        print(f"catalog: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("catalog: stopped; the same command goes on from here", file=sys.stderr)
        return 1
    return 1 if report.failures else 0


async def _download(asked: argparse.Namespace) -> Report:
    from engine.history import download, plan
    from engine.history.gateway import Past, reachable
    from engine.history.store import Store
    from engine.instruments import UNDERLYINGS
    from engine.settings import Underlier

    symbols = [one.value for one in Underlier]
    if asked.symbol not in symbols:
        raise SettingsError(f"SYMBOL among {', '.join(symbols)}", asked.symbol, "choose one of these")
    if asked.last < asked.first:
        raise SettingsError("FROM no later than TO", f"{asked.first} and {asked.last}", "exchange the two")
    plan.bar_length(asked.bar)
    clock, bar = SystemClock(), Bar()
    wanted = download.Wanted(asked.first, asked.last, asked.what, asked.bar, asked.strikes)
    await reachable(asked.host, asked.port)
    with bar.shown:
        past = Past(UNDERLYINGS[Underlier(asked.symbol)], asked.host, asked.port, asked.client_id, clock, bar.note)
        await past.connect()
        try:
            report = await download.Download(past, Store(asked.catalog), wanted, clock, bar).run()
        finally:
            await past.close()
    _tell(report, asked)
    return report


def _tell(report: Report, asked: argparse.Namespace) -> None:
    if asked.json:
        print(json.dumps({"version": 1, **asdict(report)}))
        return
    print(
        f"{asked.symbol} {asked.first} to {asked.last}: {report.sessions} sessions, {report.series} series; "
        f"{report.asked} spans asked for, {report.there} were there, {report.rows} rows written to {asked.catalog}"
    )
    print(f"{len(report.gaps)} gaps" + (":" if report.gaps else ""))
    for gap in report.gaps[:SHOWN]:
        print(f"  {gap['series']}: nothing from {gap['gap']}")
    if len(report.gaps) > SHOWN:
        print(f"  and {len(report.gaps) - SHOWN} more; JSON=1 tells all")
    for failure in report.failures:
        print(f"missing: {failure['what']}: {failure['why']}")


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="watchkeeper catalog", description=__doc__)
    add_span(parser)
    parser.add_argument("--what", choices=("bars", "quotes", "trades"), default="bars", help="bars of bid, ask, last")
    parser.add_argument("--bar", default="1-MINUTE", help="size of bars: 5-SECOND to 1-HOUR")
    parser.add_argument(
        "--strikes", type=int, help="each day's options too: all strikes that it touched, and so many beyond"
    )
    parser.add_argument("--catalog", type=Path, default=Path("var/catalog"), help="the folder to write to")
    parser.add_argument("--host", default="127.0.0.1", help="the gateway's API")
    parser.add_argument("--port", type=int, default=4002, help="its port: 4002, live 4001")
    parser.add_argument("--client-id", type=int, default=CLIENT_ID, help="client id of the session")
    parser.add_argument("--json", action="store_true", help="the summary as JSON")
    return parsed(parser, arguments)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    # Not sys.exit: a thread of the adapter may sit in a connect without a timeout, and would be waited for.
    os._exit(code)
