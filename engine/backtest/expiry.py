"""What is still held when it expires: booked at what it is worth then.

The simulated exchange could do it by the last trade of the underlying, of which an index has none, and would deliver
shares to a day that is over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nautilus_trader.model.enums import OptionKind
from nautilus_trader.model.instruments import OptionContract

if TYPE_CHECKING:
    from collections.abc import Iterable


def worth(option: OptionContract, spot: float) -> float:
    """Return what an option pays at its end: an index's in cash, a share's by what its exercise brings at the close."""
    strike = float(option.strike_price)
    return max(0.0, spot - strike if option.option_kind == OptionKind.CALL else strike - spot)


def settled(positions: Iterable[Any], cache: Any, spot: float) -> tuple[list[dict[str, Any]], float]:
    """Return a fill for each option that is still held, in the order of names, and the cash that they bring."""
    fills, cash = [], 0.0
    for position in sorted(positions, key=lambda one: str(one.id)):
        option = cache.instrument(position.instrument_id)
        if not isinstance(option, OptionContract):
            continue
        price, multiplier = worth(option, spot), option.multiplier.as_double()
        cash += position.signed_qty * price * multiplier
        fills.append(
            {
                "at": option.expiration_ns,
                "instrument": str(option.id),
                "side": "SELL" if position.signed_qty > 0 else "BUY",
                "quantity": position.quantity.as_double(),
                "price": price,
                "commission": 0.0,
                "type": "SETTLEMENT",
                "multiplier": multiplier,
            }
        )
    return fills, cash
