"""What a person or a script is told: status and incidents as JSON, version 1; keys are only ever added. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from supervisor.faults import FAULTS
from supervisor.memory import Act, Incident, Memory, Withheld
from supervisor.observation import Ending, Observation, Result, SentinelView
from supervisor.policy import Policy
from supervisor.probes.ledger import explain
from supervisor.rules import Rules
from supervisor.states import WELL, EngineState, GatewayState
from supervisor.windows import Calendar

_STARTING = (GatewayState.UNKNOWN, GatewayState.STARTING)
_DOWN = (
    GatewayState.ABSENT,
    GatewayState.STOPPED,
    GatewayState.FAILING,
    GatewayState.RECOVERING,
    GatewayState.GAVE_UP,
)


def iso(wall: float) -> str:
    """Epoch seconds as ISO 8601, UTC, milliseconds."""
    return datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def verdict(memory: Memory, rules: Rules, paused: bool, halted: bool = False) -> str:
    """One word for all of it. An engine that is well and halted does not trade."""
    if paused:
        return "paused"
    gateway, engine = memory.gateway.state, memory.engine.state
    if gateway in _STARTING:
        return "starting"
    if gateway in _DOWN:
        return "down"
    if not any(FAULTS[incident.fault].holds for incident in memory.open):
        if gateway is GatewayState.READY and (engine in WELL or not rules.engine):
            return "degraded" if halted else "trading"
        if engine in (EngineState.UNKNOWN, EngineState.STARTING, EngineState.WAITING):
            return "starting"
    return "degraded"


def stands(memory: Memory, observation: Observation, rules: Rules) -> str:
    """The verdict by what was seen last."""
    view = observation.engine_view
    return verdict(memory, rules, observation.paused, view.look.result is Result.OK and view.halted)


WORST_FIRST = ("down", "degraded", "starting", "paused", "trading")


def status(tenants: Sequence[dict[str, Any]], wall_now: float) -> dict[str, Any]:
    """`GET /api/v1/status`: each tenant's, and the worst of them first."""
    verdicts = [one["verdict"] for one in tenants]
    worse = [one["sentence"] for one in tenants if one["verdict"] != "trading"]
    well = f"{len(tenants)} tenants trade" if len(tenants) > 1 else "".join(one["sentence"] for one in tenants)
    return {
        "version": 1,
        "at": iso(wall_now),
        "verdict": min(verdicts, key=WORST_FIRST.index, default="starting"),
        "sentence": " | ".join(worse) or well or "no tenant has a container yet",
        "tenants": list(tenants),
    }


def tenant(
    memory: Memory,
    observation: Observation,
    calendar: Calendar,
    rules: Rules,
    sentence: str,
    now: float,
    wall: Callable[[float], float],
    withheld: Withheld | None = None,
    preflight: Mapping[str, Any] | None = None,
    pause: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """One tenant's row of it. `wall` turns monotonic seconds into epoch seconds."""

    def since(at: float) -> str | None:
        return iso(wall(at)) if at != float("-inf") else None

    gateway, engine, sentinel = memory.gateway, memory.engine, observation.sentinel
    inside = observation.mailbox
    view = observation.engine_view
    answered = view.look.result is Result.OK
    incident = memory.gateway_incident or memory.engine_incident
    return {
        "name": rules.tenant,
        "verdict": stands(memory, observation, rules),
        "sentence": sentence,
        "account": rules.account or (sentinel.accounts[0] if sentinel.accounts else None),
        "paused": observation.paused,
        "pause": pause,
        "dry_run": rules.dry_run,
        "withheld": {"rung": withheld.rung, "subject": withheld.subject, "why": withheld.why}
        if withheld is not None
        else None,
        "act": _act(memory.flight, wall) if memory.flight is not None else None,
        "blind": observation.blind,
        "gateway": {
            "state": gateway.state,
            "external": rules.external,
            "since": since(gateway.since),
            "accounts": list(sentinel.accounts),
            "client_id": sentinel.client_id,
            "answered_in_seconds": round(sentinel.heart.seconds, 4) if sentinel.heart.result is Result.OK else None,
            "upstream": "lost" if sentinel.upstream_lost_at is not None else "up",
            "farms_down": [farm for farm, _ in sentinel.farms_down],
            "container": _container(observation, wall),
            "inside": {"result": inside.ending, "at": iso(wall(inside.at)), "detail": inside.why}
            if inside.ending is not Ending.UNKNOWN
            else None,
            "clients": observation.resources.clients,
            "restarts_left": rules.policy.container_budget.left(memory.gateway_spent, now),
            "login": _login(observation, rules, now, wall),
        },
        "engine": {
            "state": engine.state,
            "since": since(engine.since),
            "word": view.word if answered else None,
            "sentence": view.sentence if answered else view.look.why,
            "entries_held": view.entries_held if answered else None,
            "halted": view.halted if answered else None,
            "restarts_left": rules.policy.engine_budget.left(memory.engine_spent, now),
        },
        "exposure": _exposure(sentinel, rules.policy, now, since),
        "incident": _open(incident, wall) if incident is not None else None,
        "open": [_open(one, wall) for one in memory.open],
        "windows": {
            "open": [
                {"name": span.name, "planned": span.planned, "closes_at": iso(span.closes.timestamp())}
                for span in calendar.open
            ],
            "next": {"name": calendar.next.name, "opens_at": iso(calendar.next.opens.timestamp())}
            if calendar.next is not None
            else None,
        },
        "weekly_token": {
            "expires_at": iso(calendar.token_expires_at.timestamp()),
            "reauth_at": iso(calendar.reauth_at.timestamp()) if calendar.reauth_at is not None else None,
        }
        if calendar.token_expires_at is not None
        else None,
        "conditions": [_open(one, wall) for one in memory.standing],
        "preflight": preflight,
    }


def pause(reason: str, until: float | None) -> dict[str, Any]:
    """What the status tells of a pause; without an end it lasts until further notice."""
    return {"reason": reason, "until": iso(until) if until is not None else None}


def preflight(told: Mapping[str, Any], at: float) -> dict[str, Any]:
    """What the status tells of a preflight, by its report's JSON and the epoch second of its end."""
    results = {result: [c["name"] for c in told["checks"] if c["result"] == result] for result in ("fail", "warn")}
    return {"verdict": told["verdict"], "at": iso(at), "seconds": told["seconds"], **results}


def _exposure(
    sentinel: SentinelView, policy: Policy, now: float, since: Callable[[float], str | None]
) -> dict[str, Any]:
    """The broker's word; `known` while it is fresh. A read-only API tells of positions and of no order."""
    audit = sentinel.positions_only or sentinel.audit
    hidden = sentinel.positions_only is not None
    if audit is None:
        nothing = {"positions": None, "orders": None, "audited_at": None, "known": False, "positions_known": False}
        return {**nothing, "held": [], "working": []}
    positions = [row.position for row in audit.held if row.position.quantity]
    orders = [row.order for row in audit.resting]
    return {
        "positions": audit.positions,
        "orders": None if hidden else audit.orders,
        "audited_at": since(audit.at),
        "known": not hidden and now - audit.at <= policy.audit_fresh,
        "positions_known": now - audit.at <= policy.audit_fresh,
        "held": [f"{position.quantity:+f} {position.local_symbol}" for position in positions],
        "working": [f"{o.action} {o.quantity - o.filled:f} {o.local_symbol} {o.order_type}" for o in orders],
    }


def _container(observation: Observation, wall: Callable[[float], float]) -> dict[str, Any] | None:
    container = observation.gateway
    if container is None or container.up_since is None:
        return None
    return {"started_at": iso(wall(container.up_since)), "restarts": container.restarts}


def _login(observation: Observation, rules: Rules, now: float, wall: Callable[[float], float]) -> dict[str, Any]:
    login, ledger, budget = observation.login, observation.ledger, rules.policy.login_budget
    known = ledger.look.result is not Result.UNKNOWN
    turn = observation.turn if observation.turn is not None and observation.turn.since is not None else None
    return {
        "phase": login.phase,
        "since": iso(wall(login.since)) if login.since is not None else None,
        "attempts_left": max(0, budget.left(ledger.attempts, now)) if known else None,
        "hold": ledger.hold,
        "next_at": iso(wall(ledger.next_at)) if ledger.next_at is not None else None,
        "waiting": ledger.waiting,
        "turn": {"behind": [one.tenant for one in turn.busy]} if turn is not None else None,
        "sentence": turn.sentence(now) if turn is not None else explain(ledger, budget, now, wall),
    }


def _act(act: Act, wall: Callable[[float], float]) -> dict[str, Any]:
    return {"rung": act.rung, "subject": act.subject, "at": iso(wall(act.at)), "reason": act.reason}


def _open(incident: Incident, wall: Callable[[float], float]) -> dict[str, Any]:
    return {
        "id": incident.id,
        "fault": incident.fault,
        "opened_at": iso(wall(incident.opened_at)),
        "detection_seconds": round(incident.declared_at - incident.since, 3),
        "recovery_seconds": None,
        "actions": [{"rung": done.rung, "at": iso(wall(done.at)), "outcome": done.outcome} for done in incident.acts],
        "outcome": "gave_up" if incident.gave_up else "open",
    }


def incident_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """One entry of `GET /api/v1/incidents`, from the journal's row."""
    closed = row["closed_at"]
    return {
        "id": row["id"],
        "tenant": row["tenant"],
        "fault": row["fault"],
        "standing": row["fault"] in FAULTS and FAULTS[row["fault"]].standing,
        "opened_at": iso(row["opened_at"]),
        "declared_at": iso(row["declared_at"]),
        "closed_at": iso(closed) if closed is not None else None,
        "detection_seconds": round(row["declared_at"] - row["since"], 3),
        "recovery_seconds": round(closed - row["since"], 3) if closed is not None else None,
        "actions": [
            {
                "rung": act["rung"],
                "at": iso(act["at"]),
                "reason": act["reason"],
                "outcome": act["outcome"] or ("pending" if closed is None else "unknown"),
            }
            for act in row["actions"]
        ],
        "outcome": row["outcome"],
    }
