"""The command line of a preflight, whoever asks: what is to be asked, how it is told, and the exit code."""

import argparse
import asyncio
import json
import re
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from preflight.errors import CouldNotAsk, PreflightError
from preflight.junit import junit
from preflight.report import Report, Result, Verdict
from tws.clock import Clock

LOOK_AGAIN_SECONDS = 5.0
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class Options:
    """What somebody asked for."""

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    as_json: bool = False
    junit: Path | None = None
    watch: bool = False
    within_seconds: float = 900.0

    @classmethod
    def of(cls, given: argparse.Namespace) -> Self:
        return cls(given.only, given.skip, given.json, given.junit, given.watch, given.within)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that `Options.of` reads, all of them for a preflight."""
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--only", type=_words, default=(), metavar="NAMES", help="only these checks or groups: a,b")
    parser.add_argument("--skip", type=_words, default=(), metavar="NAMES", help="all but these checks or groups")
    parser.add_argument("--junit", type=Path, metavar="PATH", help="also write the report there, as JUnit's XML")
    parser.add_argument("--watch", action="store_true", help="ask again until all is well, or --within has passed")
    parser.add_argument("--within", type=_seconds, default=900.0, metavar="TIME", help="90s, 15m (default) or 2h")


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in re.split(r"[,\s]+", text) if word)


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+)([smh])", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"expected a time such as 90s, 15m or 2h, found {text!r}")
    return int(match[1]) * _UNITS[match[2]]


def answer(options: Options, ask: Callable[[], Awaitable[Report]], clock: Clock) -> int:
    """Ask, tell, and say by the exit code what it came to: 0 go, 1 no-go or unknown, 2 could not ask."""
    try:
        report = asyncio.run(_watched(options, ask, clock) if options.watch else _once(ask))
        _tell(options, report)
    except PreflightError as error:
        if isinstance(error, CouldNotAsk) and error.report is not None:
            _tell(options, error.report)
        print(f"preflight: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("preflight: interrupted, so nothing is known", file=sys.stderr)
        return 2
    return 0 if report.verdict is Verdict.GO else 1


async def _once(ask: Callable[[], Awaitable[Report]]) -> Report:
    return await ask()


async def _watched(options: Options, ask: Callable[[], Awaitable[Report]], clock: Clock) -> Report:
    """Until all is well or the time is up, whatever the last answer is then; says on stderr what is awaited."""
    began = clock.monotonic()
    while True:
        report, trouble = None, None
        try:
            report = await ask()
            waits_for = _waits_for(report)
        except CouldNotAsk as error:
            trouble, waits_for = error, str(error)
        passed = clock.monotonic() - began
        if report is not None and report.verdict is Verdict.GO:
            return report
        if passed + LOOK_AGAIN_SECONDS > options.within_seconds:
            if report is None:
                raise trouble or CouldNotAsk("no answer")
            return report
        print(f"{passed:5.0f} s  {waits_for}", file=sys.stderr, flush=True)
        await clock.sleep(LOOK_AGAIN_SECONDS)


def _waits_for(report: Report) -> str:
    bad = [check.name for check in report.checks if check.result is Result.FAIL]
    blind = [check.name for check in report.checks if check.vital and check.result is Result.SKIPPED]
    return f"{report.verdict}: waiting for {', '.join(bad or blind) or 'a check'}"


def _tell(options: Options, report: Report) -> None:
    if options.as_json:
        print(json.dumps(report.as_json(), indent=2))
    else:
        from preflight.table import show  # a quarter of a second that nobody who wants JSON waits for

        show(report)
    if options.junit is not None:
        try:
            options.junit.write_text(junit(report))
        except OSError as error:
            raise CouldNotAsk(f"JUNIT: expected a file that can be written, found {error}") from error
