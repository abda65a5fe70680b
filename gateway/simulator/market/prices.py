"""What things are worth at any moment: paths, futures' carry, options on a surface, sums of legs."""

import math
from dataclasses import replace

from gateway.simulator.market import options
from gateway.simulator.market.families import FAMILIES
from gateway.simulator.market.instruments import Instrument, Instruments
from gateway.simulator.market.process import STEP_SECONDS, PriceProcess, step_at
from gateway.simulator.market.stretch import Stretch, stretch_at
from gateway.simulator.market.surface import Surface

_MONTH_IN_YEARS = 30 / 365.25
_REMEMBERED = 4096
_UNVALUED = options.Valuation(0, 0, 0, 0, 0, 0)


class Prices:
    """Model prices, without a book around them. A closed market's stand still at the last one."""

    def __init__(self, instruments: Instruments, seed: int, volatility: float) -> None:
        self._instruments = instruments
        self._seed = seed
        self._volatility = volatility
        self._paths: dict[int, PriceProcess] = {}
        self._levels: dict[tuple[int, int], float] = {}
        self._known: dict[int, Instrument] = {}
        self._valued: dict[int, tuple[int, options.Valuation]] = {}
        self._stretches: dict[str, Stretch] = {}
        self._surfaces: dict[int, Surface] = {}
        self._bases: dict[int, float] = {}
        self._ends: dict[int, float] = {}

    def stretch(self, instrument: Instrument, step: int) -> Stretch:
        """What its market does at a step, and how long."""
        held = self._stretches.get(instrument.hours)
        if held is None or not held.first <= step < held.beyond:
            held = self._stretches[instrument.hours] = stretch_at(self._instruments.calendar(instrument), step)
        return held

    def open_step(self, instrument: Instrument, step: int) -> int:
        """The step whose price stands: this one, or the last one before the market closed."""
        return min(step, self.stretch(instrument, step).stands)

    def model(self, instrument: Instrument, step: int) -> float:
        """The price of anything."""
        if instrument.legs:
            return sum(weight * self.model(part, step) for weight, part in self.parts(instrument))
        return self.valuation(instrument, step).price if instrument.is_option else self._spot(instrument, step)

    def parts(self, bag: Instrument) -> list[tuple[float, Instrument]]:
        """The legs of a combination with their weights in its price, which is for its largest multiplier."""
        found = [(leg, self._instruments.by_id(leg.con_id)) for leg in bag.legs]
        weights = [(leg.ratio if leg.buys else -leg.ratio, part) for leg, part in found if part is not None]
        return [(ratio * part.multiplier / bag.multiplier, part) for ratio, part in weights]

    def valuation(self, instrument: Instrument, step: int) -> options.Valuation:
        """Model value and Greeks of an option."""
        at = self.open_step(instrument, step)
        held, valued = self._valued.get(instrument.con_id, (-1, _UNVALUED))
        if held == at:
            return valued
        if len(self._valued) >= _REMEMBERED:
            self._valued.clear()
        valued = self._value(instrument, at)
        self._valued[instrument.con_id] = at, valued
        return valued

    def implied_volatility(self, instrument: Instrument, step: int) -> float:
        """What options on it that expire in 30 days say at the money; of an option, its own underlying's."""
        spot = self.mid(instrument.underlying_id, step)
        return self.surface(instrument).at_the_money(spot, _MONTH_IN_YEARS)

    def surface(self, instrument: Instrument) -> Surface:
        """The implied volatilities of an option's underlying; of anything else, of options there are or could be."""
        key = instrument.product.underlying_id if instrument.is_option else instrument.con_id
        surface = self._surfaces.get(key)
        if surface is None:
            listed = self._instruments.by_id(key)
            product = listed.product if listed else FAMILIES[0].product
            base = self._instruments.base(product)
            surface = self._surfaces[key] = Surface(self._seed, key, instrument.product.volatility, base)
        return surface

    def carry(self, instrument: Instrument) -> float:
        """What holding an option's underlying costs a year: interest, but nothing for a future."""
        return 0.0 if instrument.sec_type == "FOP" else options.RATE

    def seconds_left(self, instrument: Instrument, step: int) -> float:
        """Until it is settled, not less than 0."""
        return self._seconds_left(instrument, self.open_step(instrument, step))

    def settlement(self, instrument: Instrument) -> float:
        """What it is worth when it expires: an option's exercise value, a future's price.

        Raises:
            ValueError: it does not expire.
        """
        settles = self._instruments.settles_at(instrument)
        if settles is None:
            raise ValueError(f"{instrument.local_symbol} does not expire")
        step = step_at(settles.timestamp())
        if not instrument.is_option:
            return round(self.mid(instrument.con_id, step), instrument.decimals)
        spot = self.mid(instrument.underlying_id, step)
        worth = spot - instrument.strike if instrument.right == "C" else instrument.strike - spot
        return round(max(worth, 0.0), 2)

    def mid(self, con_id: int, step: int) -> float:
        """The price of what is not an option, as its path has it, not on any grid of prices."""
        instrument = self._known.get(con_id)
        if instrument is None:
            found = self._instruments.by_id(con_id)
            if found is None:
                raise LookupError(f"no instrument {con_id}")
            instrument = self._known[con_id] = found
        return self._spot(instrument, step)

    def _value(self, instrument: Instrument, step: int) -> options.Valuation:
        """An option on its surface; one that may be exercised is worth at least that."""
        spot = self.mid(instrument.underlying_id, step)
        seconds = self._seconds_left(instrument, step)
        strike, calls = instrument.strike, instrument.right == "C"
        sigma = self.surface(instrument).volatility(spot, strike, seconds / options.YEAR_SECONDS)
        valued = options.value(calls, spot, strike, seconds, sigma, self.carry(instrument))
        exercised = max(spot - strike if calls else strike - spot, 0.0) if instrument.american else 0.0
        return valued if valued.price >= exercised else replace(valued, price=exercised)

    def _seconds_left(self, instrument: Instrument, step: int) -> float:
        ends = self._ends.get(instrument.con_id)
        if ends is None:
            settles = self._instruments.settles_at(instrument)
            ends = self._ends[instrument.con_id] = settles.timestamp() if settles else 0.0
        return max(ends - step * STEP_SECONDS, 0.0)

    def _level(self, path: int, step: int) -> float:
        """How far a path is from where it usually is, in log returns."""
        key = (path, step)
        level = self._levels.get(key)
        if level is None:
            if len(self._levels) >= _REMEMBERED:
                self._levels.clear()
            level = self._levels[key] = self._make_level(path, step)
        return level

    def _make_level(self, path: int, step: int) -> float:
        series = self._instruments.data.get(path)
        if series is not None:
            return math.log(series.price(step) / series.first)
        process = self._paths.get(path)
        if process is None:
            process = self._paths[path] = PriceProcess(self._seed * 1009 + path, 1.0, self._volatility)
        return process.level(step)

    def _spot(self, instrument: Instrument, step: int) -> float:
        step = self.open_step(instrument, step)
        product = instrument.product
        if product.con_id in self._instruments.data:
            return self._instruments.data[product.con_id].price(step)
        base = self._bases.get(instrument.con_id)
        if base is None:
            base = self._bases[instrument.con_id] = self._instruments.base(product)
        log = product.beta * self._level(product.follows, step)
        if product.carry:
            log += product.carry * self._seconds_left(instrument, step) / options.YEAR_SECONDS
        return base * math.exp(log)
