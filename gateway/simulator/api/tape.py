"""What changes in the market, worked out and encoded once a step, however many clients listen.

A tape belongs to one instrument and one kind of news. It is advanced when the first of its subscribers is told of a
step; the others find the step's news ready. A tape nobody listens to any more is forgotten.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from weakref import WeakValueDictionary

from gateway.simulator.market.instruments import Instrument
from gateway.simulator.wire.splice import NOTHING, Burst

_NEVER = -1


class Tape(ABC):
    """News of one kind about one instrument."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.step = _NEVER
        """The newest step it has seen."""
        self.before = _NEVER
        """The step it had seen before that."""
        self.news = NOTHING
        """What happened between the two."""

    def advance(self, step: int) -> None:
        """Look at the market of a step."""
        self.before, self.step = self.step, step
        self.news = self._look(step)

    @abstractmethod
    def _look(self, step: int) -> Burst:
        """What is new at this step; nothing at the first that it sees."""

    @abstractmethod
    def state(self) -> Burst:
        """All there is to say to a subscriber who has missed something."""


class Subscription:
    """One client's request to be told the news of a tape."""

    __slots__ = ("_seen", "req_id", "tape")

    def __init__(self, req_id: int, tape: Tape) -> None:
        self.req_id = req_id
        self.tape = tape
        self._seen = _NEVER

    @property
    def instrument(self) -> Instrument:
        """What the news is about."""
        return self.tape.instrument

    def missed(self, step: int) -> bool:
        """Whether there was news that the client, having been told some, was not told."""
        return self._seen not in (_NEVER, step, self._at(step).before)

    def burst(self, step: int) -> Burst:
        """What the client has not been told yet; it counts as told."""
        tape = self._at(step)
        seen, self._seen = self._seen, step
        if seen == step:
            return NOTHING
        return tape.news if seen == tape.before != _NEVER else tape.state()

    def forget(self) -> None:
        """Take it that the client knows nothing."""
        self._seen = _NEVER

    def _at(self, step: int) -> Tape:
        if self.tape.step != step:
            self.tape.advance(step)
        return self.tape


class Tapes:
    """The tapes that somebody listens to."""

    def __init__(self) -> None:
        self._tapes: WeakValueDictionary[Hashable, Tape] = WeakValueDictionary()

    def get[T: Tape](self, kind: type[T], key: Hashable, make: Callable[[], T]) -> T:
        """The tape of that kind and key; made if nobody listens to it yet."""
        found = self._tapes.get((kind, key))
        if isinstance(found, kind):
            return found
        made = self._tapes[(kind, key)] = make()
        return made
