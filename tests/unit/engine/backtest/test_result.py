"""Trades, figures, the hash and the page."""

from __future__ import annotations

from typing import Any

from engine.backtest.report import drawing, page
from engine.backtest.result import figures, fingerprint, trades

EQUITY = [(0, 1000.0), (1, 1100.0), (2, 900.0), (3, 1050.0)]


def fill(at: int, side: str, quantity: float, price: float, instrument: str = "A") -> dict[str, Any]:
    return {
        "at": at,
        "instrument": instrument,
        "side": side,
        "quantity": quantity,
        "price": price,
        "commission": 1.0,
        "type": "MARKET",
        "multiplier": 100.0,
    }


def test_fills_become_trades_with_their_commissions() -> None:
    found = trades(
        [fill(0, "BUY", 2, 1.0), fill(1, "SELL", 1, 1.5), fill(1, "BUY", 1, 9.0, "B"), fill(2, "SELL", 1, 1.3)]
    )
    [only] = found
    assert (only.entry, only.exit, only.quantity, only.closed) == (1.0, 1.4, 2.0, 2)
    assert only.profit == 77.0  # 2 × 0.40 × 100, less three dollars


def test_a_short_trade_earns_when_the_price_falls() -> None:
    [only] = trades([fill(0, "SELL", 1, 2.0), fill(1, "BUY", 1, 1.0)])
    assert (only.quantity, only.entry, only.exit, only.profit) == (-1.0, 2.0, 1.0, 98.0)


def test_the_figures() -> None:
    closed = trades([fill(0, "BUY", 1, 1.0), fill(1, "SELL", 1, 2.0), fill(2, "BUY", 1, 2.0), fill(3, "SELL", 1, 1.5)])
    found = figures(closed, EQUITY)
    assert (found["profit"], found["largest_drawdown"]) == (50.0, 200.0)
    assert (found["trades"], found["won"], found["profit_factor"]) == (2, 1, round(98 / 52, 3))
    assert figures([], [])["profit"] is None


def test_the_hash_is_of_everything() -> None:
    fills = [fill(0, "BUY", 1, 1.0)]
    assert fingerprint(fills, EQUITY) == fingerprint([dict(reversed(fills[0].items()))], list(EQUITY))
    assert fingerprint(fills, EQUITY) != fingerprint([fill(0, "BUY", 1, 1.01)], EQUITY)
    assert fingerprint(fills, EQUITY) != fingerprint(fills, EQUITY[:-1])


def test_the_page_draws_the_equity_and_escapes_names() -> None:
    told = {
        "strategy": "<b>:X",
        "symbol": "SPY",
        "from": "2026-11-18",
        "to": "2026-11-18",
        "figures": figures([], EQUITY),
        "notes": ["a & b"],
        "hash": "abc",
    }
    written = page(told, EQUITY, trades([fill(0, "BUY", 1, 1.0), fill(1, "SELL", 1, 2.0)]))
    assert "<b>:X" not in written
    assert "a &amp; b" in written
    assert written.count("<polyline") == 1
    assert "1,100.00" in written
    assert "98.00" in written


def test_a_drawing_needs_two_points_and_stays_inside() -> None:
    assert "<svg" not in drawing(EQUITY[:1])
    drawn = drawing(EQUITY * 2000)
    points = [tuple(map(float, one.split(","))) for one in drawn.split('points="')[1].split('"')[0].split()]
    assert len(points) <= 4100
    assert all(0 <= x <= 900 and 0 <= y <= 320 for x, y in points)
