"""The states of a gateway and of an engine, and the only edges between them.

Imports nothing of the house. The docs' graph, the metrics' label sets and the tests' coverage are made from here.
"""

from collections.abc import Mapping
from enum import StrEnum


class GatewayState(StrEnum):
    """What the supervisor holds to be true of a gateway. `READY` is the only state in which an engine may trade."""

    UNKNOWN = "UNKNOWN"  # nothing has been seen yet
    ABSENT = "ABSENT"  # no container carries the tenant's gateway label
    STOPPED = "STOPPED"  # a person stopped or paused it: observe
    STARTING = "STARTING"  # a new process inside its start deadline
    READY = "READY"  # port, handshake, startApi, right account, fresh current time
    SUSPECT = "SUSPECT"  # a probe failed; not yet often enough to say so aloud
    DEGRADED = "DEGRADED"  # the API answers, but IBKR, a farm or the account is wrong
    FAILING = "FAILING"  # seen: an incident is open
    RECOVERING = "RECOVERING"  # acted: waiting for the proof
    GAVE_UP = "GAVE_UP"  # the budget is spent: a person is needed


class EngineState(StrEnum):
    """What the supervisor holds to be true of an engine."""

    UNKNOWN = "UNKNOWN"
    ABSENT = "ABSENT"  # no container, or ENGINE=none
    STOPPED = "STOPPED"  # a person, or a safety stop of ours, stopped it
    STARTING = "STARTING"  # a new process that has not answered yet
    WAITING = "WAITING"  # alive; without clearance or without a gateway
    TRADING = "TRADING"
    RUNNING = "RUNNING"  # alive; it speaks no API of ours, so that is all that is known
    SUSPECT = "SUSPECT"
    FAILING = "FAILING"
    RECOVERING = "RECOVERING"
    GAVE_UP = "GAVE_UP"


WELL = (EngineState.TRADING, EngineState.RUNNING)
"""As well as an engine can be seen to be."""

_G = GatewayState
_E = EngineState

GATEWAY_EDGES: Mapping[GatewayState, Mapping[GatewayState, str]] = {
    _G.UNKNOWN: {
        _G.ABSENT: "no container",
        _G.STOPPED: "found stopped",
        _G.STARTING: "found running",
        _G.FAILING: "found dead",
        _G.RECOVERING: "an act of an earlier supervisor is being verified",
    },
    _G.ABSENT: {
        _G.STARTING: "created and started",
        _G.STOPPED: "created, not started",
        _G.FAILING: "created, and dead at once",
    },
    _G.STOPPED: {
        _G.ABSENT: "removed",
        _G.STARTING: "started by a person",
        _G.FAILING: "the stop proved to be a crash",
        _G.RECOVERING: "restarted on a person's word",
    },
    _G.STARTING: {
        _G.READY: "verified",
        _G.DEGRADED: "verified, but not whole",
        _G.FAILING: "died, or its start deadline passed",
        _G.STOPPED: "stopped by a person",
        _G.ABSENT: "removed",
        _G.RECOVERING: "restarted on a person's word",
    },
    _G.READY: {
        _G.SUSPECT: "a first probe failed",
        _G.DEGRADED: "IBKR, a farm or the account went wrong",
        _G.FAILING: "the container died",
        _G.STARTING: "a new process, not ours",
        _G.STOPPED: "stopped by a person",
        _G.ABSENT: "removed",
        _G.RECOVERING: "restarted on a person's word",
    },
    _G.SUSPECT: {
        _G.READY: "it was a blip",
        _G.DEGRADED: "it answers, but is not whole",
        _G.FAILING: "seen",
        _G.STARTING: "a new process, not ours",
        _G.STOPPED: "stopped by a person",
        _G.ABSENT: "removed",
        _G.RECOVERING: "restarted on a person's word",
    },
    _G.DEGRADED: {
        _G.READY: "whole again",
        _G.SUSPECT: "a first probe failed",
        _G.FAILING: "the container died",
        _G.STARTING: "a new process, not ours",
        _G.STOPPED: "stopped by a person",
        _G.ABSENT: "removed",
        _G.RECOVERING: "acted",
    },
    _G.FAILING: {
        _G.RECOVERING: "acted, or a new process appeared",
        _G.READY: "it recovered by itself",
        _G.DEGRADED: "it answers again, but is not whole",
        _G.STOPPED: "stopped by a person",
        _G.ABSENT: "removed",
        _G.GAVE_UP: "budget spent",
    },
    _G.RECOVERING: {
        _G.READY: "verified",
        _G.DEGRADED: "verified, but not whole",
        _G.FAILING: "the act did not help",
        _G.STOPPED: "stopped by a person",
        _G.ABSENT: "removed",
    },
    _G.GAVE_UP: {
        _G.READY: "a person cured it",
        _G.DEGRADED: "it answers again, but is not whole",
        _G.RECOVERING: "a new process, or a person's word",
        _G.STOPPED: "stopped by a person",
        _G.ABSENT: "removed",
    },
}

ENGINE_EDGES: Mapping[EngineState, Mapping[EngineState, str]] = {
    _E.UNKNOWN: {
        _E.ABSENT: "no container, or none wanted",
        _E.STOPPED: "found stopped",
        _E.STARTING: "found running",
        _E.FAILING: "found dead",
    },
    _E.ABSENT: {
        _E.STARTING: "created and started",
        _E.STOPPED: "created, not started",
        _E.FAILING: "created, and dead at once",
    },
    _E.STOPPED: {
        _E.STARTING: "started",
        _E.ABSENT: "removed",
        _E.FAILING: "the stop proved to be a crash",
        _E.RECOVERING: "restarted on a person's word",
    },
    _E.STARTING: {
        _E.WAITING: "answers",
        _E.TRADING: "answers, trading",
        _E.RUNNING: "runs, which is all that is known of it",
        _E.FAILING: "died, or never answered",
        _E.STOPPED: "stopped",
        _E.ABSENT: "removed",
        _E.RECOVERING: "restarted on a person's word",
    },
    _E.WAITING: {
        _E.TRADING: "trading",
        _E.SUSPECT: "a first look failed",
        _E.FAILING: "died, or backs off though the gateway is ready",
        _E.STARTING: "a new process, not ours",
        _E.STOPPED: "stopped",
        _E.ABSENT: "removed",
        _E.RECOVERING: "the gateway is back: resync",
    },
    _E.TRADING: {
        _E.WAITING: "lost its gateway",
        _E.SUSPECT: "a first look failed, or it says it is not well",
        _E.FAILING: "died, or is not well behind a ready gateway",
        _E.STARTING: "a new process, not ours",
        _E.STOPPED: "stopped",
        _E.ABSENT: "removed",
        _E.RECOVERING: "the gateway is back: resync",
    },
    _E.RUNNING: {
        _E.FAILING: "died",
        _E.STARTING: "a new process, not ours",
        _E.STOPPED: "stopped",
        _E.ABSENT: "removed",
        _E.RECOVERING: "restarted on a person's word",
    },
    _E.SUSPECT: {
        _E.TRADING: "it was a blip",
        _E.WAITING: "it was a blip",
        _E.FAILING: "seen",
        _E.STARTING: "a new process, not ours",
        _E.STOPPED: "stopped",
        _E.ABSENT: "removed",
        _E.RECOVERING: "the gateway is back: resync",
    },
    _E.FAILING: {
        _E.RECOVERING: "acted, or a new process appeared",
        _E.TRADING: "it recovered by itself",
        _E.WAITING: "the gateway went away under it",
        _E.STOPPED: "stopped",
        _E.ABSENT: "removed",
        _E.GAVE_UP: "budget spent",
    },
    _E.RECOVERING: {
        _E.TRADING: "trading",
        _E.RUNNING: "runs again",
        _E.WAITING: "the gateway went away under it",
        _E.FAILING: "the act did not help",
        _E.STOPPED: "stopped",
        _E.ABSENT: "removed",
    },
    _E.GAVE_UP: {
        _E.TRADING: "a person cured it",
        _E.RECOVERING: "a new process, or a person's word",
        _E.STOPPED: "stopped",
        _E.ABSENT: "removed",
    },
}
