"""What Prometheus sees: the board's latest reading, turned into metrics at the moment of the scrape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from engine.chain.view import ChainView
from engine.greeks import metrics as greeks
from engine.state import Stage, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import Metric

    from engine.board import Board
    from engine.exits.view import ExitsSeen

_PREFIX = "watchkeeper_engine"


def registry(board: Board) -> CollectorRegistry:
    """Return a registry of its own with the process's metrics and the engine's."""
    found = CollectorRegistry()
    ProcessCollector(registry=found)
    found.register(_Engine(board))
    return found


class _Engine(Collector):
    def __init__(self, board: Board) -> None:
        self._board = board

    def describe(self) -> Iterable[Metric]:
        # An empty description keeps the registry from scraping at registration.
        return ()

    def collect(self) -> Iterable[Metric]:
        board = self._board
        reading = board.read()
        snapshot, seen = reading.snapshot, reading.snapshot.seen
        states = GaugeMetricFamily(f"{_PREFIX}_state", "1 for the engine's present state.", labels=["state"])
        for state in State:
            states.add_metric([state], float(state is reading.verdict.state))
        yield states
        stages = GaugeMetricFamily(f"{_PREFIX}_phase", "1 for the engine's present phase.", labels=["phase"])
        for stage in Stage:
            stages.add_metric([stage], float(stage is reading.verdict.stage))
        yield stages
        gauges = {
            "trading": ("1 while the engine trades.", float(reading.verdict.state is State.TRADING)),
            "client_id": ("The client id in use; -1 before there is one.", _or_none(seen.client_id)),
            "wandered": ("1 while the client id is not the configured one.", float(seen.wandered)),
            "farm_broken": ("1 while the market data farm is broken (2103).", float(seen.farm_broken)),
            "reader_alive": ("1 while the tasks that read the gateway live.", float(seen.reader_alive)),
            "connected": ("1 while the adapter's session stands.", float(seen.ready)),
            "connection_attempts": ("Attempts in the present outage.", float(seen.attempts)),
            "generation": ("Sessions to the gateway since the start.", float(seen.generation)),
            "inbound_queue": ("Messages read and not yet handled.", float(seen.queue)),
            "loop_age_seconds": ("Seconds since the node's loop last looked.", board.loop_age()),
            "inbound_wait_seconds": ("Age of the oldest message read and not yet handled.", seen.behind),
            "messages_waiting": (
                "Messages that the gateway's pacing rules hold back.",
                float(snapshot.wire.waiting),
            ),
            "loop_lag_seconds": ("Greatest lag of the node's loop over the last 15 s.", snapshot.loop_lag),
            "halted": ("1 while the engine is halted.", float(board.gate.halted)),
            "subscriptions": ("Market data subscriptions.", float(seen.subscriptions)),
            "regular_hours": ("1 in the regular hours of the underlying's exchange.", float(snapshot.regular_hours)),
            "entries_held": ("1 while new entries are held.", float(board.gate.held)),
            "cache_up": ("0 while Redis does not answer.", float(snapshot.cache_trouble is None)),
            "write_blocked": ("1 while orders are refused by a Read-Only API.", float(snapshot.write_blocked)),
            "positions": ("Open positions.", float(len(snapshot.positions))),
            "orders_working": ("Orders on their way to the broker or resting there.", float(len(snapshot.orders))),
        }
        for name, (text, value) in gauges.items():
            yield GaugeMetricFamily(f"{_PREFIX}_{name}", text, value=value)
        yield from _chain(snapshot.chain or ChainView(""))
        naked = sum(1 for position in snapshot.positions if not position["exits"])
        yield GaugeMetricFamily(f"{_PREFIX}_positions_without_exit", "Positions no working order closes.", naked)
        if (age := seen.data_age(board.clock.monotonic())) is not None:
            yield GaugeMetricFamily(f"{_PREFIX}_inbound_age_seconds", "Seconds since the last market data.", age)
        if snapshot.reconciled_at is not None:
            yield GaugeMetricFamily(
                f"{_PREFIX}_reconciled_timestamp_seconds",
                "When the books were last made the broker's.",
                snapshot.reconciled_at.timestamp(),
            )
        queues = GaugeMetricFamily(f"{_PREFIX}_queue_size", "What waits in NautilusTrader's queues.", labels=["queue"])
        for name, size in snapshot.queues:
            queues.add_metric([name], size)
        yield queues
        exits = sum(len(position["exits"]) for position in snapshot.positions)
        yield GaugeMetricFamily(f"{_PREFIX}_exits_working", "Working orders that close a position.", exits)
        yield from _kept(snapshot.exits, board.loop_age())
        yield CounterMetricFamily(
            f"{_PREFIX}_orders_refused", "Orders and changes that the gate refused.", board.gate.refusals
        )
        if snapshot.last_resync_seconds is not None:
            yield GaugeMetricFamily(
                f"{_PREFIX}_last_resync_seconds", "Duration of the last resync.", snapshot.last_resync_seconds
            )
        yield CounterMetricFamily(f"{_PREFIX}_ticks", "Market data seen on the message bus.", snapshot.ticks)
        counters = {
            "messages_delayed": ("Messages that the gateway's pacing rules held back.", snapshot.wire.delayed_messages),
            "execution_times_repaired": ("Execution times that nobody could read.", snapshot.wire.repaired_times),
            "fills_unbooked": ("Executions that had to be asked for again.", snapshot.wire.unbooked_fills),
            "delayed_ticks": ("Ticks of delayed market data.", snapshot.wire.delayed_ticks),
        }
        for name, (text, count) in counters.items():
            yield CounterMetricFamily(f"{_PREFIX}_{name}", text, count)
        codes = CounterMetricFamily(f"{_PREFIX}_codes", "Errors and notices of the gateway.", labels=["code"])
        for code, count in snapshot.codes:
            codes.add_metric([str(code)], count)
        yield codes
        resyncs = CounterMetricFamily(f"{_PREFIX}_resyncs", "Resyncs by their result.", labels=["result"])
        for result, count in snapshot.resyncs:
            resyncs.add_metric([result], count)
        yield resyncs
        if snapshot.greeks is not None:
            yield from greeks.collect(snapshot.greeks)


def _chain(chain: ChainView) -> Iterable[Metric]:
    gauges = {
        "ready": (
            "1 while today's options are loaded around the money.",
            float(bool(chain.date) and not chain.missing),
        ),
        "contracts": ("Options of today that are loaded.", float(chain.loaded)),
        "contracts_wanted": ("Options of today within the width that is asked for.", float(chain.wanted)),
        "contracts_listed": ("Options of today that the gateway lists.", float(chain.listed)),
    }
    for name, (text, value) in gauges.items():
        yield GaugeMetricFamily(f"{_PREFIX}_chain_{name}", text, value=value)
    took = {
        "near_seconds": ("Until the first options around the money were loaded.", chain.near_seconds),
        "load_seconds": ("Until all of them within the width were loaded.", chain.load_seconds),
    }
    for name, (text, seconds) in took.items():
        if seconds is not None:
            yield GaugeMetricFamily(f"{_PREFIX}_chain_{name}", text, value=seconds)


def _kept(exits: ExitsSeen, loop_age: float) -> Iterable[Metric]:
    acts = CounterMetricFamily(f"{_PREFIX}_exit_acts", "What the Keeper did to exits and entries.", labels=["act"])
    for act, count in exits.done:
        acts.add_metric([act], count)
    yield acts
    if exits.look_age is not None:
        text = "Seconds since the Keeper last looked at every position."
        yield GaugeMetricFamily(f"{_PREFIX}_exits_look_age_seconds", text, exits.look_age + loop_age)


def _or_none(number: int | None) -> float:
    return float(number) if number is not None else -1.0
