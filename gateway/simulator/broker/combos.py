"""What a combination's fill means for its legs. Pure."""

from collections.abc import Callable

from gateway.simulator.market.instruments import Instrument


def legs_of(
    instrument: Instrument,
    shares: float,
    price: float,
    by_id: Callable[[int], Instrument],
    mid: Callable[[Instrument], float],
) -> list[tuple[Instrument, float, float]]:
    """Instrument, shares (negative: sold) and price of each leg; of anything else itself.

    Legs trade at their mids, save the dearest: its price makes the sum come out at what the combination traded at.
    A combination's price is for one unit of its largest multiplier.
    """
    if not instrument.legs:
        return [(instrument, shares, price)]
    parts = [(by_id(leg.con_id), leg.ratio if leg.buys else -leg.ratio) for leg in instrument.legs]
    largest = max(part.multiplier for part, _ in parts)
    prices = [round(mid(part), 4) for part, _ in parts]
    weights = [ratio * part.multiplier / largest for part, ratio in parts]
    dearest = max(range(len(parts)), key=lambda n: prices[n])
    others = sum(weights[n] * prices[n] for n in range(len(parts)) if n != dearest)
    prices[dearest] = round((price - others) / weights[dearest], 6)
    return [(part, shares * ratio, at) for (part, ratio), at in zip(parts, prices, strict=True)]
