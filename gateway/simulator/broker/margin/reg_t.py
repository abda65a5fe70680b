"""Margin by strategy, after Regulation T and FINRA's rule 4210. Pure.

Recognised are: stock alone, long options (paid in full), shorts covered by stock, vertical spreads (also over time, the
long one living at least as long), and naked shorts. Other combinations are asked for as the sum of these.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.simulator.broker.holding import Holding
from gateway.simulator.broker.margin.scan import by_underlying

_LONG_STOCK = (0.5, 0.25)
_SHORT_STOCK = (0.5, 0.3)
_BOND = (0.1, 0.1)
"""Initial and maintenance as shares of the value; a bond's is assumed."""
_NAKED = {"cash": (0.15, 0.10), "physical": (0.20, 0.10)}
"""Of the underlying's value, before and at the least after taking off what it is out of the money: broad indices, which
are paid out in cash, and everything else."""


@dataclass(slots=True)
class _Lot:
    """Contracts of one option that are not paired yet, without their sign."""

    holding: Holding
    left: float

    @property
    def strike(self) -> float:
        return self.holding.instrument.strike

    @property
    def expiry(self) -> str:
        return self.holding.instrument.expiry_text


def of_securities(holdings: Sequence[Holding]) -> tuple[float, float]:
    """Initial and maintenance margin in the base currency."""
    initial = maintenance = 0.0
    for group in by_underlying(holdings).values():
        shares = sum(h.quantity for h in group if h.instrument.sec_type == "STK")
        for holding in group:
            if not holding.instrument.is_option:
                first, kept = _of_value(holding)
                initial, maintenance = initial + first, maintenance + kept
        for right in "CP":
            needed = _of_options([h for h in group if h.instrument.right == right], shares if right == "C" else -shares)
            initial, maintenance = initial + needed, maintenance + needed
    return initial, maintenance


def _of_value(holding: Holding) -> tuple[float, float]:
    worth = abs(holding.value) * holding.rate
    match holding.instrument.sec_type:
        case "STK":
            first, kept = _LONG_STOCK if holding.quantity > 0 else _SHORT_STOCK
        case "BOND":
            first, kept = _BOND
        case _:
            first = kept = 1.0
    return worth * first, worth * kept


def _of_options(holdings: Sequence[Holding], shares: float) -> float:
    """Calls, or puts: `shares` is the stock that covers the shorts (for puts: that is sold short)."""
    longs = [_Lot(h, h.quantity) for h in holdings if h.quantity > 0]
    shorts = [_Lot(h, -h.quantity) for h in holdings if h.quantity < 0]
    calls = bool(holdings) and holdings[0].instrument.right == "C"
    # The dearest shorts find cover first.
    shorts.sort(key=lambda lot: lot.strike, reverse=not calls)
    longs.sort(key=lambda lot: lot.strike, reverse=not calls)
    return sum(_of_short(short, longs, calls) for short in _covered(shorts, shares))


def _covered(shorts: list[_Lot], shares: float) -> list[_Lot]:
    """What stock does not cover."""
    for short in shorts:
        multiplier = short.holding.instrument.multiplier
        by_stock = min(short.left, max(shares, 0.0) // multiplier)
        short.left -= by_stock
        shares -= by_stock * multiplier
    return [short for short in shorts if short.left > 0]


def _of_short(short: _Lot, longs: list[_Lot], calls: bool) -> float:
    """A short's requirement, with its premium, after pairing it with longs that live at least as long."""
    holding = short.holding
    multiplier, rate = holding.instrument.multiplier, holding.rate
    needed = 0.0
    naked = _naked(holding)
    for long in longs:
        if not short.left:
            break
        if not long.left or long.expiry < short.expiry:
            continue
        width = max(long.strike - short.strike if calls else short.strike - long.strike, 0.0)
        if width >= naked:
            continue
        pair = min(short.left, long.left)
        short.left -= pair
        long.left -= pair
        needed += pair * width * multiplier * rate
    return needed + short.left * naked * multiplier * rate


def _naked(holding: Holding) -> float:
    """A unit's requirement: the premium and a share of the underlying."""
    instrument, spot = holding.instrument, holding.underlying
    first, least = _NAKED.get(instrument.settlement, _NAKED["physical"])
    if instrument.right == "C":
        out, floor = max(instrument.strike - spot, 0.0), least * spot
    else:
        out, floor = max(spot - instrument.strike, 0.0), least * instrument.strike
    return holding.price + max(first * spot - out, floor)
