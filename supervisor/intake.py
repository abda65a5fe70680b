"""What came in since the last turn: how acts ended, what Docker told, what an inspection showed, what probes saw.

Nothing is judged here. What happened is told from what we did, a person's wish from an accident, and a new process
from the old one.
"""

from dataclasses import replace

from supervisor import faults, incidents
from supervisor.detectors import Detector
from supervisor.diagnosis import Diagnosis
from supervisor.faults import Rung
from supervisor.ladder import STEPS, Purse, proof_deadline
from supervisor.memory import NEVER, Act, Amend, Hands, Process, Proof, Remember
from supervisor.observation import TELLING, Container, ContainerEvent, Ending, EngineWord, Result, Status, Subject
from supervisor.pad import Pad
from supervisor.policy import Policy
from supervisor.states import GatewayState

_SIGKILL = 9
_TIDY_EXITS = (0, 130, 143)  # how a process ends that was asked to
_HANDS_AFTERGLOW = 1.0  # events of our own act may still arrive this long after it


# -- how our own acts ended --------------------------------------------------------------------------------------------


def take_outcomes(pad: Pad) -> None:
    """Our own acts that have ended, or that should have."""
    flight = pad.memory.flight
    if flight is None:
        return
    for outcome in pad.observation.outcomes:
        if outcome.act_id == flight.id:
            _landed(pad, flight, outcome.word)
            return
    if pad.now > flight.deadline + pad.policy.docker_timeout:
        _landed(pad, flight, "failed")


def _landed(pad: Pad, act: Act, word: str) -> None:
    step = STEPS[act.rung]
    pad.memory = replace(pad.memory, flight=None)
    for incident in pad.memory.open:
        if incident.id == act.incident_id:
            acts = tuple(replace(done, outcome=word) if done.act_id == act.id else done for done in incident.acts)
            if incident in pad.memory.standing and act.rung is Rung.ENGINE_RESYNC:
                pad.engine = replace(pad.engine, resync_due=False)  # once, whatever came of it
            pad.put(replace(incident, acts=acts))
    if step.restarts and word == "cancelled":
        pad.let_go(act)
    elif step.restarts:
        pad.lift_hands(step.subject)
    if word == "refused" and step.purse is not Purse.NONE:
        _unspend(pad, step.purse, act.at)
    if act.rung is Rung.ENGINE_HALT:
        return  # an engine may know no such word: what comes next does not wait for that
    if word != "ok":
        pad.memory = replace(pad.memory, retry_at=pad.now + pad.policy.retry_after)
        pad.put_proof(step.subject, Proof(act.rung, act.at, pad.now))  # nothing to wait for
    elif act.rung in (Rung.ENGINE_STOP, Rung.GATEWAY_STOP):
        _stopped_for_good(pad, step.subject)
    else:
        _await_proof(pad, act)


def _unspend(pad: Pad, purse: Purse, at: float) -> None:
    memory = pad.memory
    if purse is Purse.GATEWAY:
        pad.memory = replace(memory, gateway_spent=tuple(t for t in memory.gateway_spent if t != at))
    else:
        pad.memory = replace(memory, engine_spent=tuple(t for t in memory.engine_spent if t != at))


def _stopped_for_good(pad: Pad, subject: Subject) -> None:
    """Our own safety stop is a wish too: nobody starts that container again but a person."""
    process = pad.process(subject)
    died_at = process.died_at if process.died_at is not None else pad.now
    pad.put_process(subject, replace(process, died_at=died_at, asked=True, stop_known=process.identity))
    pad.out.append(Remember(f"asked:{subject}", process.identity or ""))
    incident = pad.incident(subject)
    if incident is not None and not incident.gave_up:
        incident = replace(incident, gave_up=True)
        pad.put_incident(subject, incident)
        pad.out.append(Amend(incident))


def _await_proof(pad: Pad, act: Act) -> None:
    """From here on only looks younger than the act count."""
    subject = STEPS[act.rung].subject
    if act.rung in (Rung.LOGIN_HOLD, Rung.LOGIN_LIFT):
        pad.gateway = replace(pad.gateway, ledger_since=pad.now)
        return  # nothing has to show it: the ledger says so itself
    if act.rung is Rung.SENTINEL_RECONNECT and pad.observation.host.slept_at is not None:
        pad.gateway = replace(pad.gateway, slept_done=pad.observation.host.slept_at)
        pad.engine = replace(pad.engine, resync_due=True)
    proof = Proof(act.rung, act.at, pad.now + proof_deadline(act.rung, pad.policy))
    awaited = pad.memory.gateway_proof
    if act.rung is not Rung.SENTINEL_RECONNECT or awaited is None or awaited.deadline < proof.deadline:
        pad.put_proof(subject, proof)
    if subject is Subject.GATEWAY and act.rung not in (Rung.RECONNECT_DATA, Rung.RECONNECT_ACCOUNT):
        pad.gateway = replace(pad.gateway, handshake=Detector(), heart=Detector(), not_before=pad.now, wrote=False)
    elif act.rung is Rung.ENGINE_RESYNC:
        pad.engine = replace(pad.engine, not_before=pad.now, resync_due=False)
        lost_at = pad.observation.sentinel.data_lost_at
        if lost_at is not None and lost_at <= act.at:
            pad.gateway = replace(pad.gateway, data_lost_done=lost_at)
    elif subject is Subject.ENGINE:
        pad.engine = replace(pad.engine, looks=Detector(), not_before=pad.now)


# -- Docker's events ---------------------------------------------------------------------------------------------------


def take_events(pad: Pad) -> None:
    """Docker's events: what a level cannot show, above all who asked for an end."""
    for event in pad.observation.events:
        if pad.process(event.subject).known_at == NEVER:
            pad.put_process(event.subject, _told_before(pad, event))
        elif not _ours(pad.hands(event.subject), event.at):
            pad.put_process(event.subject, _told(pad, event))
        elif event.action == "start":
            pad.hands_ended(event.subject, event.at)


def _ours(hands: Hands | None, at: float) -> bool:
    """Whether an event at `at` was made by our own act."""
    if hands is None or at < hands.since or (hands.ended is not None and at > hands.ended):
        return False
    return hands.until is None or at <= hands.until + _HANDS_AFTERGLOW


def _told(pad: Pad, event: ContainerEvent) -> Process:
    """What is known of a process after an event."""
    process = pad.process(event.subject)
    up_since = process.container.up_since if process.container is not None else None
    if up_since is not None and event.at <= up_since and event.action != "start":
        return _told_late(pad, event, process)
    if event.action == "kill" and event.signal is not None:
        return _killed(process, event)
    if event.action == "die":
        process = replace(process, died_at=event.at)
        if _by_request(process, event.at, pad.policy):
            return _wished(pad, event.subject, process)
        _crashed(pad, event.subject, event.at)
        return process
    if event.action == "stop":
        return _wished(pad, event.subject, process)
    if event.action == "start":
        return replace(process, died_at=None, asked=False, killed=None)
    return process


def _told_late(pad: Pad, event: ContainerEvent, process: Process) -> Process:
    """Of the process before the one that runs: how that one ended, and nothing about this one."""
    if event.action == "kill" and event.signal is not None:
        return _killed(process, event)
    if event.action == "die" and _by_request(process, event.at, pad.policy):
        return replace(process, killed=None)
    if event.action == "die":
        _crashed(pad, event.subject, event.at)
    return process


def _told_before(pad: Pad, event: ContainerEvent) -> Process:
    """Of a container that this supervisor has not looked at yet an event says whose wish its end was, and no more.

    What came before our last act on it, which an earlier supervisor knew, or was done by that act, says nothing.
    """
    process, hands = pad.process(event.subject), pad.hands(event.subject)
    if hands is not None and (hands.until is None or event.at <= hands.until + _HANDS_AFTERGLOW):
        return process
    if event.action == "stop" or (event.action == "die" and _by_request(process, event.at, pad.policy)):
        return replace(process, asked=True)
    if event.action == "kill" and event.signal is not None:
        return _killed(process, event)
    if event.action in TELLING:
        return replace(process, asked=False, killed=None)
    return process


def _killed(process: Process, event: ContainerEvent) -> Process:
    # `docker stop` sends TERM first; a KILL without it is `docker kill`.
    if process.killed and process.killed[0] != _SIGKILL and event.signal == _SIGKILL:
        return process
    assert event.signal is not None
    return replace(process, killed=(event.signal, event.at))


def _by_request(process: Process, died_at: float, policy: Policy) -> bool:
    """Whether somebody had asked the process to end, a while before it did."""
    killed = process.killed
    return killed is not None and killed[0] != _SIGKILL and died_at - killed[1] < policy.asked_stop_memory


def _crashed(pad: Pad, subject: Subject, at: float) -> None:
    """A death that nobody asked for is an incident, even when Docker has already brought the process back."""
    if subject is Subject.ENGINE and not pad.rules.engine:
        return
    fault = faults.CONTAINER_EXIT if subject is Subject.GATEWAY else faults.ENGINE_EXIT
    incidents.declare(pad, subject, Diagnosis(fault, at, at, True, "the container died"))


def _wished(pad: Pad, subject: Subject, process: Process) -> Process:
    """Its end was a person's wish, which outlives this supervisor."""
    if not process.asked:
        pad.out.append(Remember(f"asked:{subject}", process.identity or ""))
    return replace(process, asked=True, stop_known=process.identity)


# -- the inspected containers ------------------------------------------------------------------------------------------


def take_containers(pad: Pad) -> None:
    """The inspected containers."""
    look = pad.observation.docker
    if look.result is not Result.OK:
        return
    began = look.at - look.seconds
    for subject, container in (
        (Subject.GATEWAY, pad.observation.gateway),
        (Subject.ENGINE, pad.observation.engine),
    ):
        if began > pad.process(subject).known_at:
            pad.put_process(subject, _shown(pad, subject, container, began))


def _shown(pad: Pad, subject: Subject, container: Container | None, began: float) -> Process:
    """What is known of a process after an inspection that began at `began`."""
    process = replace(pad.process(subject), container=container, known_at=began)
    if container is None:
        return replace(process, died_at=None, asked=False)
    if container.is_up:
        if process.died_at is not None and process.died_at >= began:
            return process  # it has died since
        if process.died_at is not None or process.asked:
            process = replace(process, died_at=None, asked=False)
        return process if container.identity == process.identity else _born(pad, subject, process, container)
    if container.status in (Status.EXITED, Status.DEAD, Status.RESTARTING) and process.died_at is None:
        return _found_dead(pad, subject, process, container)
    return process


def _born(pad: Pad, subject: Subject, process: Process, container: Container) -> Process:
    """A process not known before: all counters start anew."""
    hands = pad.hands(subject)
    began = container.up_since
    if hands is not None and began is not None and began > hands.since and pad.under_way(subject):
        pad.lift_hands(subject)
    if subject is Subject.GATEWAY:
        proof = pad.memory.gateway_proof
        if proof is not None and began is not None and began > proof.deadline - proof_deadline(proof.rung, pad.policy):
            pad.put_proof(subject, None)  # whose proof was waited for is gone; this one has its whole start before it
        first = pad.gateway.state is GatewayState.UNKNOWN
        not_before = NEVER if first else pad.now
        pad.gateway = replace(
            pad.gateway,
            handshake=Detector(),
            heart=Detector(),
            not_before=not_before,
            wrote=False,
            excused_until=NEVER,
            fresh=True,
        )
        if not first:
            pad.engine = replace(pad.engine, resync_due=True)
    else:
        pad.engine = replace(
            pad.engine,
            looks=Detector(),
            word=EngineWord.UNKNOWN,
            word_since=pad.now,
            resync_due=False,
            fresh=True,
        )
    return replace(process, identity=container.identity, killed=None)


def _found_dead(pad: Pad, subject: Subject, process: Process, container: Container) -> Process:
    """Its end was not witnessed.

    A gateway that left tidily and was not brought back by Docker's own policy was stopped by a person. An engine has
    no such policy: unless its stop is on record, or Docker remembers it, it is taken for dead.
    """
    process = replace(process, died_at=container.ended_at if container.ended_at is not None else pad.now)
    if _ours(pad.hands(subject), process.died_at or pad.now):
        return replace(process, asked=process.stop_known == container.identity)  # a safety stop of ours is a wish, too
    tidy = container.exit_code in _TIDY_EXITS and container.status is not Status.RESTARTING
    guessed = subject is Subject.GATEWAY and tidy and process.identity != container.identity
    asked, told = process.stop_known == container.identity or guessed, process.asked
    process = replace(process, asked=asked, identity=container.identity)
    return _wished(pad, subject, process) if told else process


# -- what the probes saw -----------------------------------------------------------------------------------------------


def take_looks(pad: Pad) -> None:
    """Feed the detectors; looks from before our last act, or at another process, prove nothing."""
    sentinel, handshake = pad.observation.sentinel, pad.observation.handshake
    if pad.runs(Subject.GATEWAY):
        gateway, mailbox = pad.gateway, pad.observation.mailbox
        greeted, heard, since = gateway.handshake, gateway.heart, gateway.inside_answers_since
        alive_at = gateway.inside_alive_at
        silent = mailbox.ending in (Ending.STALE, Ending.UNKNOWN)
        wrote = gateway.wrote or (not silent and mailbox.at >= gateway.not_before)
        if handshake.at - handshake.seconds >= gateway.not_before:
            greeted = greeted.fed(handshake)
        if sentinel.heart.at - sentinel.heart.seconds >= gateway.not_before:
            heard = heard.fed(sentinel.heart)
        if mailbox.ending is not Ending.ANSWERED:
            since = None
        elif since is None:
            since = mailbox.at
        asked, failing = mailbox.at - mailbox.seconds, (greeted.failing_since, heard.failing_since)
        if since is not None and any(began is not None and began <= asked for began in failing):
            alive_at = asked
        news = greeted is not gateway.handshake or heard is not gateway.heart or wrote is not gateway.wrote
        if news or since != gateway.inside_answers_since or alive_at != gateway.inside_alive_at:
            pad.gateway = replace(
                gateway,
                handshake=greeted,
                heart=heard,
                inside_answers_since=since,
                inside_alive_at=alive_at,
                wrote=wrote,
            )
    engine, view = pad.engine, pad.observation.engine_view
    fresh = view.look.at - view.look.seconds >= engine.not_before and view.look.at > engine.looks.last.at
    if pad.runs(Subject.ENGINE) and fresh:
        engine = replace(engine, looks=engine.looks.fed(view.look))
        if view.look.result is Result.OK and view.word is not engine.word:
            engine = replace(engine, word=view.word, word_since=view.look.at)
        passed_at = _passed(engine.passed_at, view.heard_at, pad.observation.sentinel.last_tick_at, pad.policy)
        pad.engine = engine if passed_at == engine.passed_at else replace(engine, passed_at=passed_at)


def _passed(since: float | None, heard_at: float | None, ticked_at: float | None, policy: Policy) -> float | None:
    # After a gateway's standstill the canary ticks first: the engine's age then says nothing of the engine.
    if heard_at is None or ticked_at is None or ticked_at - heard_at < policy.deaf_behind:
        return None
    return since if since is not None and since > heard_at else ticked_at
