"""Greeks worked out here, from quotes. Pure: the same live and in a backtest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.greeks.black_scholes import Market, implied_vol, out_of_the_money, sensitivities, years_until
from engine.greeks.data import LOCAL, greeks_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.greeks.data import Greeks
    from engine.greeks.options import Option


@dataclass(frozen=True, slots=True)
class Mid:
    """The middle of a quote, and when that was quoted."""

    price: float
    at_ns: int


def work_out(option: Option, spot: Mid, quoted: Mapping[bool, Mid], rate: float, now_ns: int) -> Greeks | None:
    """Return an option's greeks, or None where no volatility can be read.

    `quoted` has the middle of the call (True) and of the put (False) at this strike, as far as they are quoted. The
    side without intrinsic value is asked first: the other's time value drowns in its spread.
    """
    years = years_until(option.expiration_ns, now_ns)
    markets = {call: Market(spot.price, option.strike, years, rate, call) for call in (True, False)}
    for call in sorted(quoted, key=lambda side: not out_of_the_money(markets[side])):
        vol = implied_vol(markets[call], quoted[call].price)
        if vol is None:
            continue
        found = sensitivities(markets[option.call], vol)
        return greeks_of(
            option,
            LOCAL,
            found,
            spot=spot.price,
            vol=vol,
            itm_probability=found.itm_probability,
            at_ns=min(spot.at_ns, quoted[call].at_ns),
            now_ns=now_ns,
        )
    return None
