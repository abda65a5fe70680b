"""Which source to believe. Pure: it is told the feed's age and names the source."""

from __future__ import annotations

from dataclasses import dataclass

from engine.greeks.data import FEED, LOCAL

# A feed that has just come back stays on trial for so long: two switches a second would tell nobody anything.
STEADY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Change:
    """The source from now on, and why."""

    source: str
    reason: str


@dataclass(slots=True)
class Switch:
    """The feed while it is fresh, our own numbers otherwise."""

    stale_after: float
    source: str = LOCAL
    fresh_since: float | None = None

    def update(self, now: float, feed_age: float | None) -> Change | None:
        """Take the age of the feed's newest trade (None: there was none yet). Returns a change, or None."""
        if feed_age is None or feed_age > self.stale_after:
            self.fresh_since = None
            if self.source == FEED:
                self.source = LOCAL
                return Change(LOCAL, f"no trade from the feed for {feed_age or 0:.0f} s")
            return None
        if self.fresh_since is None:
            self.fresh_since = now
        if self.source == LOCAL and now - self.fresh_since >= STEADY_SECONDS:
            self.source = FEED
            return Change(FEED, f"the feed has been fresh for {now - self.fresh_since:.0f} s")
        return None
