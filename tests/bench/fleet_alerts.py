"""Which alerts a simulated fleet fires, and when: the rules of prometheus/rules over what the machines went through.

A rule over an open incident is read from its file as it stands: its faults, its `for`, its severity. Of the few over
states, holds and budgets the condition is written down here once more, since there is no PromQL in this process. What a
supervisor posts itself is taken from the machine's own words.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from pathlib import Path

import yaml

from supervisor.memory import Memory
from supervisor.notify import page
from supervisor.states import EngineState, GatewayState
from tests.sim.tenants import Tenant

STEP = 5.0  # Prometheus looks and works out its rules
_BUDGET = 51.84, 4.32  # seconds of 1 h and of 5 min: TradeReadyBurn's fast window
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_OPEN = re.compile(r'watchkeeper_incident_open\{job="supervisor", fault=~?"([^"]+)"\} == 1')

type Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Alert:
    """One that fired. Monotonic seconds; `ended`: None if it still does."""

    labels: Labels
    began: float
    ended: float | None


@dataclass(frozen=True, slots=True)
class Rule:
    """An alert over what is true of a tenant. `on`: whether only while a fault costs something."""

    name: str
    severity: str
    waits: float
    fault: str
    on: bool


def seconds(text: str) -> float:
    return float(text[:-1]) * _UNITS[text[-1]]


@cache
def rules() -> dict[str, list[Rule]]:
    """By the fault that it is over; the others under their own names."""
    found: dict[str, list[Rule]] = {}
    files = [yaml.safe_load(path.read_text()) for path in sorted(Path("prometheus/rules").glob("*.yml"))]
    for one in (rule for file in files for group in file["groups"] for rule in group["rules"] if "alert" in rule):
        over = _OPEN.match(one["expr"])
        labels = one["labels"]
        for key in over[1].split("|") if over else [one["alert"]]:
            fault = labels.get("fault", key if over else "")
            waits = seconds(one.get("for", "0s"))
            found.setdefault(key, []).append(
                Rule(one["alert"], labels["severity"], waits, fault, "attention:active" in one["expr"])
            )
    return found


def _states(tenant: Tenant, memory: Memory) -> Iterable[str]:
    """Names of the rules that are not over an incident, and true."""
    gateway, engine, policy = memory.gateway.state, memory.engine.state, tenant.rules.policy
    if gateway is GatewayState.DEGRADED:
        yield "GatewayDegraded"
    elif gateway is not GatewayState.READY:
        yield "GatewayDown"
    elif engine not in (EngineState.TRADING, EngineState.ABSENT, EngineState.RUNNING):
        yield "EngineNotTrading"
    if tenant.ledger.hold is not None:
        yield "LoginHeld"
    if policy.login_budget.left(tenant.attempts, tenant.now) <= 0:
        yield "LoginsSpent"
    for budget, spent in ((policy.container_budget, memory.gateway_spent), (policy.engine_budget, memory.engine_spent)):
        if budget.left(spent, tenant.now) <= 1:
            yield "RestartBudgetLow"
            break
    if GatewayState.GAVE_UP is gateway or EngineState.GAVE_UP is engine:
        yield "RestartsGivenUp"


@dataclass
class Watch:
    """What was true of one tenant, from when to when, and what its supervisor posted."""

    tenant: Tenant
    market_open: bool
    spans: dict[tuple[str, str], list[list[float]]] = field(default_factory=dict)  # rule, fault
    unready: list[list[float]] = field(default_factory=list)
    _true: set[tuple[str, str]] = field(default_factory=set)
    _ready: bool = True

    def __post_init__(self) -> None:
        self.tenant.on_turn.append(self._turned)

    def _turned(self, _: Memory, after: Memory) -> None:
        now = self.tenant.now
        true = {("", incident.fault) for incident in after.open} | {(name, "") for name in _states(self.tenant, after)}
        for key in true - self._true:
            self.spans.setdefault(key, []).append([now, float("inf")])
        for key in self._true - true:
            self.spans[key][-1][1] = now
        self._true = true
        ready = self.tenant.trading and not after.hold
        if ready and not self._ready:
            self.unready[-1][1] = now
        elif self._ready and not ready:
            self.unready.append([now, float("inf")])
        self._ready = ready

    @property
    def attention(self) -> bool:
        return self.market_open or self.tenant.positions > 0

    def alerts(self, end: float) -> Iterable[Alert]:
        """All that fired for this tenant."""
        for (name, fault), spans in self.spans.items():
            for rule in rules().get(name or fault, []):
                if self.attention or not rule.on:
                    labels = self._labels(rule.name, rule.severity, rule.fault)
                    yield from (Alert(labels, *at) for span in spans if (at := fired(span, rule.waits)) is not None)
        yield from self._burns(end)
        yield from self._posts()

    def _labels(self, name: str, severity: str, fault: str = "", **more: str) -> Labels:
        labels = {"alertname": name, "tenant": self.tenant.rules.tenant, "severity": severity, **more}
        return tuple(sorted((labels | ({"fault": fault} if fault else {})).items()))

    def _burns(self, end: float) -> Iterable[Alert]:
        """TradeReadyBurn of an hour, which is worked out each minute."""
        if not self.market_open or not self.unready:
            return
        began: float | None = None
        at = self.unready[0][0] // 60 * 60 + 60
        while at <= end:
            burns = all(self._bad(at, span) > most for span, most in zip((3600.0, 300.0), _BUDGET, strict=True))
            if burns and began is None:
                began = at
            elif not burns and began is not None:
                yield Alert(self._labels("TradeReadyBurn", "critical", window="1h"), began, at)
                began = None
            at += 60.0
        if began is not None:
            yield Alert(self._labels("TradeReadyBurn", "critical", window="1h"), began, None)

    def _bad(self, at: float, window: float) -> float:
        return sum(max(0.0, min(at, b) - max(at - window, a)) for a, b in self.unready)

    def _posts(self) -> Iterable[Alert]:
        ends = {incident.id: at for at, incident in self.tenant.closed}
        told = list(zip(self.tenant.told, self.tenant.pages, strict=True))
        for number, ((at, incident), (_, text)) in enumerate(told):
            about = text if incident.fault == "weekly-token" else ""
            over = ends.get(incident.id)
            if about:  # the next of the same incident takes its place
                over = next((later for (later, one), _ in told[number + 1 :] if one.id == incident.id), over)
            labels = page(self.tenant.rules.tenant, incident, text, at, about).labels
            yield Alert(tuple(sorted(labels.items())), at, over)


def of_all(watches: Sequence[Watch], end: float) -> list[Alert]:
    """What all tenants fire, and what is told of many at once, if there is a rule for that."""
    found = [alert for watch in watches for alert in watch.alerts(end)]
    if "ManyTenants" in rules():
        found += _many(watches)
    return sorted(found, key=lambda alert: alert.began)


def _many(watches: Sequence[Watch]) -> Iterable[Alert]:
    """prometheus/rules/fleet.yml: who has what at least three have, and that there are so many."""
    [marker], [told] = rules()["OneOfMany"], rules()["ManyTenants"]
    for fault in sorted(_common()):
        spans = [(w, seen) for w in watches if w.attention for seen in map(looked_at, w.spans.get(("", fault), []))]
        for began, ended, most in _crowds([seen for _, seen in spans]):
            for watch, (since, until) in spans:
                a, b = max(since, began), min(until, ended)
                if a < b:
                    yield Alert(watch._labels(marker.name, marker.severity, fault), a, _known(b))
            if ended > began + told.waits:
                labels = {"alertname": told.name, "severity": told.severity, "fault": fault, "at_least": f"{most}"}
                yield Alert(tuple(sorted(labels.items())), began + told.waits, _known(ended))


@cache
def _common() -> frozenset[str]:
    [group] = yaml.safe_load(Path("prometheus/rules/fleet.yml").read_text())["groups"]
    [counted] = [rule["expr"] for rule in group["rules"] if rule.get("record") == "fault:watchkeeper_tenants:count"]
    [faults] = re.findall(r'fault=~"([^"]+)"', counted)
    return frozenset(faults.split("|"))


def _crowds(spans: Sequence[tuple[float, float]]) -> Iterable[tuple[float, float, int]]:
    """From when to when at least three had it, and the power of two that they reached."""
    edges = sorted([(a, 1) for a, _ in spans] + [(b, -1) for _, b in spans])
    count, most, began = 0, 0, None
    for at, edges_then in groupby(edges, key=lambda edge: edge[0]):
        count += sum(step for _, step in edges_then)
        if count >= 3:
            began, most = (at if began is None else began), max(most, count)
        elif began is not None:
            yield began, at, 2 ** int(math.log2(most))
            began, most = None, 0


def looked_at(span: Sequence[float]) -> tuple[float, float]:
    """As Prometheus sees it, which looks each 5 s and works out its rules up to 5 s later."""
    began, ended = ((at // STEP + 2) * STEP if at != math.inf else math.inf for at in span)
    return began, ended


def _known(at: float) -> float | None:
    return None if at == math.inf else at


def fired(span: Sequence[float], waits: float) -> tuple[float, float | None] | None:
    """When a rule over that span fired and ended."""
    seen, gone = looked_at(span)
    return (seen + waits, _known(gone)) if gone > seen + waits else None
