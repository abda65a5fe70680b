"""A watch whose senses are made up, so that a test says what it has seen."""

from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from supervisor.clearance import Preflights
from supervisor.journal import Journal
from supervisor.loop import Senses, Watch
from supervisor.memory import EngineTrack, GatewayTrack, Memory
from supervisor.metrics import Metrics
from supervisor.notify import ChannelTrouble, Notifier, Page
from supervisor.observation import Container, Look, SentinelView, Subject
from supervisor.policy import Policy
from supervisor.probes.engine import EngineLink
from supervisor.probes.host import Host, LinuxKernel
from supervisor.probes.ledger import Ledger
from supervisor.probes.mailbox import Mailbox
from supervisor.probes.names import Name
from supervisor.probes.resources import Resources
from supervisor.probes.sentinel import Sentinel
from supervisor.rules import Rules
from supervisor.states import EngineState, GatewayState
from tws.clock import SystemClock

CLOCK = SystemClock()


class Report:
    verdict = "go"

    def as_json(self) -> dict[str, Any]:
        return {"version": 1, "verdict": self.verdict, "seconds": 0.1, "checks": []}


class Nobody:
    async def send(self, pages: Sequence[Page], now: float) -> None:
        raise ChannelTrouble("nobody")


NOBODY = Nobody()


class NoRuntime:
    async def look(self) -> tuple[Look, dict[Subject, Container]]:
        raise NotImplementedError

    start = stop = restart = log_tail = memory = look


@asynccontextmanager
async def made_up_watch(directory: Path, tenant: str = "sim") -> AsyncIterator[Watch]:
    """A tenant with gateway READY and engine TRADING."""
    journal = Journal(directory / "journal.sqlite")
    policy = Policy()

    async def opener(*_: Any, **__: Any) -> Any:
        raise NotImplementedError

    async def run() -> Report:
        return Report()

    sentinel = Sentinel("h", 1, opener, object(), CLOCK, policy, lambda: None)
    sentinel.view = SentinelView(accounts=("DUSIM0001",))
    with ThreadPoolExecutor(1) as pool:
        senses = Senses(
            Name("127.0.0.1"),
            1,
            NoRuntime(),  # type: ignore[arg-type]
            sentinel,
            Mailbox(directory, CLOCK, stale=10.0, deadline=1.0),
            Ledger(directory, directory, directory, policy.login_budget, CLOCK),
            EngineLink("http://127.0.0.1:1", "t", CLOCK, pool, timeout=1.0),
            Host(LinuxKernel(directory), CLOCK),
            Resources(NoRuntime(), directory, CLOCK),  # type: ignore[arg-type]
        )
        registry = CollectorRegistry()
        rules = Rules(tenant, account="DUSIM0001")
        metrics = Metrics(registry, tenant)
        made = Watch(
            rules,
            senses,
            journal,
            Preflights(run, CLOCK),
            Notifier(tenant, NOBODY, None, metrics, CLOCK),
            metrics,
            CLOCK,
        )
        made.registry = registry  # type: ignore[attr-defined]
        made.memory = Memory(
            gateway=GatewayTrack(state=GatewayState.READY, since=CLOCK.monotonic()),
            engine=EngineTrack(state=EngineState.TRADING, since=CLOCK.monotonic()),
        )
        made._last_run = CLOCK.monotonic()
        yield made
        await made.leave()
    journal.close()
