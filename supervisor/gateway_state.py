"""Judging the gateway: from what is known of it to one finding at most, and one state."""

import signal
from dataclasses import replace

from supervisor import faults, incidents, weekly
from supervisor.detectors import RUN, Detector
from supervisor.diagnosis import Diagnosis, dead, host_slept, login_trouble, not_whole, push_timed_out, silent
from supervisor.faults import FAULTS, Rung
from supervisor.memory import NEVER, Remember
from supervisor.observation import EngineWord, LoginPhase, Result, SessionPhase, Status, Subject
from supervisor.pad import Pad
from supervisor.states import GatewayState

_UNDER_WAY = (LoginPhase.RESTARTING, LoginPhase.LOGGING_IN, LoginPhase.TWOFA)
_BROKEN = (faults.JVM_DEAD.name, faults.SOFT_DEAD.name, faults.FROZEN.name)


def judge(pad: Pad) -> None:
    """Name what is wrong, and move."""
    track, status = pad.gateway, pad.status(Subject.GATEWAY)
    if track.process.known_at == NEVER or pad.working_on(Subject.GATEWAY) or pad.outdated(Subject.GATEWAY):
        return
    if status is None:
        _gone(pad)
        pad.move(GatewayState.ABSENT)
        return
    if status in (Status.PAUSED, Status.CREATED, Status.REMOVING) or track.process.asked:
        if status is not Status.PAUSED:
            _gone(pad)
        pad.move(GatewayState.STOPPED)
        return
    if _is_being_stopped(pad):
        if track.state in (GatewayState.READY, GatewayState.DEGRADED):
            pad.move(GatewayState.SUSPECT)
        return
    if track.state is GatewayState.STOPPED:
        pad.gateway = replace(track, went_on_at=pad.now)
        if track.process.identity != track.proven:
            pad.move(GatewayState.STARTING)  # it was paused in its start, which goes on only now
        track = pad.gateway
    finding = dead(track)
    answers = finding is None and _answers(pad)
    _remember_push(pad, answers)
    finding = (None if answers else login_trouble(track, pad.observation, pad.now, pad.policy)) or finding
    if finding is not None:
        _gone(pad)
        pad.put_proof(Subject.GATEWAY, None)
        pad.gateway_finding = _in_window(pad, finding)
        if track.state is not GatewayState.GAVE_UP:
            pad.move(GatewayState.FAILING)
        return
    finding = silent(track, pad.observation, pad.policy)
    if not answers and (finding is None or finding.fault is faults.HALF_OPEN):
        finding = host_slept(track, pad.observation) or finding  # why the session is silent
    if finding is None and answers:
        _judge_answering(pad)
    else:
        _judge_not_answering(pad, finding)


def _is_being_stopped(pad: Pad) -> bool:
    """Whether a person's `docker stop` is under way: it ends the JVM first, and its container up to a minute later."""
    killed = pad.gateway.process.killed
    return killed is not None and killed[0] == signal.SIGTERM and pad.now - killed[1] < pad.policy.stop_grace


def _remember_push(pad: Pad, answers: bool) -> None:
    """Since when pushes go unanswered: until it is up, or somebody has lifted a hold and begins anew."""
    first, lifted = pad.gateway.timed_out_at, pad.observation.hold_lifted_at
    timed_out = None if answers else push_timed_out(pad.gateway, pad.observation)
    if first > NEVER and (answers or (lifted is not None and lifted > first)):
        pad.gateway = replace(pad.gateway, timed_out_at=NEVER)
        pad.out.append(Remember("timed-out:gateway", ""))
    elif first == NEVER and timed_out is not None:
        pad.gateway = replace(pad.gateway, timed_out_at=timed_out)
        pad.out.append(Remember("timed-out:gateway", "1"))


def _in_window(pad: Pad, finding: Diagnosis) -> Diagnosis:
    """Inside a window of maintenance a gateway that is away is where it should be. What costs a login stays itself."""
    if not pad.observation.windows or finding.fault.safety or pad.memory.gateway_incident is not None:
        return finding
    window = pad.observation.windows[0]
    return replace(finding, fault=faults.PLANNED_RESTART, sure=False, why=f"{finding.why}, inside {window.name}")


def _gone(pad: Pad) -> None:
    """What the engine has of this gateway is gone: it must be resynced when there is one again."""
    if pad.gateway.state is not GatewayState.UNKNOWN and not pad.engine.resync_due:
        pad.engine = replace(pad.engine, resync_due=True)


def _answers(pad: Pad) -> bool:
    """Ready: handshake twice, startApi's answers, and a fresh current time."""
    track, sentinel = pad.gateway, pad.observation.sentinel
    stale = pad.policy.heart_interval * 2 + pad.policy.probe_timeout
    return (
        track.handshake.healthy
        and track.heart.last.result is Result.OK
        and sentinel.phase is SessionPhase.READY
        and bool(sentinel.accounts)
        and pad.now - track.heart.last.at <= stale
    )


# -- it answers: is it whole? ------------------------------------------------------------------------------------------


def _judge_answering(pad: Pad) -> None:
    track = pad.gateway
    if track.state in (GatewayState.UNKNOWN, GatewayState.ABSENT, GatewayState.STOPPED):
        pad.move(GatewayState.STARTING)
    rules = pad.rules
    finding = not_whole(track, pad.observation, rules.account, rules.live, rules.farms, pad.policy)
    pad.gateway_finding = finding
    pad.put_proof(Subject.GATEWAY, None)
    degraded = finding is not None and finding.fault not in (faults.DATA_LOST, faults.HOST_SLEPT)
    pad.move(GatewayState.DEGRADED if degraded else GatewayState.READY)
    if track.proven != track.process.identity and not degraded:
        pad.gateway = replace(pad.gateway, proven=track.process.identity)
        pad.out.append(Remember("proven:gateway", track.process.identity or ""))
    weekly.came_through(pad)
    if pad.gateway.excused_until > pad.now + pad.policy.adoption:  # it had its whole start before it, and has made it
        pad.gateway = replace(pad.gateway, excused_until=pad.now + pad.policy.adoption)
    ticks = pad.observation.sentinel.last_tick_at
    if finding is None and pad.memory.gateway_incident is None:
        ticking = ticks is not None and pad.now - ticks < pad.policy.tick_fresh
        if ticking is not pad.gateway.ticking:
            pad.gateway = replace(pad.gateway, ticking=ticking)
    if track.state is not GatewayState.READY and pad.gateway.state is GatewayState.READY:
        _back(pad, track.state)


def _back(pad: Pad, before: GatewayState) -> None:
    """It has just become ready: the engine may need to be told."""
    incident, opened = pad.memory.gateway_incident, pad.observation.sentinel.opened_at
    if incident is None and before is GatewayState.FAILING:
        pad.engine = replace(pad.engine, resync_due=True)  # a planned restart is over
    if incident is not None and incident.fault in _BROKEN and opened is not None and opened > incident.since:
        pad.engine = replace(pad.engine, resync_due=True)
    cut = incident is not None and FAULTS[incident.fault] in incidents.CUT_SESSIONS
    if cut and incident is not None and not pad.engine_session_is_new(incident.opened_at):
        pad.engine = replace(pad.engine, resync_due=True)  # a quiet market or a dead session: nothing else tells
    if pad.engine.word is EngineWord.CONNECTING:
        pad.engine = replace(pad.engine, resync_due=True)  # left alone, its adapter waits up to 303 s


# -- it does not answer: is it starting, suspect, or failing? ----------------------------------------------------------


def _judge_not_answering(pad: Pad, finding: Diagnosis | None) -> None:
    _face_new_process(pad)
    _excuse(pad)
    track = pad.gateway
    if finding is not None and _is_another_fault(pad, finding):
        # What was seen until now may tell of the start as well: it is seen anew before anything is done about it.
        pad.gateway = replace(track, handshake=Detector(), heart=Detector())
        finding = replace(finding, since=pad.now, first=pad.now)
    elif _has_grace(pad, finding):
        lied = finding is not None and finding.fault is faults.HALF_OPEN
        if lied and track.state is GatewayState.RECOVERING and pad.memory.gateway_incident is not None:
            pad.gateway_finding = finding  # to reconnect our session costs nothing, and ends no wait
        return
    state, incident = pad.gateway.state, pad.memory.gateway_incident
    if finding is not None:
        pad.gateway_finding = _in_window(pad, finding)
        if state is not GatewayState.GAVE_UP:
            if state is GatewayState.DEGRADED:
                pad.move(GatewayState.SUSPECT)
            if state is GatewayState.RECOVERING:
                pad.put_proof(Subject.GATEWAY, None)
            pad.move(GatewayState.FAILING)
    elif state in (GatewayState.STARTING, GatewayState.RECOVERING):
        pad.gateway_finding = _never_ready(pad)
        pad.move(GatewayState.FAILING)
    elif state is GatewayState.FAILING and incident is not None and incident.acted:
        pad.gateway_finding = _never_ready(pad)
    elif state in (GatewayState.READY, GatewayState.DEGRADED):
        failing = Result.FAIL in (track.handshake.last.result, track.heart.last.result)
        if failing or pad.observation.sentinel.phase is not SessionPhase.READY:
            pad.move(GatewayState.SUSPECT)


def _face_new_process(pad: Pad) -> None:
    """Leave a state that speaks of no process, or of the old one."""
    track = pad.gateway
    if track.state is GatewayState.UNKNOWN:
        proof = pad.memory.gateway_proof
        pad.move(GatewayState.RECOVERING if proof is not None else GatewayState.STARTING)
    elif track.state in (GatewayState.ABSENT, GatewayState.STOPPED) or (
        track.fresh and track.state in (GatewayState.READY, GatewayState.SUSPECT, GatewayState.DEGRADED)
    ):
        pad.move(GatewayState.STARTING)
        if pad.memory.gateway_incident is not None:
            pad.move(GatewayState.FAILING)
            pad.move(GatewayState.RECOVERING)
    elif track.fresh and track.state in (GatewayState.FAILING, GatewayState.GAVE_UP):
        pad.move(GatewayState.RECOVERING)
    if pad.gateway.fresh:
        pad.gateway = replace(pad.gateway, fresh=False)


def _excuse(pad: Pad) -> None:
    """A gateway that waits for its ledger has its whole start before it; one that logs in has not answered yet."""
    track, ledger, login = pad.gateway, pad.observation.ledger, pad.observation.login
    begun = max(login.since, track.went_on_at) if login.since is not None else NEVER
    until = NEVER
    if ledger.waiting:
        until = pad.now + pad.policy.start_deadline
        pad.put_proof(Subject.GATEWAY, None)  # what we did is done; whether it starts is seen once the ledger lets it
    elif login.phase in _UNDER_WAY and pad.now - begun < pad.policy.login_stuck:
        until = pad.now + pad.policy.adoption
    if until > track.excused_until:
        pad.gateway = replace(track, excused_until=until)


def _is_another_fault(pad: Pad, finding: Diagnosis) -> bool:
    """Whether a process that starts, or that an act is being proven on, has come to life and was then broken.

    A start looks like a death until its first answer. One that has answered since, or whose wrapper has written since,
    and falls silent with all the evidence that its row asks for does not start any more: nothing is left to wait for.
    """
    track, proof = pad.gateway, pad.memory.gateway_proof
    if track.state not in (GatewayState.STARTING, GatewayState.RECOVERING) or not finding.sure:
        return False
    if finding.fault is faults.FROZEN:
        return track.wrote
    if proof is not None and proof.rung is Rung.IBC_RESTART:
        return False  # asked for it, the gateway goes on answering for up to a minute
    broke = any(sense.last_good_at is not None and sense.failures >= RUN for sense in (track.handshake, track.heart))
    return broke and finding.fault in (faults.JVM_DEAD, faults.SOFT_DEAD)


def _has_grace(pad: Pad, finding: Diagnosis | None) -> bool:
    """A process that starts, or that an act is being proven on, is not judged yet."""
    track, proof = pad.gateway, pad.memory.gateway_proof
    if track.state is GatewayState.RECOVERING and proof is not None and pad.now < proof.deadline:
        return True
    if track.state is GatewayState.RECOVERING and proof is not None and proof.rung is not Rung.SENTINEL_RECONNECT:
        return False
    ledger = pad.observation.ledger
    if track.state in (GatewayState.STARTING, GatewayState.RECOVERING) and (ledger.waiting or ledger.hold is not None):
        return True  # no login is attempted yet, so nothing can answer
    if track.state in (GatewayState.STARTING, GatewayState.RECOVERING) and pad.now < track.excused_until:
        return True
    if track.state in (GatewayState.STARTING, GatewayState.RECOVERING):
        container = track.process.container
        born = container.up_since if container is not None and container.up_since is not None else track.since
        born = max(born, track.went_on_at)
        if track.process.identity != track.proven and pad.now - born < pad.policy.start_deadline:
            return True
        return finding is None and pad.now - track.since < pad.policy.adoption
    return False


def _never_ready(pad: Pad) -> Diagnosis:
    """A deadline passed without a verdict: go on with what was being cured, or call it soft-dead and leave it."""
    incident = pad.memory.gateway_incident
    fault = FAULTS[incident.fault] if incident is not None else faults.SOFT_DEAD
    if fault is faults.CONTAINER_EXIT:
        fault = faults.JVM_DEAD  # its container runs again, so starting it is no answer any more
    begun = pad.gateway.since
    sure = incident is not None and incident.acted and pad.observation.login.phase is LoginPhase.QUIET
    return Diagnosis(fault, begun, begun, sure, "it did not become ready in time")
