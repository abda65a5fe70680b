"""What Prometheus is told. One registry, handed over; every label combination exists from the start.

But for the two histograms by fault, which would be two thirds of a tenant's series, nearly all empty for ever: theirs
begin with a fault's first incident, and nothing alerts on them.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from preflight.check import Place
from preflight.checks import CHECKS
from supervisor import market
from supervisor.faults import FAULTS, Rung
from supervisor.memory import Memory
from supervisor.observation import HostView, LoginPhase, Look, Observation, ResourcesView, Result, SentinelView
from supervisor.policy import Policy
from supervisor.states import EngineState, GatewayState

PROBES = ("docker", "handshake", "mailbox", "sentinel", "engine", "ledger", "login", "host", "resources")
OUTCOMES = ("ok", "failed", "refused", "cancelled")
CHANNELS = ("alertmanager", "webhook")
_NOTIFICATION = ("tenant", "channel", "outcome")
_FAST = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 60.0)
_SLOW = (1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)


class Metrics:
    """All of one supervisor's metrics."""

    def __init__(self, registry: CollectorRegistry, *tenants: str) -> None:
        """`tenants` are those that are known from the start."""
        self._families: list[Gauge | Counter | Histogram] = []

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            made = Gauge(f"watchkeeper_{name}", text, labels, registry=registry)
            if labels:
                self._families.append(made)
            return made

        def counter(name: str, text: str, *labels: str) -> Counter:
            made = Counter(f"watchkeeper_{name}", text, labels, registry=registry)
            self._families.append(made)
            return made

        self.gateway_state = gauge("gateway_state", "1 for the state that the gateway is in.", "tenant", "state")
        self.engine_state = gauge("engine_state", "1 for the state that the engine is in.", "tenant", "state")
        self.probes = counter("probe", "Looks, by result.", "tenant", "probe", "result")
        self.probe_at = gauge(
            "probe_last_result_timestamp_seconds", "When a probe last gave OK or FAIL.", "tenant", "probe"
        )
        self.probe_seconds = gauge("probe_duration_seconds", "How long the last look took.", "tenant", "probe")
        self.incidents = counter("incidents", "Incidents opened.", "tenant", "fault")
        self.open = gauge("incident_open", "1 while an incident of the fault is open.", "tenant", "fault")
        self.detection = Histogram(
            "watchkeeper_incident_detection_seconds",
            "From a fault's first evidence to its incident.",
            ("tenant", "fault"),
            registry=registry,
            buckets=_FAST,
        )
        self.recovery = Histogram(
            "watchkeeper_incident_recovery_seconds",
            "From a fault's first evidence until all was verified well again.",
            ("tenant", "fault"),
            registry=registry,
            buckets=_SLOW,
        )
        self.actions = counter("actions", "Acts, by outcome.", "tenant", "rung", "outcome")
        self.pages = counter("pages", "Times that a person was to be told.", "tenant", "fault")
        self.notifications = counter(
            "notifications", "Posts of pages, by channel and outcome; retries are part of one.", *_NOTIFICATION
        )
        self.pages_lost = counter("pages_lost", "Pages that were given up before anybody had heard of them.", "tenant")
        self.page_unsent = gauge(
            "page_oldest_unsent_seconds",
            "Age of the oldest page that nobody has heard of; 0 without any.",
            "tenant",
        )
        self.budget = gauge("budget_remaining", "Restarts left.", "tenant", "budget")
        self.blind = gauge("blind", "1 while the Docker API cannot be asked.", "tenant")
        self.paused = gauge("paused", "1 while restarts are vetoed by a person.", "tenant")
        self.dry_run = gauge("dry_run", "1 while acts are only told, and none is done.", "tenant")
        self.withheld = gauge("act_withheld", "1 while an act is due and something stands before it.", "tenant", "rung")
        self.trade_ready = gauge(
            "trade_ready", "1 while gateway and engine are well and nothing keeps them from trading.", "tenant"
        )
        self.market_open = gauge(
            "market_open", "1 in regular hours, by the hours that the gateway lists; NaN while unknown.", "tenant"
        )
        self.held = gauge("entries_held", "1 while new entries are to be held.", "tenant")
        self.exposed = gauge("exposure_rows", "Positions and working orders by the last audit.", "tenant", "kind")
        self.login_phase = gauge("login_phase", "1 for what the gateway's login is busy with.", "tenant", "phase")
        self.logins_left = gauge("logins_left", "Logins that the ledger allows now; NaN while unknown.", "tenant")
        self.login_hold = gauge("login_hold", "1 while nobody may log in until a person lifts it.", "tenant")
        self.login_waits = gauge("login_waiting", "1 while the gateway's start waits at the ledger.", "tenant")
        self.turn_wait = gauge(
            "login_turn_wait_seconds", "How long it has waited for its turn to log in; 0 while it does not.", "tenant"
        )
        self.preflight_result = gauge(
            "preflight_result",
            "A check by the last preflight: 0 pass, 1 warn, 2 fail, 3 skipped; NaN before the first.",
            *("tenant", "check"),
        )
        self.preflight_go = gauge("preflight_go", "1 if the last preflight says go; NaN before the first.", "tenant")
        self.preflight_at = gauge("preflight_timestamp_seconds", "When the last preflight ended.", "tenant")
        self.preflight_seconds = gauge("preflight_duration_seconds", "How long the last preflight took.", "tenant")
        self.turns_lost = counter("turns_lost", "Turns that a bug of the supervisor ended.", "tenant")
        self.page = Gauge(
            "watchkeeper_page_info", "1; where the host's people meet the status page.", ("url",), registry=registry
        )
        self.loop_at = gauge("loop_last_run_timestamp_seconds", "When the loop last ran.")
        self.skew = gauge("clock_skew_seconds", "The gateway's clock minus the host's; whole seconds.", "tenant")
        self.boot_jump = gauge("host_sleep_seen_timestamp_seconds", "When the host was last seen to have slept.")
        self.wall_step = gauge("host_clock_step_timestamp_seconds", "When the wall clock was last seen to be set.")
        self.synchronised = gauge("host_clock_synchronised", "The kernel's word: 1 kept right, 0 not, NaN not told.")
        self.synchronised.set(math.nan)
        self.disk_free = gauge("state_disk_free_ratio", "Share of the state volume's disk that is free.")
        self.disk_free.set(math.nan)
        self.memory = gauge("gateway_memory_bytes", "Memory that the gateway's container uses.", "tenant")
        self.memory_limit = gauge("gateway_memory_limit_bytes", "Memory that it may use.", "tenant")
        self.open_files = gauge("gateway_open_files", "Open files of the gateway's process that has most.", "tenant")
        self.open_files_limit = gauge("gateway_open_files_limit", "How many it may have.", "tenant")
        self.window_next = gauge(
            "window_next_timestamp_seconds", "When the next window opens; NaN with none in eight days.", "tenant"
        )
        self.tick_at = gauge("tick_timestamp_seconds", "When the sentinel's one quote last ticked.", "tenant")
        self.profit = gauge(
            "account_profit",
            "What the traded accounts have made by the broker's word, in their base currency; NaN while unknown.",
            *("tenant", "kind"),
        )
        self.cost = gauge(
            "exposure_cost",
            "What open positions were bought or sold for by the last audit, each in its contract's currency.",
            "tenant",
        )
        self.window_open = gauge("window_open", "1 while a window of maintenance is open.", "tenant", "window")
        self.token_left = gauge(
            "weekly_token_remaining_seconds", "Until the week's login token ends, where that matters.", "tenant"
        )
        self._families += [self.detection, self.recovery]
        for tenant in tenants:
            self.expect(tenant)

    def expect(self, tenant: str, windows: tuple[str, ...] = ()) -> "Levels":
        """Have every series of a tenant from now on; returns what keeps its levels."""
        for fault in FAULTS:
            self.incidents.labels(tenant, fault)
            self.pages.labels(tenant, fault)
        for rung in Rung:
            for outcome in OUTCOMES:
                self.actions.labels(tenant, rung, outcome)
            self.withheld.labels(tenant, rung)
        for channel in CHANNELS:
            for outcome in ("sent", "failed"):
                self.notifications.labels(tenant, channel, outcome)
        for check in CHECKS:
            if check.place is Place.STACK:
                self.preflight_result.labels(tenant, check.name).set(math.nan)
        self.preflight_go.labels(tenant).set(math.nan)
        for single in (self.turns_lost, self.dry_run, self.page_unsent, self.pages_lost, self.trade_ready):
            single.labels(tenant)
        return Levels(self, tenant, windows)

    def preflight(self, tenant: str, report: Mapping[str, Any], wall_now: float) -> None:
        """After each preflight, whoever asked for it. A check that is not asked any more is not told of any more."""
        self.preflight_result.remove_by_labels({"tenant": tenant})
        for check in report["checks"]:
            value = ("pass", "warn", "fail", "skipped").index(check["result"])
            self.preflight_result.labels(tenant, check["name"]).set(value)
        self.preflight_go.labels(tenant).set(report["verdict"] == "go")
        self.preflight_at.labels(tenant).set(wall_now)
        self.preflight_seconds.labels(tenant).set(report["seconds"])

    def forget(self, tenant: str) -> None:
        """Have no series of a tenant any more: it is not watched."""
        for family in self._families:
            family.remove_by_labels({"tenant": tenant})


class _OneHot[T]:
    """1 for the value that it has, 0 for the others; told only when it changes."""

    def __init__(self, children: dict[T, Gauge]) -> None:
        self._children = children
        self._now: T | None = None
        for child in children.values():
            child.set(0)

    def set(self, value: T) -> None:
        if value != self._now:
            if self._now is not None:
                self._children[self._now].set(0)
            self._children[value].set(1)
            self._now = value


class Levels:
    """What is true of one tenant after each of its turns. Each series is looked up once, since turns are many."""

    def __init__(self, metrics: Metrics, tenant: str, windows: tuple[str, ...]) -> None:
        self._metrics = metrics
        self._tenant = tenant
        self._seen: dict[str, float] = {}
        self._open_before: set[str] = set()
        self._gateway = _OneHot({state: metrics.gateway_state.labels(tenant, state) for state in GatewayState})
        self._engine = _OneHot({state: metrics.engine_state.labels(tenant, state) for state in EngineState})
        self._phase = _OneHot({phase: metrics.login_phase.labels(tenant, phase) for phase in LoginPhase})
        self._open = {fault: metrics.open.labels(tenant, fault) for fault in FAULTS}
        self._windows = {window: metrics.window_open.labels(tenant, window) for window in windows}
        self._gateway_budget = metrics.budget.labels(tenant, "gateway")
        self._engine_budget = metrics.budget.labels(tenant, "engine")
        self._blind, self._paused, self._held, self._skew = (
            family.labels(tenant) for family in (metrics.blind, metrics.paused, metrics.held, metrics.skew)
        )
        self._positions = metrics.exposed.labels(tenant, "positions")
        self._orders = metrics.exposed.labels(tenant, "orders")
        self._probes = {
            (probe, result): metrics.probes.labels(tenant, probe, result) for probe in PROBES for result in Result
        }
        self._probe_at = {probe: metrics.probe_at.labels(tenant, probe) for probe in PROBES}
        self._probe_seconds = {probe: metrics.probe_seconds.labels(tenant, probe) for probe in PROBES}
        self._logins_left = metrics.logins_left.labels(tenant)
        self._logins_left.set(math.nan)
        self._market_open = metrics.market_open.labels(tenant)
        self._market_open.set(math.nan)
        self._login_hold = metrics.login_hold.labels(tenant)
        self._login_waits = metrics.login_waits.labels(tenant)
        self._window_next = metrics.window_next.labels(tenant)
        self._profit = {kind: metrics.profit.labels(tenant, kind) for kind in ("daily", "unrealized", "realized")}
        self._turn_wait = metrics.turn_wait.labels(tenant)

    def ran(self, memory: Memory, observation: Observation, policy: Policy, now: float, wall_now: float) -> None:
        """After each turn."""
        is_open = market.is_open(observation.sentinel.market_hours, datetime.fromtimestamp(wall_now, UTC))
        self._market_open.set(is_open if is_open is not None else math.nan)
        self._gateway.set(memory.gateway.state)
        self._engine.set(memory.engine.state)
        open_now = {incident.fault for incident in memory.open}
        for fault in open_now ^ self._open_before:
            self._open[fault].set(fault in open_now)
        self._open_before = open_now
        looks = {
            "docker": observation.docker,
            "handshake": observation.handshake,
            "mailbox": observation.mailbox,
            "sentinel": observation.sentinel.heart,
            "engine": observation.engine_view.look,
            "host": observation.host.look,
            "resources": observation.resources.look,
            "ledger": observation.ledger.look,
            "login": observation.login.look,
        }
        for probe, look in looks.items():
            self._look(probe, look, now, wall_now)
        self._gateway_budget.set(policy.container_budget.left(memory.gateway_spent, now))
        self._engine_budget.set(policy.engine_budget.left(memory.engine_spent, now))
        self._blind.set(observation.blind)
        self._paused.set(observation.paused)
        self._held.set(memory.hold)
        audit = observation.sentinel.audit
        if audit is not None:
            self._positions.set(audit.positions)
            self._orders.set(audit.orders)
            self._metrics.cost.labels(self._tenant).set(audit.cost)
        self._account(observation.sentinel, now, wall_now)
        opens = observation.next_window_at
        self._window_next.set(round(wall_now + opens - now) if opens is not None else math.nan)
        if observation.sentinel.clock_skew_seconds is not None:
            self._skew.set(observation.sentinel.clock_skew_seconds)
        self._host(observation.host, now, wall_now)
        self._resources(observation.resources)
        windows_now = {window.name for window in observation.windows}
        for name, child in self._windows.items():
            child.set(name in windows_now)
        if observation.token_expires_at is not None:
            self._metrics.token_left.labels(self._tenant).set(observation.token_expires_at - now)
        self._logins(observation, policy, now)
        self._metrics.loop_at.set(wall_now)

    def _account(self, sentinel: SentinelView, now: float, wall_now: float) -> None:
        """What was told last is not told on once nobody renews it: a line that stands still would lie."""
        if sentinel.last_tick_at is not None:
            self._metrics.tick_at.labels(self._tenant).set(wall_now - (now - sentinel.last_tick_at))
        renewed = sentinel.heart.result is Result.OK and sentinel.upstream_lost_at is None
        told = sentinel.profits if renewed else ()
        for kind, child in self._profit.items():
            parts = [getattr(profit, kind) for profit in told]
            child.set(sum(parts) if parts and None not in parts else math.nan)

    def _host(self, host: HostView, now: float, wall_now: float) -> None:
        metrics = self._metrics
        if host.slept_at is not None:
            metrics.boot_jump.set(wall_now - (now - host.slept_at))
        if host.wall_stepped_at is not None:
            metrics.wall_step.set(wall_now - (now - host.wall_stepped_at))
        if host.synchronised is not None:
            metrics.synchronised.set(host.synchronised)
        if host.disk_free is not None:
            metrics.disk_free.set(host.disk_free)

    def _resources(self, used: ResourcesView) -> None:
        metrics = self._metrics
        for metric, value in (
            (metrics.memory, used.memory_bytes),
            (metrics.memory_limit, used.memory_limit_bytes),
            (metrics.open_files, used.open_files),
            (metrics.open_files_limit, used.open_files_limit),
        ):
            if value is not None:
                metric.labels(self._tenant).set(value)

    def _logins(self, observation: Observation, policy: Policy, now: float) -> None:
        ledger = observation.ledger
        self._phase.set(observation.login.phase)
        known = ledger.look.result is not Result.UNKNOWN
        self._logins_left.set(max(0, policy.login_budget.left(ledger.attempts, now)) if known else math.nan)
        if known:
            self._login_hold.set(ledger.hold is not None)
            self._login_waits.set(ledger.waiting)
        turn = observation.turn
        self._turn_wait.set(now - turn.since if turn is not None and turn.since is not None else 0.0)

    def _look(self, probe: str, look: Look, now: float, wall_now: float) -> None:
        if look.at == float("-inf") or self._seen.get(probe) == look.at:
            return
        self._seen[probe] = look.at
        self._probes[probe, look.result].inc()
        self._probe_seconds[probe].set(look.seconds)
        if look.result is not Result.UNKNOWN:
            self._probe_at[probe].set(wall_now - (now - look.at))
