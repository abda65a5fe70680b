"""The price steps an exchange takes. The ids of 26, 32, 59, 67, 109, 110 and 239 are IBKR's; others are assumed."""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.simulator.market.instrument import Instrument

MARKET_RULES: dict[int, tuple[tuple[float, float], ...]] = {
    26: ((0.0, 0.01),),
    28: ((0.0, 0.1),),
    32: ((0.0, 0.01), (3.0, 0.05)),
    59: ((0.0, 0.005),),
    67: ((0.0, 0.25),),
    109: ((0.0, 0.01), (3.0, 0.05)),
    110: ((0.0, 0.05), (3.0, 0.1)),
    239: ((0.0, 0.00005),),
    557: ((0.0, 0.25),),
    635: ((0.0, 0.0078125),),
    1175: ((0.0, 0.05), (10.0, 0.25)),
    2038: ((0.0, 0.001),),
}
"""Price increments by rule id: (from this price on, increment)."""


def increment(rule: int, price: float) -> float:
    """The step that prices of that height take."""
    steps = MARKET_RULES[rule]
    for low_edge, step in reversed(steps):
        if abs(price) >= low_edge - 1e-9:
            return step
    return steps[0][1]


def conforms(instrument: "Instrument", price: float) -> bool:
    """Whether an order may have that price."""
    ticks = price / increment(instrument.market_rule, price)
    return abs(ticks - round(ticks)) < 1e-6


def below(rule: int, price: float) -> float:
    """The highest allowed price at or below one."""
    step = increment(rule, price)
    return round(math.floor(price / step + 1e-9) * step, 8)


def above(rule: int, price: float) -> float:
    """The lowest allowed price at or above one."""
    step = increment(rule, price)
    return round(math.ceil(price / step - 1e-9) * step, 8)
