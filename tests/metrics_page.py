"""Every metric that the house exports, and docs/metrics.md made of them.

    python -m tests.metrics_page >docs/metrics.md

It is asked of the exporters themselves, with everything that is optional there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from prometheus_client import CollectorRegistry, Metric, ProcessCollector

from engine.board import Board, Snapshot
from engine.chain.view import ChainView
from engine.exits.view import ExitsSeen
from engine.metrics import registry as of_the_engine
from engine.settings import Settings
from engine.state import Observation, Phase
from gateway.simulator.faults.catalogue import FAULTS as OF_THE_STAND_IN
from gateway.simulator.metrics import registry as of_the_stand_in
from gateway.simulator.tally import Tally
from supervisor.memory import Memory
from supervisor.metrics import Metrics
from supervisor.observation import Audit, HostView, ResourcesView, SentinelView
from supervisor.observation import Observation as Seen
from supervisor.policy import Policy

_SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}


@dataclass(frozen=True)
class Family:
    """One metric: who exports it, its series' names, and its labels with the values that they can have."""

    who: str
    name: str
    type: str
    text: str
    values: dict[str, set[str]]

    @property
    def series(self) -> tuple[str, ...]:
        return tuple(self.name + suffix for suffix in _SUFFIXES.get(self.type, ("",)))


def _families(who: str, metrics: Iterable[Metric], labels: dict[str, tuple[str, ...]] | None = None) -> list[Family]:
    found = []
    for metric in metrics:
        values: dict[str, set[str]] = {name: set() for name in (labels or {}).get(metric.name, ())}
        for sample in metric.samples:
            for label, value in sample.labels.items():
                if label != "le":
                    values.setdefault(label, set()).add(value)
        found.append(Family(who, metric.name, metric.type, metric.documentation, values))
    return found


def _supervisor() -> list[Family]:
    made = CollectorRegistry()
    metrics = Metrics(made, "sim")
    now = 100.0
    seen = Seen(
        host=HostView(slept_at=now, wall_stepped_at=now, synchronised=True, disk_free=0.5),
        resources=ResourcesView(memory_bytes=1, memory_limit_bytes=2, open_files=1, open_files_limit=2),
        token_expires_at=now + 1.0,
        sentinel=SentinelView(audit=Audit(now, now, now), last_tick_at=now),
    )
    metrics.expect("sim", ("na-reset",)).ran(Memory(), seen, Policy(), now, now)
    labels = {one._name: one._labelnames for one in vars(metrics).values() if hasattr(one, "_labelnames")}
    return _families("supervisor", made.collect(), labels)


def _engine() -> list[Family]:
    board = Board(Settings(ib_account="DUSIM0001"))
    counts = dict.fromkeys(("sessions", "prints", "conflated", "unknown", "implausible", "undecodable"), 0)
    by_source = (("local", 1), ("unusual_whales", 0))
    greeks: Any = SimpleNamespace(  # the real ones bring NautilusTrader
        source="local",
        options=by_source,
        switches=by_source,
        feed_age=1.0,
        feed=SimpleNamespace(connected=True, **counts),
    )
    snapshot = Snapshot(
        Observation(0.0, Phase.STARTED, data_at=0.0),
        board.clock.now(),
        reconciled_at=board.clock.now(),
        codes=((2104, 1),),
        resyncs=(("ok", 1),),
        last_resync_seconds=1.0,
        queues=(("data", 0),),
        chain=ChainView("SPY", near_seconds=1.0, load_seconds=1.0),
        greeks=greeks,
        exits=ExitsSeen(look_age=0.0),
    )
    board.pin(snapshot)
    return _families("engine", of_the_engine(board).collect())


def _stand_in() -> list[Family]:
    gateway: Any = SimpleNamespace(
        tally=Tally(),
        started=list,
        clock=SimpleNamespace(speed=1.0),
        now=lambda: SimpleNamespace(timestamp=lambda: 0.0),
        lines=lambda: 0,
    )
    faults: Any = SimpleNamespace(names=tuple(OF_THE_STAND_IN), active=())
    return _families("stand-in", of_the_stand_in(gateway, faults).collect())


def exported() -> list[Family]:
    """Every family, by who exports it and by name."""
    own = CollectorRegistry()
    ProcessCollector(registry=own)
    every = [*_supervisor(), *_engine(), *_stand_in()]
    ours = [family for family in every if not family.name.startswith("process_")]
    of_each = _families("supervisor and engine", own.collect())
    return sorted(ours, key=lambda family: (family.who, family.name)) + of_each


_HEAD = """\
# Which metrics are there?

Written by `python -m tests.metrics_page` from what is exported; a test holds it to that. Prometheus adds `job` and
`instance`, and to the engine's metrics `tenant`. Rules over them are in `prometheus/rules/`; what those record is named
`tenant:…`.
"""
_WHERE = {
    "supervisor": "`/metrics` of the supervisor, port 9180",
    "engine": "`/metrics` of the engine, port 9190",
    "stand-in": "`/metrics` of the stand-in's control port, 9170: in SIM only",
    "supervisor and engine": "Each process of its own, in Linux containers",
}


def page() -> str:
    """The page's text."""
    lines = [_HEAD]
    families = exported()
    for who, where in _WHERE.items():
        lines += [
            f"## {who[0].upper()}{who[1:]}",
            "",
            f"{where}.",
            "",
            "| name | type | labels | meaning |",
            "|---|---|---|---|",
        ]
        for family in (one for one in families if one.who == who):
            name = family.name + _SUFFIXES["counter"][0] if family.type == "counter" else family.name
            labels = ", ".join(f"`{label}`" for label in sorted(family.values))
            lines.append(f"| `{name}` | {family.type} | {labels} | {family.text.rstrip('.')} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    print(page(), end="")
