"""The stand-in's own figures, for Prometheus."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from gateway.simulator.api.gateway import Gateway
from gateway.simulator.faults import Faults


def registry(gateway: Gateway, faults: Faults) -> CollectorRegistry:
    """Where they are collected from at each scrape."""
    made = CollectorRegistry()
    made.register(_Collector(gateway, faults))
    return made


class _Collector:
    """Makes metrics of the plain counters at each scrape."""

    def __init__(self, gateway: Gateway, faults: Faults) -> None:
        self._gateway = gateway
        self._faults = faults

    def collect(self) -> Iterator[Metric]:
        tally = self._gateway.tally
        prefix = "watchkeeper_simulator"
        yield GaugeMetricFamily(f"{prefix}_clients", "API clients connected", value=len(self._gateway.started()))
        yield GaugeMetricFamily(
            f"{prefix}_world_speed", "World seconds a machine second", value=self._gateway.clock.speed
        )
        yield GaugeMetricFamily(
            f"{prefix}_world_timestamp_seconds", "The world's moment", value=self._gateway.now().timestamp()
        )
        yield GaugeMetricFamily(f"{prefix}_market_lines", "Market data lines in use", self._gateway.lines())
        for name, text, value in (
            ("messages_received", "Messages from clients", tally.messages_in),
            ("messages_sent", "Messages to clients", tally.messages_out),
            ("ticks_sent", "Market data messages to clients", tally.ticks),
            ("ticks_dropped", "Lines skipped because a client did not read", tally.ticks_dropped),
            ("requests_refused", "Requests answered with an error", tally.refused),
            ("orders", "placeOrder messages accepted for the book", tally.orders),
            ("fills", "Executions", tally.fills),
            ("failures", "Requests that ended in an unexpected exception", tally.failures),
            ("sessions", "Sessions that got through startApi", tally.sessions),
        ):
            yield CounterMetricFamily(f"{prefix}_{name}", text, value=value)
        injected = CounterMetricFamily(f"{prefix}_faults_injected", "Faults switched on", labels=["fault"])
        active = GaugeMetricFamily(f"{prefix}_fault_active", "1 while a fault is on", labels=["fault"])
        for fault in self._faults.names:
            injected.add_metric([fault], tally.faults.get(fault, 0))
            active.add_metric([fault], float(fault in self._faults.active))
        yield injected
        yield active
