"""`--symbol`, `--from` and `--to`, which `make catalog` and `make backtest` take alike."""

from __future__ import annotations

import argparse
from datetime import date


def add_span(parser: argparse.ArgumentParser) -> None:
    """Add the underlying, the first day and the last."""
    parser.add_argument("--symbol", default="SPY", help="the underlying")
    parser.add_argument("--from", dest="first", type=_day, required=True, help="first day, 2026-11-16")
    parser.add_argument("--to", dest="last", type=_day, help="last day, included; the first by default")


def parsed(parser: argparse.ArgumentParser, arguments: list[str]) -> argparse.Namespace:
    """Parse; `last` is set in any case."""
    asked = parser.parse_args(arguments)
    asked.last = asked.last or asked.first
    return asked


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a day like 2026-11-16, found {text!r}") from None
