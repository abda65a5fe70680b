"""The broker's word, asked for when a new exit is to be sent, and worth something for a moment only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from engine.books import Books, Truth
    from engine.clock import Clock

FRESH_SECONDS = 1.0
# Books may lag behind the broker by a fill on its way; beyond this they are wrong and must be reconciled.
LAG_SECONDS = 3.0
RESYNC_EVERY_SECONDS = 15.0

log = structlog.get_logger("exits")


class Broker(Protocol):
    """Whom the Keeper asks."""

    def ask(self, why: str) -> None:
        """Begin to ask; `why` is what differs, if something does."""
        ...

    def truth(self) -> Truth | None:
        """Return the last answer while it is fresh."""
        ...

    def spend(self) -> None:
        """Forget the answer: it was acted on, and the broker's books are about to change."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """One account as the Keeper sees it: its execution client's name, and whom to ask about it.

    `settled` tells whether its books were proven against the broker's on the present session.
    """

    name: str
    broker: Broker
    settled: Callable[[], bool]


class Asked:
    """Asks over the adapter's session. Lives on the node's loop."""

    def __init__(
        self,
        books: Books,
        clock: Clock,
        spawn: Callable[[Coroutine[Any, Any, Any]], None],
        resync: Callable[[], Coroutine[Any, Any, Any]],
    ) -> None:
        """`resync` puts books right that differ from the broker's for longer than a fill takes."""
        self._books = books
        self._clock = clock
        self._spawn = spawn
        self._resync = resync
        self._asking = False
        self._truth: Truth | None = None
        self._at = 0.0
        self._spent_at = 0.0
        self._differs_since: float | None = None
        self._resync_at = 0.0

    def ask(self, why: str) -> None:
        """Begin to ask, unless a question is on its way; books that stay wrong are reconciled."""
        now = self._clock.monotonic()
        if not why:
            self._differs_since = None
        elif self._differs_since is None:
            self._differs_since = now
        elif now - self._differs_since > LAG_SECONDS and now >= self._resync_at:
            log.error("our books differ from the broker's; reconciling", why=why)
            self._resync_at = now + RESYNC_EVERY_SECONDS
            self._spawn(self._resync())
        if not self._asking:
            self._asking = True
            # Fresh is counted from here: what happens from now on may not be in the answer.
            self._spawn(self._question(now))

    def truth(self) -> Truth | None:
        """Return the last answer while it is fresh."""
        return self._truth if self._clock.monotonic() - self._at < FRESH_SECONDS else None

    def spend(self) -> None:
        """Forget the answer."""
        self._truth = None
        self._spent_at = self._clock.monotonic()
        self._differs_since = None

    async def _question(self, begun: float) -> None:
        try:
            truth = await self._books.truth()
            self._truth, self._at = truth if begun > self._spent_at else None, begun
        except (ConnectionError, TimeoutError, OSError) as error:
            self._truth = None
            log.warning("the broker does not tell what is held", error=str(error) or type(error).__name__)
        finally:
            self._asking = False
