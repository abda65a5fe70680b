"""The report: one HTML page that needs nothing else, with the equity as a drawing. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.backtest.result import Trade

WIDTH, HEIGHT, LEFT, BOTTOM = 900, 320, 90, 30
# More points than pixels draw nothing more.
_POINTS = 1800

_STYLE = """
:root { color-scheme: light dark; --line: #2b6cb0; --dim: #8a8f98; }
@media (prefers-color-scheme: dark) { :root { --line: #63b3ed; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 960px; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
td, th { padding: .15rem .8rem .15rem 0; text-align: right; } td:first-child, th:first-child { text-align: left; }
svg { width: 100%; height: auto; } .dim { color: var(--dim); }
svg text { fill: var(--dim); font-size: 12px; }
"""


def drawing(equity: Sequence[tuple[int, float]]) -> str:
    """Draw the equity over its samples: nights, in which nothing happens, take no room."""
    if len(equity) < 2:
        return "<p>Too little to draw.</p>"
    step = max(1, len(equity) // _POINTS)
    shown = [*equity[::step], equity[-1]]
    worth = [value for _, value in shown]
    low, high = min(worth), max(worth)
    room = (high - low) or 1.0
    wide, tall = WIDTH - LEFT, HEIGHT - BOTTOM

    def y(value: float) -> float:
        return 10 + (high - value) / room * (tall - 20)

    points = " ".join(
        f"{LEFT + number / (len(shown) - 1) * (wide - 10):.1f},{y(value):.1f}" for number, value in enumerate(worth)
    )
    labels = "".join(
        f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:,.2f}</text>'
        for value in ([low, high] if high > low else [low])
    )
    first, last = (f"{_moment(at):%Y-%m-%d %H:%M}" for at in (equity[0][0], equity[-1][0]))
    begin = y(worth[0])
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="equity in US dollars">'
        f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{begin:.1f}" y2="{begin:.1f}" stroke="var(--dim)" '
        f'stroke-dasharray="3 4"/>'
        f'<polyline points="{points}" fill="none" stroke="var(--line)" stroke-width="1.6"/>{labels}'
        f'<text x="{LEFT}" y="{HEIGHT - 8}">{first} UTC</text>'
        f'<text x="{WIDTH - 10}" y="{HEIGHT - 8}" text-anchor="end">{last} UTC</text></svg>'
    )


def page(told: dict[str, Any], equity: Sequence[tuple[int, float]], closed: Sequence[Trade]) -> str:
    """Write the page. `told` is what `report.json` holds."""
    title = f"{told['strategy']} on {told['symbol']}, {told['from']} to {told['to']}"
    figures = "".join(
        f"<tr><td>{escape(name.replace('_', ' '))}</td><td>{'–' if value is None else f'{value:,}'}</td></tr>"
        for name, value in told["figures"].items()
    )
    rows = "".join(
        f"<tr><td>{escape(trade.instrument)}</td><td>{_moment(trade.opened):%m-%d %H:%M:%S}</td>"
        f"<td>{_moment(trade.closed):%m-%d %H:%M:%S}</td><td>{trade.quantity:g}</td><td>{trade.entry:.2f}</td>"
        f"<td>{trade.exit:.2f}</td><td>{trade.profit:,.2f}</td></tr>"
        for trade in closed
    )
    notes = "".join(f"<li>{escape(note)}</li>" for note in told["notes"])
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
        f"<h1>{escape(title)}</h1>{drawing(equity)}"
        f"<p class=dim>Equity in US dollars, once a minute of each session.</p>"
        f"<table>{figures}</table><h2>What to know</h2><ul>{notes}</ul>"
        f"<h2>Trades</h2><table><tr><th>instrument</th><th>opened</th><th>closed (UTC)</th><th>quantity</th>"
        f"<th>entry</th><th>exit</th><th>profit</th></tr>{rows}</table>"
        f"<p class=dim>Hash of all fills and the equity: {told['hash']}</p></html>\n"
    )


def _moment(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC)
