"""Judging the engine: from its process and its own word to one finding at most, and one state.

What it says of itself behind a gateway that is not ready is not held against it: that may be the gateway's doing.
"""

from dataclasses import replace

from supervisor import faults
from supervisor.diagnosis import Diagnosis, engine_trouble
from supervisor.faults import FAULTS
from supervisor.memory import NEVER
from supervisor.observation import EngineWord, Result, Status, Subject
from supervisor.pad import Pad
from supervisor.states import EngineState, GatewayState


def judge(pad: Pad) -> None:
    """Name what is wrong, and move. The gateway has been judged before."""
    if pad.engine.resync_due and not (pad.rules.engine and pad.rules.engine_api):
        pad.engine = replace(pad.engine, resync_due=False)  # nobody there who could be told to
    track, status = pad.engine, pad.status(Subject.ENGINE)
    if not pad.rules.engine:
        pad.move(EngineState.ABSENT)
        return
    if track.process.known_at == NEVER or pad.working_on(Subject.ENGINE) or pad.outdated(Subject.ENGINE):
        return
    if status is None:
        pad.move(EngineState.ABSENT)
        return
    if status in (Status.PAUSED, Status.CREATED, Status.REMOVING) or track.process.asked:
        pad.move(EngineState.STOPPED)
        return
    ready_since = pad.gateway.since if pad.gateway.state is GatewayState.READY else None
    finding = engine_trouble(track, pad.observation, ready_since, pad.now, pad.policy)
    if finding is not None and finding.fault is faults.ENGINE_EXIT:
        pad.put_proof(Subject.ENGINE, None)
        _found(pad, finding)
        return
    if status in (Status.EXITED, Status.DEAD, Status.RESTARTING):
        return  # Docker has told of a start, and no look has shown yet what it started
    _face_new_process(pad)
    if pad.rules.engine_api:
        _judge_running(pad, finding)
    else:
        pad.put_proof(Subject.ENGINE, None)
        pad.move(EngineState.RUNNING)


def _found(pad: Pad, finding: Diagnosis) -> None:
    pad.engine_finding = finding
    if pad.engine.state is not EngineState.GAVE_UP:
        pad.move(EngineState.FAILING)


def _face_new_process(pad: Pad) -> None:
    """Leave a state that speaks of no process, or of the old one."""
    track = pad.engine
    if track.state in (EngineState.UNKNOWN, EngineState.ABSENT, EngineState.STOPPED):
        pad.move(EngineState.STARTING)
    elif track.fresh and track.state in (EngineState.FAILING, EngineState.GAVE_UP):
        pad.move(EngineState.RECOVERING)
    elif track.fresh and track.state in (
        EngineState.TRADING,
        EngineState.RUNNING,
        EngineState.WAITING,
        EngineState.SUSPECT,
    ):
        pad.move(EngineState.STARTING)
    if pad.engine.fresh:
        pad.engine = replace(pad.engine, fresh=False)


def _judge_running(pad: Pad, finding: Diagnosis | None) -> None:
    track = pad.engine
    state, last = track.state, track.looks.last
    answers = last.result is Result.OK
    if answers and track.word is EngineWord.TRADING:
        if not track.resync_due:
            pad.put_proof(Subject.ENGINE, None)
        pad.move(EngineState.TRADING)
    elif state is EngineState.RECOVERING:
        _judge_recovering(pad, finding, answers)
    elif finding is not None:
        _found(pad, finding)
    elif state in (EngineState.FAILING, EngineState.GAVE_UP):
        waiting = answers and track.word in (EngineWord.WAITING, EngineWord.CONNECTING)
        if state is EngineState.FAILING and waiting and pad.gateway.state is not GatewayState.READY:
            pad.move(EngineState.WAITING)
    elif last.result is Result.FAIL and track.looks.last_good_at is not None:
        _suspect(pad)
    elif answers:
        if track.word in (EngineWord.WAITING, EngineWord.CONNECTING, EngineWord.STOPPING):
            pad.move(EngineState.WAITING)
        else:
            _suspect(pad)


def _suspect(pad: Pad) -> None:
    if pad.engine.state is EngineState.STARTING:
        pad.move(EngineState.WAITING)
    pad.move(EngineState.SUSPECT)


def _judge_recovering(pad: Pad, finding: Diagnosis | None, answers: bool) -> None:
    """An act is being proven on it, or it is a new process after a fault."""
    track, proof = pad.engine, pad.memory.engine_proof
    gateway_ready = pad.gateway.state is GatewayState.READY
    waiting = answers and track.word is EngineWord.WAITING
    away = answers and track.word is EngineWord.CONNECTING and not gateway_ready
    if waiting or away:
        # Without clearance or without a gateway it can do no better: the clock stands still.
        pad.put_proof(Subject.ENGINE, None)
        pad.move(EngineState.WAITING)
        return
    container = track.process.container
    born = container.up_since if container is not None and container.up_since is not None else track.since
    deadline = proof.deadline if proof is not None else max(born, track.since) + pad.policy.engine_deadline
    if pad.now >= deadline:
        _found(pad, finding or _never_trading(pad))


def _never_trading(pad: Pad) -> Diagnosis:
    """A deadline passed without a verdict: go on with what was being cured."""
    incident = pad.memory.engine_incident
    fault = FAULTS[incident.fault] if incident is not None else faults.ENGINE_BACKOFF
    if fault is faults.ENGINE_EXIT:
        # Its container runs again, so starting it is no answer any more.
        fault = faults.ENGINE_DEAF if pad.engine.word is EngineWord.DEAF else faults.ENGINE_ZOMBIE
    begun = pad.engine.since
    return Diagnosis(fault, begun, begun, True, "it did not trade in time")
