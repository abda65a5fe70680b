"""What a strategy holds: the newest greeks of each option, wherever they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nautilus_trader.model.data import DataType

from engine.greeks.data import Greeks, SourceChanged
from engine.greeks.select import by_delta

if TYPE_CHECKING:
    from nautilus_trader.common.actor import Actor
    from nautilus_trader.model.identifiers import InstrumentId

# Values come once a second; some may be late on a busy loop.
MAX_AGE_SECONDS = 5.0


class GreeksView:
    """Made in a strategy's `on_start`: `self.options = GreeksView(self)`. It listens to the bus from then on."""

    def __init__(self, actor: Actor, max_age: float = MAX_AGE_SECONDS) -> None:
        """`max_age`: seconds since a value was published; it must exceed the service's interval."""
        self._clock = actor.clock
        self._max_age_ns = int(max_age * 1e9)
        self._latest: dict[InstrumentId, Greeks] = {}
        self.source = ""
        # Their topics end in a wildcard, so a type whose name begins alike would be heard as well.
        actor.msgbus.subscribe(f"data.{DataType(Greeks).topic}", self._keep)
        actor.msgbus.subscribe(f"data.{DataType(SourceChanged).topic}", self._note)

    def of(self, instrument_id: InstrumentId) -> Greeks | None:
        """Return an option's greeks, or None where nobody knows them at this moment. An old value is no value."""
        value = self._latest.get(instrument_id)
        if value is None or self._clock.timestamp_ns() - value.ts_init > self._max_age_ns:
            return None
        return value

    def by_delta(self, target: float, *, call: bool, tolerance: float = 0.1) -> Greeks | None:
        """Return the option of the nearest expiry whose delta is nearest to the target (0.3: a put's is -0.3)."""
        # What is too old is forgotten here: a process of many days meets thousands of options.
        self._latest = {i: value for i in self._latest if (value := self.of(i)) is not None}
        return by_delta(self._latest.values(), target, self._clock.timestamp_ns(), call=call, tolerance=tolerance)

    def _keep(self, value: object) -> None:
        if isinstance(value, Greeks):
            self._latest[value.instrument_id] = value

    def _note(self, change: object) -> None:
        if isinstance(change, SourceChanged):
            self.source = change.source
