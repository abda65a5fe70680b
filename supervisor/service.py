"""Puts the parts together and runs them until SIGTERM, which ends it within `LAST_SECONDS` whatever hangs."""

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import structlog
import uvicorn
from prometheus_client import CollectorRegistry

from preflight import runner as preflight
from preflight.settings import Settings as PreflightSettings
from supervisor.api import application
from supervisor.clearance import Preflights, Report
from supervisor.journal import Journal
from supervisor.loop import Senses, Watch
from supervisor.metrics import Metrics
from supervisor.notify import Alertmanager, Notifier, Webhook
from supervisor.probes.engine import EngineLink
from supervisor.probes.host import Host, LinuxKernel
from supervisor.probes.ledger import Ledger
from supervisor.probes.mailbox import Mailbox
from supervisor.probes.resources import Resources
from supervisor.probes.sentinel import Sentinel
from supervisor.runtime.docker import DockerRuntime, Runtime
from supervisor.runtime.external import ExternalGateway
from supervisor.runtime.roster import Roster
from supervisor.settings import Settings
from tws.clock import SystemClock
from tws.contracts import stock
from tws.session import Session

LAST_SECONDS = 1.7
"""From SIGTERM to the end of the process. What is under way is in the journal, and dockerd ends it without us."""
_FAREWELL = 1.0

log = structlog.get_logger("supervisor")


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: the service ends as a whole."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.leaving = asyncio.Event()

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


async def serve(settings: Settings, preflight_settings: PreflightSettings) -> None:
    """Run until SIGTERM or SIGINT.

    Raises:
        SettingsRefused: numbers that do not fit, or a missing token.
        JournalUnusable: no journal, no supervisor.
    """
    rules = settings.rules()
    policy = rules.policy
    operator, machine = settings.token("operator_token"), settings.token("machine_token")
    for claim in policy.arithmetic():
        log.info(claim)
    clock = SystemClock()
    journal = Journal(settings.state_dir / "journal.sqlite")
    registry = CollectorRegistry()
    docker = DockerRuntime(settings.docker_host, settings.tenant, clock, timeout=policy.docker_timeout)
    runtime: Runtime = ExternalGateway(docker if rules.engine else None, clock) if rules.external else docker
    watches: list[Watch] = []
    sentinel = Sentinel(
        settings.gateway_host,
        settings.gateway_port,
        Session.open,
        stock("SPY", primary="ARCA"),
        clock,
        policy,
        lambda: watches[0].wake(),
    )
    senses = Senses(
        settings.gateway_host,
        settings.gateway_port,
        runtime,
        sentinel,
        Mailbox(settings.mailbox_dir, clock, stale=policy.mailbox_stale, deadline=policy.mailbox_deadline),
        Ledger(settings.ledger_dir, settings.hold_dir, settings.mailbox_dir, policy.login_budget, clock),
        EngineLink(settings.engine_url, machine, clock, ThreadPoolExecutor(2, "engine"), timeout=policy.probe_timeout),
        Host(LinuxKernel(settings.state_dir), clock),
        Resources(runtime, settings.mailbox_dir, clock),
    )

    async def run_preflight() -> Report:
        return await preflight.run(preflight_settings, clock)

    metrics = Metrics(registry, rules.tenant, tuple(window.name for window in rules.windows))
    http = httpx.AsyncClient(trust_env=False)
    hook = settings.webhook_url()
    notifier = Notifier(
        rules.tenant,
        Alertmanager(http, settings.alertmanager_url, f"{settings.public_url}/api/v1/incidents"),
        Webhook(http, hook) if hook is not None else None,
        metrics,
        clock,
    )
    watch = Watch(rules, senses, journal, Preflights(run_preflight, clock), notifier, metrics, clock)
    watches.append(watch)
    if rules.engine or not rules.external:
        roster = Roster(settings.docker_host, clock, timeout=policy.docker_timeout)
        roster.listen(lambda tenant, event: watch.heard(event) if tenant == rules.tenant else None)
    app = application(
        watch,
        registry,
        operator=operator,
        machine=machine,
        hosts=[host.strip() for host in settings.allowed_hosts.split(",")],
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
        )
    )
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await _until(stop, watch, server)
    await watch.leave()
    await http.aclose()
    docker.close()
    journal.close()
    log.info("ended", tenant=rules.tenant)


async def _until(stop: asyncio.Event, watch: Watch, server: _Server) -> None:
    """Run both until told to stop; if either ends by itself, so does the other."""
    running = asyncio.create_task(watch.run(), name="watch")
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
