"""Which rung comes next, what it costs, and how long its proof may take."""

from dataclasses import dataclass, replace
from enum import StrEnum

from supervisor.faults import Fault, Rung
from supervisor.observation import Subject
from supervisor.policy import Policy


class Purse(StrEnum):
    """Which budget a rung is paid from."""

    NONE = "none"
    GATEWAY = "gateway"
    ENGINE = "engine"


@dataclass(frozen=True, slots=True)
class Step:
    """What the machine must know about a rung.

    Attributes:
        subject: whose process it touches.
        purse: the budget that pays.
        restarts: whether it starts, stops or logs in anything: vetoed by a pause, and impossible without a journal.
        new_process: whether its proof is a new (container id, StartedAt).
        once: at most once an incident.
    """

    rung: Rung
    subject: Subject
    purse: Purse
    restarts: bool
    new_process: bool = False
    once: bool = False


_G = Subject.GATEWAY
_E = Subject.ENGINE

STEPS: dict[Rung, Step] = {
    step.rung: step
    for step in (
        Step(Rung.SENTINEL_RECONNECT, _G, Purse.NONE, restarts=False),
        Step(Rung.RECONNECT_DATA, _G, Purse.NONE, restarts=True, once=True),
        Step(Rung.RECONNECT_ACCOUNT, _G, Purse.NONE, restarts=True, once=True),
        Step(Rung.IBC_RESTART, _G, Purse.NONE, restarts=True, once=True),
        Step(Rung.CONTAINER_START, _G, Purse.GATEWAY, restarts=True, new_process=True),
        Step(Rung.CONTAINER_RESTART, _G, Purse.GATEWAY, restarts=True, new_process=True),
        Step(Rung.LOGIN_HOLD, _G, Purse.NONE, restarts=False),
        Step(Rung.LOGIN_LIFT, _G, Purse.NONE, restarts=True),
        Step(Rung.GATEWAY_STOP, _G, Purse.NONE, restarts=True),
        Step(Rung.RESTART_COMMAND, _G, Purse.GATEWAY, restarts=True),
        Step(Rung.ENGINE_RESYNC, _E, Purse.NONE, restarts=False),
        Step(Rung.ENGINE_START, _E, Purse.ENGINE, restarts=True, new_process=True),
        Step(Rung.ENGINE_RESTART, _E, Purse.ENGINE, restarts=True, new_process=True),
        Step(Rung.ENGINE_HALT, _E, Purse.NONE, restarts=False, once=True),
        Step(Rung.ENGINE_STOP, _E, Purse.NONE, restarts=True),
    )
}


def restarts_gateway(fault: Fault) -> bool:
    """Whether its cure is a new gateway process."""
    return Rung.IBC_RESTART in fault.rungs or Rung.CONTAINER_RESTART in fault.rungs


def external(fault: Fault, command: bool) -> Fault:
    """The row as it is for a gateway that has neither container nor IBC of ours, and perhaps a command."""
    if restarts_gateway(fault):
        return replace(fault, rungs=(Rung.RESTART_COMMAND,) if command else ())
    ours = (Rung.SENTINEL_RECONNECT, Rung.ENGINE_RESYNC)
    return replace(fault, rungs=tuple(rung for rung in fault.rungs if rung in ours))


def next_rung(fault: Fault, done: tuple[Rung, ...]) -> Rung | None:
    """The smallest rung of `fault` not yet spent; the last one repeats unless it, or the fault, is a once-only one."""
    for rung in fault.rungs:
        if rung not in done:
            return rung
    if not fault.rungs or fault.once or STEPS[fault.rungs[-1]].once:
        return None
    return fault.rungs[-1]


def proof_deadline(rung: Rung, policy: Policy) -> float:
    """Seconds after an act within which its proof must have come, before the next rung is due."""
    return {
        Rung.SENTINEL_RECONNECT: policy.sentinel_deadline,
        Rung.RECONNECT_DATA: policy.start_deadline,
        Rung.RECONNECT_ACCOUNT: policy.start_deadline,
        Rung.IBC_RESTART: policy.soft_restart_deadline,
        Rung.CONTAINER_START: policy.start_deadline,
        Rung.CONTAINER_RESTART: policy.start_deadline,
        Rung.LOGIN_HOLD: policy.docker_timeout,
        Rung.LOGIN_LIFT: policy.docker_timeout,
        Rung.GATEWAY_STOP: policy.docker_timeout,
        Rung.RESTART_COMMAND: policy.start_deadline,
        Rung.ENGINE_RESYNC: policy.resync_patience,
        Rung.ENGINE_START: policy.engine_deadline,
        Rung.ENGINE_RESTART: policy.engine_deadline,
        Rung.ENGINE_HALT: policy.docker_timeout,
        Rung.ENGINE_STOP: policy.engine_deadline,
    }[rung]


def act_deadline(rung: Rung, policy: Policy) -> float:
    """Seconds within which the act itself must have been carried out."""
    if rung is Rung.CONTAINER_RESTART:
        return policy.gateway_stop_grace + 2 * policy.docker_timeout
    if rung is Rung.GATEWAY_STOP:
        return policy.login_stop_grace + 2 * policy.docker_timeout
    if rung in (Rung.ENGINE_RESTART, Rung.ENGINE_STOP):
        return policy.engine_stop_grace + 2 * policy.docker_timeout
    if rung is Rung.ENGINE_RESYNC:
        return policy.resync_patience
    if rung is Rung.RESTART_COMMAND:
        return policy.command_timeout
    if rung is Rung.ENGINE_HALT:
        return 2 * policy.probe_timeout  # a stop waits behind it
    return policy.docker_timeout + policy.mailbox_deadline
