"""The greeks' share of metrics and status. It imports no Nautilus: HTTP answers before that is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import Metric

    from engine.greeks.service import GreeksSeen

_PREFIX = "watchkeeper_engine_greeks"
_DROPPED = ("conflated", "unknown", "implausible", "undecodable")


def collect(seen: GreeksSeen) -> Iterable[Metric]:
    """Turn what the service told into metrics."""
    sources = GaugeMetricFamily(f"{_PREFIX}_source", "1 for where greeks come from now.", labels=["source"])
    options = GaugeMetricFamily(f"{_PREFIX}_options", "Options that have greeks now, by source.", labels=["source"])
    for source, count in seen.options:
        sources.add_metric([source], float(source == seen.source))
        options.add_metric([source], float(count))
    switches = CounterMetricFamily(f"{_PREFIX}_switches", "Changes of the source, by the new one.", labels=["to"])
    for source, count in seen.switches:
        switches.add_metric([source], float(count))
    yield from (sources, options, switches)
    if (feed := seen.feed) is None:
        return
    yield GaugeMetricFamily(f"{_PREFIX}_feed_connected", "1 while the feed's session stands.", float(feed.connected))
    if seen.feed_age is not None:
        yield GaugeMetricFamily(f"{_PREFIX}_feed_age_seconds", "Age of the feed's newest trade.", seen.feed_age)
    yield CounterMetricFamily(f"{_PREFIX}_feed_sessions", "Sessions with the feed.", float(feed.sessions))
    yield CounterMetricFamily(f"{_PREFIX}_feed_prints", "Trades that the feed told of.", float(feed.prints))
    dropped = CounterMetricFamily(
        f"{_PREFIX}_feed_dropped", "Trades and frames not handed on, and why.", labels=["reason"]
    )
    for reason in _DROPPED:
        dropped.add_metric([reason], float(getattr(feed, reason)))
    yield dropped


def status(seen: GreeksSeen | None) -> dict[str, Any] | None:
    """Write it for `GET /api/v1/status`; None while no node runs."""
    if seen is None:
        return None
    feed = seen.feed
    return {
        "source": seen.source,
        "reason": seen.reason,
        "options": dict(seen.options),
        "feed": None
        if feed is None
        else {
            "connected": feed.connected,
            "joined": feed.joined,
            "wanted": feed.wanted,
            "trade_age_seconds": None if seen.feed_age is None else round(seen.feed_age, 3),
            "trouble": feed.trouble,
        },
    }
