"""What Prometheus is told. One registry, handed over; every label combination exists from the start."""

import math

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from supervisor.faults import FAULTS, Rung
from supervisor.memory import Memory
from supervisor.observation import HostView, LoginPhase, Look, Observation, ResourcesView, Result
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

    def __init__(self, registry: CollectorRegistry, tenant: str, windows: tuple[str, ...] = ()) -> None:
        self._tenant = tenant
        self._windows = windows
        self._seen: dict[str, float] = {}

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"watchkeeper_{name}", text, labels, registry=registry)

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"watchkeeper_{name}", text, labels, registry=registry)

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
        self.held = gauge("entries_held", "1 while new entries are to be held.", "tenant")
        self.exposed = gauge("exposure_rows", "Positions and working orders by the last audit.", "tenant", "kind")
        self.login_phase = gauge("login_phase", "1 for what the gateway's login is busy with.", "tenant", "phase")
        self.logins_left = gauge("logins_left", "Logins that the ledger allows now; NaN while unknown.", "tenant")
        self.login_hold = gauge("login_hold", "1 while nobody may log in until a person lifts it.", "tenant")
        self.login_waits = gauge("login_waiting", "1 while the gateway's start waits at the ledger.", "tenant")
        self.turns_lost = counter("turns_lost", "Turns that a bug of the supervisor ended.", "tenant")
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
        self.window_open = gauge("window_open", "1 while a window of maintenance is open.", "tenant", "window")
        self.token_left = gauge(
            "weekly_token_remaining_seconds", "Until the week's login token ends, where that matters.", "tenant"
        )
        self._initialise()

    def _initialise(self) -> None:
        tenant = self._tenant
        for gateway_state in GatewayState:
            self.gateway_state.labels(tenant, gateway_state).set(0)
        for engine_state in EngineState:
            self.engine_state.labels(tenant, engine_state).set(0)
        for probe in PROBES:
            for result in Result:
                self.probes.labels(tenant, probe, result)
            self.probe_at.labels(tenant, probe)
            self.probe_seconds.labels(tenant, probe)
        for fault in FAULTS:
            self.incidents.labels(tenant, fault)
            self.open.labels(tenant, fault)
            self.pages.labels(tenant, fault)
            self.detection.labels(tenant, fault)
            self.recovery.labels(tenant, fault)
        for rung in Rung:
            for outcome in OUTCOMES:
                self.actions.labels(tenant, rung, outcome)
            self.withheld.labels(tenant, rung)
        for channel in CHANNELS:
            for outcome in ("sent", "failed"):
                self.notifications.labels(tenant, channel, outcome)
        for budget in ("gateway", "engine"):
            self.budget.labels(tenant, budget)
        for kind in ("positions", "orders"):
            self.exposed.labels(tenant, kind)
        for window in self._windows:
            self.window_open.labels(tenant, window)
        self.pages_lost.labels(tenant)
        for phase in LoginPhase:
            self.login_phase.labels(tenant, phase)
        self.logins_left.labels(tenant).set(math.nan)
        self.login_hold.labels(tenant)
        self.login_waits.labels(tenant)
        for single in (self.turns_lost, self.dry_run, self.page_unsent, self.blind, self.paused, self.held, self.skew):
            single.labels(tenant)

    def ran(self, memory: Memory, observation: Observation, policy: Policy, now: float, wall_now: float) -> None:
        """After each turn."""
        tenant = self._tenant
        for gateway_state in GatewayState:
            self.gateway_state.labels(tenant, gateway_state).set(memory.gateway.state is gateway_state)
        for engine_state in EngineState:
            self.engine_state.labels(tenant, engine_state).set(memory.engine.state is engine_state)
        open_faults = {incident.fault for incident in memory.open}
        for fault in FAULTS:
            self.open.labels(tenant, fault).set(fault in open_faults)
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
        self.budget.labels(tenant, "gateway").set(policy.container_budget.left(memory.gateway_spent, now))
        self.budget.labels(tenant, "engine").set(policy.engine_budget.left(memory.engine_spent, now))
        self.blind.labels(tenant).set(observation.blind)
        self.paused.labels(tenant).set(observation.paused)
        self.held.labels(tenant).set(memory.hold)
        audit = observation.sentinel.audit
        if audit is not None:
            self.exposed.labels(tenant, "positions").set(audit.positions)
            self.exposed.labels(tenant, "orders").set(audit.orders)
        if observation.sentinel.clock_skew_seconds is not None:
            self.skew.labels(tenant).set(observation.sentinel.clock_skew_seconds)
        self._host(observation.host, now, wall_now)
        self._resources(observation.resources)
        open_now = {window.name for window in observation.windows}
        for name in self._windows:
            self.window_open.labels(tenant, name).set(name in open_now)
        if observation.token_expires_at is not None:
            self.token_left.labels(tenant).set(observation.token_expires_at - now)
        self._logins(observation, policy, now)
        self.loop_at.set(wall_now)

    def _host(self, host: HostView, now: float, wall_now: float) -> None:
        if host.slept_at is not None:
            self.boot_jump.set(wall_now - (now - host.slept_at))
        if host.wall_stepped_at is not None:
            self.wall_step.set(wall_now - (now - host.wall_stepped_at))
        if host.synchronised is not None:
            self.synchronised.set(host.synchronised)
        if host.disk_free is not None:
            self.disk_free.set(host.disk_free)

    def _resources(self, used: ResourcesView) -> None:
        for metric, value in (
            (self.memory, used.memory_bytes),
            (self.memory_limit, used.memory_limit_bytes),
            (self.open_files, used.open_files),
            (self.open_files_limit, used.open_files_limit),
        ):
            if value is not None:
                metric.labels(self._tenant).set(value)

    def _logins(self, observation: Observation, policy: Policy, now: float) -> None:
        tenant, ledger = self._tenant, observation.ledger
        for phase in LoginPhase:
            self.login_phase.labels(tenant, phase).set(observation.login.phase is phase)
        known = ledger.look.result is not Result.UNKNOWN
        self.logins_left.labels(tenant).set(
            max(0, policy.login_budget.left(ledger.attempts, now)) if known else math.nan
        )
        if known:
            self.login_hold.labels(tenant).set(ledger.hold is not None)
            self.login_waits.labels(tenant).set(ledger.waiting)

    def _look(self, probe: str, look: Look, now: float, wall_now: float) -> None:
        if look.at == float("-inf") or self._seen.get(probe) == look.at:
            return
        self._seen[probe] = look.at
        self.probes.labels(self._tenant, probe, look.result).inc()
        self.probe_seconds.labels(self._tenant, probe).set(look.seconds)
        if look.result is not Result.UNKNOWN:
            self.probe_at.labels(self._tenant, probe).set(wall_now - (now - look.at))
