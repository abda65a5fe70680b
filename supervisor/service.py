"""Puts the parts together and runs them until SIGTERM, which ends it within `LAST_SECONDS` whatever hangs."""

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

import httpx
import structlog
import uvicorn
from prometheus_client import CollectorRegistry, ProcessCollector, disable_created_metrics

from preflight import runner as preflight
from preflight.http import encrypted
from preflight.session_day import has_session
from supervisor.api import application
from supervisor.clearance import Preflights, Report
from supervisor.house import House
from supervisor.journal import Journal
from supervisor.loop import Senses, Watch
from supervisor.metrics import Metrics
from supervisor.notify import Alertmanager, Notifier, Webhook
from supervisor.observation import Subject
from supervisor.policy import Policy
from supervisor.probes.engine import EngineLink
from supervisor.probes.host import Host, LinuxKernel
from supervisor.probes.ledger import Ledger
from supervisor.probes.mailbox import Mailbox
from supervisor.probes.names import Name
from supervisor.probes.resources import Resources
from supervisor.probes.sentinel import Sentinel
from supervisor.runtime.docker import DockerRuntime, Runtime
from supervisor.runtime.external import ExternalGateway
from supervisor.runtime.roster import Roster
from supervisor.runtime.swarm import SwarmRuntime
from supervisor.settings import Settings
from supervisor.tenants import Tenant
from supervisor.turns import Turns
from tws.clock import Clock, SystemClock
from tws.contracts import stock
from tws.session import Session
from tws.values import Notice

LAST_SECONDS = 1.7
"""From SIGTERM to the end of the process. What is under way is in the journal, and dockerd ends it without us."""
_FAREWELL = 1.0
_PREFLIGHTS = 4
"""So many at once: of a hundred gateways that come back together each would take half a MiB that is never returned."""

log = structlog.get_logger("supervisor")


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: the service ends as a whole."""

    def __init__(self, config: uvicorn.Config, leaving: asyncio.Event) -> None:
        super().__init__(config)
        self.leaving = leaving

    async def main_loop(self) -> None:
        """As uvicorn's own, which wakes ten times a second to renew a Date header; this one wakes once."""
        while not self.should_exit:
            self.should_exit = await self.on_tick(0)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self.leaving.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True, slots=True)
class Shared:
    """What all tenants' watches share: nothing in which one's watch could wait for another's, but two queues."""

    clock: Clock
    journal: Journal
    metrics: Metrics
    host: Host
    alertmanager: Alertmanager
    webhook: Webhook | None
    docker_host: str
    machine_tokens: Mapping[str, str]
    """By tenant."""
    own_url: str
    """Where this process tells what it knows, to itself as well."""
    preflights: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_PREFLIGHTS))
    """A queue: a gateway that hangs holds its place no longer than a preflight may take."""
    turns: Turns | None = None
    """The other one, for logins; None with a single gateway."""
    swarm: bool = False
    """Whether containers are tasks of a Docker Swarm."""


class TenantsWatch:
    """One tenant's watch, and the threads that work for it alone."""

    def __init__(self, tenant: Tenant, shared: Shared) -> None:
        rules, clock = tenant.rules(), shared.clock
        policy = rules.policy
        ours = {Subject.GATEWAY: not rules.external, Subject.ENGINE: rules.engine}
        self._docker = (SwarmRuntime if shared.swarm else DockerRuntime)(
            shared.docker_host,
            tenant.tenant,
            clock,
            timeout=policy.docker_timeout,
            roles=tuple(role for role, is_ours in ours.items() if is_ours),
        )
        self._name = Name(tenant.gateway_host)
        self._asking_engine = ThreadPoolExecutor(2, "engine")
        runtime: Runtime = self._docker
        if rules.external:
            runtime = ExternalGateway(self._docker if rules.engine else None, clock)
        own = {"tenant": tenant.tenant, "supervisor_url": shared.own_url}
        preflight_settings = tenant.for_preflight().model_copy(update=own)

        async def run_preflight() -> Report:
            return await preflight.run(preflight_settings, clock)

        async def trades_on(moment: datetime) -> bool | None:
            return await has_session(preflight_settings, clock, moment)

        async def open_session(
            host: str, port: int, client_id: int, *, timeout: float, on_notice: Callable[[Notice], None] | None
        ) -> Session:
            address = await self._name.address(timeout)
            return await Session.open(address, port, client_id, timeout=timeout, on_notice=on_notice)

        senses = Senses(
            self._name,
            tenant.gateway_port,
            runtime,
            Sentinel(
                tenant.gateway_host,
                tenant.gateway_port,
                open_session,
                stock("SPY", primary="ARCA"),
                clock,
                policy,
                lambda: self.watch.wake(),
                rules.traded,
            ),
            Mailbox(tenant.mailbox_dir, clock, stale=policy.mailbox_stale, deadline=policy.mailbox_deadline),
            Ledger(tenant.ledger_dir, tenant.hold_dir, tenant.mailbox_dir, policy.login_budget, clock),
            EngineLink(
                tenant.engine_url,
                shared.machine_tokens[tenant.tenant],
                clock,
                self._asking_engine,
                timeout=policy.probe_timeout,
            ),
            shared.host,
            Resources(runtime, tenant.mailbox_dir, clock),
        )
        notifier = Notifier(rules.tenant, shared.alertmanager, shared.webhook, shared.metrics, clock)
        self.watch = Watch(
            rules,
            senses,
            shared.journal,
            Preflights(run_preflight, clock, trades_on, shared.preflights),
            notifier,
            shared.metrics,
            clock,
            shared.turns,
        )

    def close(self) -> None:
        """Let go of the threads; what they are doing is not waited for."""
        self._docker.close()
        self._name.close()
        self._asking_engine.shutdown(wait=False, cancel_futures=True)


async def serve(settings: Settings, tenants: tuple[Tenant, ...]) -> None:
    """Run until SIGTERM or SIGINT.

    Raises:
        SettingsRefused: numbers that do not fit, or a missing token.
        JournalUnusable: no journal, no supervisor.
    """
    operator = settings.token("operator_token")
    machines = {tenant.tenant: settings.machine_token(tenant.tenant) for tenant in tenants}
    for claim in dict.fromkeys(claim for tenant in tenants for claim in tenant.rules().policy.arithmetic()):
        log.info(claim)
    clock = SystemClock()
    disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more for each counter, which nobody reads
    journal = Journal(settings.state_dir / "journal.sqlite")
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    metrics = Metrics(registry)
    metrics.page.labels(settings.public_url).set(1)
    hook = settings.webhook_url()
    http = httpx.AsyncClient(trust_env=False, verify=encrypted(hook, settings.alertmanager_url))
    shared = Shared(
        clock,
        journal,
        metrics,
        Host(LinuxKernel(settings.state_dir), clock),
        Alertmanager(http, settings.alertmanager_url, f"{settings.public_url}/api/v1/incidents"),
        Webhook(http, hook) if hook is not None else None,
        settings.docker_host,
        machines,
        f"http://127.0.0.1:{settings.listen_port}",
        turns=Turns(settings.logins_at_once, clock.monotonic()) if _log_in(tenants) > 1 else None,
        swarm=settings.swarm,
    )
    by_name = {tenant.tenant: tenant for tenant in tenants}
    dockers = frozenset(name for name, one in by_name.items() if one.gateway == "container" or one.engine != "none")
    by_label = frozenset(name for name in dockers if settings.tenants_file and by_name[name].gateway == "container")
    roster = Roster(settings.docker_host, clock, timeout=Policy().docker_timeout)
    house = House(
        lambda name: TenantsWatch(by_name[name], shared),
        shared.metrics.forget,
        clock,
        always=[name for name in by_name if name not in by_label],
        by_label=by_label,
        roll=roster,
    )
    if dockers:
        for tenant_heard, event in await roster.past():
            house.heard(tenant_heard, event)
        roster.listen(house.heard)
    leaving = asyncio.Event()
    app = application(
        house,
        journal,
        registry,
        clock,
        operator=operator,
        machines=machines,
        hosts=[host.strip() for host in settings.allowed_hosts.split(",")],
        leaving=leaving,
    )
    server = _Server(
        uvicorn.Config(
            app,
            host=settings.listen_host,
            port=settings.listen_port,
            lifespan="off",
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=1,
        ),
        leaving,
    )
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await _until(stop, house, server)
    await house.leave()
    await http.aclose()
    roster.close()
    journal.close()
    log.info("ended", tenants=sorted(by_name))


def _log_in(tenants: tuple[Tenant, ...]) -> int:
    """How many gateways log in under our eyes; a dry run keeps its hands off."""
    return sum(one.gateway == "container" and not one.dry_run for one in tenants)


async def _until(stop: asyncio.Event, house: House, server: _Server) -> None:
    """Run both until told to stop; if either ends by itself, so does the other."""
    running = asyncio.create_task(house.run(), name="house")
    serving = asyncio.create_task(server.serve(), name="http")
    stopping = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait({running, serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    _end_at_the_latest(0 if stop.is_set() else 1)
    server.should_exit = True
    server.leaving.set()
    running.cancel()
    await asyncio.wait({running, serving}, timeout=_FAREWELL)
    for task in done - {stopping}:
        task.result()  # what ended by itself ended for a reason


def _end_at_the_latest(code: int) -> None:
    """A name look-up, a disk or a thread that hangs would keep asyncio from ending: the process ends all the same."""
    timer = threading.Timer(LAST_SECONDS, os._exit, (code,))
    timer.daemon = True
    timer.start()
