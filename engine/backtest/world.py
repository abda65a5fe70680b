"""What a live run hands to strategies and exits, in a backtest: time, today's chain, the broker's word."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from engine import hours
from engine.books import Resting, Truth
from engine.chain.plan import Listed, near_money_call
from engine.observe import con_id, net_positions, unfinished_orders
from engine.orders import oca_of

if TYPE_CHECKING:
    from nautilus_trader.model.identifiers import InstrumentId


class SimulatedTime:
    """The engine's clock over NautilusTrader's."""

    def __init__(self, clock: Any) -> None:
        """Take the kernel's clock."""
        self._clock = clock

    def monotonic(self) -> float:
        """Return simulated seconds."""
        return float(self._clock.timestamp_ns() / 1e9)

    def now(self) -> datetime:
        """Return simulated time."""
        return datetime.fromtimestamp(self._clock.timestamp_ns() / 1e9, UTC)

    async def sleep(self, seconds: float) -> None:
        """Nobody can sleep here: time moves with the data alone."""
        raise AssertionError("a backtest has no loop to sleep on")


class DayChain:
    """The options of one day, all of them loaded from the start."""

    def __init__(self, cache: Any, underlying: InstrumentId, options: list[Any], clock: SimulatedTime) -> None:
        """Take what is replayed."""
        self._cache = cache
        self._underlying = underlying
        self._clock = clock
        self._expires = {option.id: hours.last_close(option) for option in options}
        self._listed = [
            Listed(option.id, float(option.strike_price), option.option_kind.name == "CALL", expires)
            for option in options
            if (expires := self._expires[option.id]) is not None
        ]

    def price(self) -> float | None:
        """Return the middle of the underlying's last quote, or the index's last value."""
        value = self._cache.index_price(self._underlying)
        if value is not None:
            return float(value.value)
        quote = self._cache.quote_tick(self._underlying)
        return (float(quote.bid_price) + float(quote.ask_price)) / 2 if quote is not None else None

    def call(self) -> InstrumentId | None:
        """Return the call to trade now: the one nearest to the money, before the cut-off."""
        price = self.price()
        if price is None:
            return None
        found = near_money_call(self._listed, price, self._clock.now())
        return found.instrument_id if found is not None else None

    def expires(self, instrument_id: InstrumentId) -> datetime | None:
        """Return when an option of the day dies."""
        return self._expires.get(instrument_id)


class OwnBooks:
    """The broker's word, as the Keeper asks for it: on a simulated exchange the books are the broker's."""

    def __init__(self, cache: Any) -> None:
        """Take the books."""
        self._cache = cache

    def ask(self, why: str) -> None:
        """Nothing to ask: the answer is there."""

    def spend(self) -> None:
        """Nothing to forget: the answer is made anew each time."""

    def truth(self) -> Truth:
        """Return what is held and what rests."""
        positions = {con_id(self._cache, name): quantity for name, quantity in net_positions(self._cache).items()}
        resting = {}
        for order in unfinished_orders(self._cache):
            contract, oca = con_id(self._cache, order.instrument_id), oca_of(order)
            if contract is not None:
                group, kind = (oca.group, int(oca.type)) if oca is not None else ("", 0)
                resting[order.client_order_id.value] = Resting(contract, group, kind)
        return Truth({contract: quantity for contract, quantity in positions.items() if contract is not None}, resting)
