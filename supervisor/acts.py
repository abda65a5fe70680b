"""Which act is due, if any: a person's word first, then safety, then the gateway, then the engine.

At most one a turn, and none while one is in flight. A way to act returns whether it did; what held it back is left in
`why_not`.
"""

from dataclasses import replace

from supervisor import faults, incidents, weekly
from supervisor.diagnosis import Diagnosis
from supervisor.faults import FAULTS, Rung
from supervisor.ladder import STEPS, Purse, act_deadline, external, next_rung, restarts_gateway
from supervisor.memory import NEVER, Act, Amend, Done, Incident, Remember, Withheld
from supervisor.observation import NEVER as NEVER_LOOKED
from supervisor.observation import EngineWord, LoginPhase, Result, Subject
from supervisor.pad import Pad
from supervisor.states import EngineState, GatewayState


def act(pad: Pad) -> None:
    """At most one act, and only with nothing in flight."""
    if pad.memory.flight is not None:
        pad.why_not = f"{pad.memory.flight.rung} under way"
        return
    for acted in (_by_hand, _safety_stop, _secure_login, _keep_week, _cure_gateway, _follow_with_engine):
        if acted(pad):
            return


def _by_hand(pad: Pad) -> bool:
    """A person's word: neither pause nor budget nor veto stands before it. An engine still needs a ready gateway."""
    for ask in pad.observation.asks:
        rung = Rung(ask.rung)
        if pad.rules.dry_run:
            return _withhold(pad, rung, f"DRY RUN: would {rung}")
        if ask.subject is Subject.ENGINE and (not pad.rules.engine or pad.gateway.state is not GatewayState.READY):
            continue
        if pad.status(ask.subject) is None:
            continue
        if rung is not Rung.ENGINE_RESYNC:
            pad.put_process(ask.subject, replace(pad.process(ask.subject), asked=False, stop_known=None))
            pad.out.append(Remember(f"asked:{ask.subject}", ""))
        incident = pad.incident(ask.subject)
        if incident is not None and incident.gave_up:
            pad.put_incident(ask.subject, replace(incident, acts=()))
        return _launch(pad, rung, "a person asked for it", by_hand=True)
    return False


def _safety_stop(pad: Pad) -> bool:
    """An engine behind the wrong account is stopped. Neither pause nor budget nor ladder stands before it."""
    finding = pad.gateway_finding
    if _halt_uncleared(pad):
        return True
    if finding is None or finding.fault is not faults.WRONG_ACCOUNT or not pad.rules.engine:
        return False
    if not pad.runs(Subject.ENGINE) or pad.now < pad.memory.retry_at or pad.under_way(Subject.ENGINE):
        return False
    if pad.observation.docker.result is not Result.OK:
        return False
    incident = pad.memory.gateway_incident
    halted = incident is None or any(done.rung is Rung.ENGINE_HALT for done in incident.acts)
    if pad.rules.engine_api and not halted:
        return _launch(pad, Rung.ENGINE_HALT, finding.why, beside=True, of=incident)
    return _launch(pad, Rung.ENGINE_STOP, finding.why)


def _halt_uncleared(pad: Pad) -> bool:
    """Of two engines on one account, the one without clearance is halted, once; ours is that only by the preflight."""
    incident = next((one for one in pad.memory.standing if one.fault == faults.SECOND_ENGINE.name), None)
    if incident is None or incident.acts or not pad.observation.preflight_failed:
        return False
    if not pad.rules.engine_api or not pad.runs(Subject.ENGINE):
        return False
    why = f"a second engine, and ours has no clearance: {', '.join(pad.observation.preflight_failed)}"
    return _launch(pad, Rung.ENGINE_HALT, why, beside=True, of=incident)


def _secure_login(pad: Pad) -> bool:
    """What could lock the account is stopped, whatever else is the case; then a person is needed."""
    finding = pad.gateway_finding
    incident = _begun_anew(pad) if finding is not None and finding.fault.safety else pad.memory.gateway_incident
    if finding is None or incident is None or incident.gave_up or finding.fault is faults.WRONG_ACCOUNT:
        return False
    if not finding.fault.safety or not finding.sure or pad.now < pad.memory.retry_at:
        return False
    rung = next_rung(finding.fault, incident.rungs)
    if rung is None or (rung is Rung.GATEWAY_STOP and not pad.runs(Subject.GATEWAY)):
        incidents.give_up(pad, Subject.GATEWAY)
        return False
    if rung is Rung.GATEWAY_STOP and pad.observation.docker.result is not Result.OK:
        return False
    return _launch(pad, rung, finding.why)


def _begun_anew(pad: Pad) -> Incident | None:
    """The gateway's incident: a person who has lifted its hold has begun anew, and what fails then is held anew."""
    incident, lifted = pad.memory.gateway_incident, pad.observation.hold_lifted_at
    held = [done.at for done in incident.acts if done.rung is Rung.LOGIN_HOLD] if incident is not None else []
    if incident is None or not incident.gave_up or lifted is None or not held or lifted <= max(held):
        return incident
    incident = replace(incident, gave_up=False, acts=(), told=())
    pad.put_incident(Subject.GATEWAY, incident)
    pad.out.append(Amend(incident))
    return incident


def _keep_week(pad: Pad) -> bool:
    """No login that needs a push without somebody who waits for it, and never a hold on a gateway that is up."""
    if pad.now < pad.memory.retry_at:
        return False
    if weekly.to_be_held(pad):
        return _hold_logins(pad)
    if not weekly.to_be_lifted(pad):
        return False
    if pad.gateway.state is GatewayState.READY:
        return _launch(pad, Rung.LOGIN_LIFT, "the gateway is up and logged in", beside=True, of=weekly.incident(pad))
    if not pad.rules.dry_run:
        pad.gateway = replace(pad.gateway, pushed_at=pad.now)
        pad.out.append(Remember("pushed:gateway", "1"))
    return _launch(pad, Rung.LOGIN_LIFT, "REAUTH_AT: one push", beside=True, of=weekly.incident(pad))


def _hold_logins(pad: Pad) -> bool:
    return _launch(pad, Rung.LOGIN_HOLD, weekly.reason(pad), beside=True, of=weekly.incident(pad))


def _cure_gateway(pad: Pad) -> bool:
    finding, incident = pad.gateway_finding, pad.memory.gateway_incident
    if finding is None or incident is None or incident.gave_up or finding.fault.safety:
        return False
    fault = finding.fault
    if pad.rules.external:
        if restarts_gateway(fault) and not pad.rules.restart_command:
            return _call_a_person(pad, finding)
        fault = external(fault, bool(pad.rules.restart_command))
    rung = next_rung(fault, incident.rungs)
    if rung is None:
        if fault.once and all(done.outcome != "pending" for done in incident.acts):
            incidents.give_up(pad, Subject.GATEWAY)
        return False
    if rung is Rung.SENTINEL_RECONNECT:
        last = max((done.at for done in incident.acts if done.rung is rung), default=NEVER)
        if pad.now - last < pad.policy.sentinel_deadline:
            return False
        return _launch(pad, rung, finding.why)
    if fault.act is None or pad.now - finding.first < fault.act:
        pad.why_not = f"{rung} from {fault.act:g} s on" if fault.act is not None else ""
        return False
    if not finding.sure and not pad.rules.external:  # of that one no log and no mailbox ever say more
        pad.why_not = "the evidence does not allow an act"
        return False
    if rung is Rung.ENGINE_RESYNC:
        if _engine_has_its_own(pad):
            return False  # it could not answer one, and would be asked again and again before its own cure
        return pad.gateway.state is GatewayState.READY and _resync(pad, finding.why)
    if rung is Rung.RECONNECT_ACCOUNT and not pad.rules.reconnect_account:
        pad.why_not = "RECONNECTACCOUNT is off"
        return False
    if _needs_login(rung) and weekly.needs_word(pad):
        # Its cure would be a push at any hour. RECONNECTACCOUNT is asked of a gateway that is up: that one is not held.
        if rung is not Rung.RECONNECT_ACCOUNT and weekly.may_hold(pad):
            return _hold_logins(pad)
        return _withhold(pad, rung, "its login would need a push that nobody has asked for")
    return not _vetoed(pad, rung) and _launch(pad, rung, finding.why)


def _call_a_person(pad: Pad, finding: Diagnosis) -> bool:
    """A restart is due, and this gateway is not ours to restart. Never an act."""
    due = finding.fault.act is not None and pad.now - finding.first >= finding.fault.act
    vetoed = pad.observation.paused or pad.observation.windows
    if due and not vetoed and pad.gateway.state is GatewayState.FAILING:
        incidents.give_up(pad, Subject.GATEWAY)
        incident = pad.memory.gateway_incident
        assert incident is not None
        text = f"{finding.fault.name}: {finding.why}; this gateway is not ours to restart, a person is needed"
        incidents.tell(pad, incident, "not-ours", text)
    return False


def _follow_with_engine(pad: Pad) -> bool:
    """The engine's own faults, and its resync after the gateway's. Behind a gateway that is not ready: nothing."""
    if pad.gateway.state is not GatewayState.READY or not pad.rules.engine:
        return False
    engine, finding, incident = pad.engine, pad.engine_finding, pad.memory.engine_incident
    if engine.state is EngineState.FAILING and finding is not None and incident is not None and not incident.gave_up:
        return _cure_engine(pad, finding, incident)
    if engine.resync_due and engine.looks.last.result is Result.OK:
        if engine.word in (EngineWord.CONNECTING, EngineWord.TRADING, EngineWord.DEAF):
            asking = _asks_for_resync(pad)
            return _resync(pad, asking.fault if asking is not None else "the gateway is back")
        if engine.word is EngineWord.WAITING:
            pad.engine = replace(engine, resync_due=False)  # it has no node yet: nothing to resync
    return False


def _asks_for_resync(pad: Pad) -> Incident | None:
    """The standing incident on whose account the engine is to be resynced."""
    if pad.memory.gateway_incident is not None:
        return None
    asking = [one for one in pad.memory.standing if FAULTS[one.fault].resyncs]
    return next((one for one in asking if not one.acts), asking[0] if asking else None)


def _engine_has_its_own(pad: Pad) -> bool:
    """Whether a fault of the engine's own is to be cured."""
    incident = pad.memory.engine_incident
    return pad.engine.state is EngineState.FAILING and incident is not None and not incident.gave_up


def _cure_engine(pad: Pad, finding: Diagnosis, incident: Incident) -> bool:
    fault = finding.fault
    rung = next_rung(fault, incident.rungs)
    if rung is None or fault.act is None:
        return False
    if not finding.sure:
        pad.why_not = "the evidence is incomplete"
        return False
    if fault is faults.ENGINE_BACKOFF and rung is Rung.ENGINE_RESTART and pad.exposed:
        # Alive and hearing, only not connected: with money at risk a restart is no cure.
        incidents.tell(pad, incident, "exposed", "the engine does not trade and is not restarted while exposed.")
        last = incident.acts[-1].at if incident.acts else NEVER
        if pad.now - last < pad.policy.resync_again:
            pad.why_not = "exposed: no restart, resync again soon"
            return False
        return _resync(pad, finding.why)
    if rung is Rung.ENGINE_RESYNC:
        return _resync(pad, finding.why)
    return not _vetoed(pad, rung) and _launch(pad, rung, finding.why)


def _resync(pad: Pad, why: str) -> bool:
    if pad.now < pad.memory.retry_at:
        pad.why_not = "the last try failed, waiting"
        return False
    nothing = not pad.runs(Subject.ENGINE) or not pad.rules.engine or not pad.rules.engine_api
    if nothing or pad.rules.dry_run:
        # Nothing to resync, or nobody who does it; a data loss is then the next engine's beginning.
        pad.gateway = replace(pad.gateway, data_lost_done=pad.observation.sentinel.data_lost_at or NEVER)
        pad.engine = replace(pad.engine, resync_due=False)
    return not nothing and _launch(pad, Rung.ENGINE_RESYNC, why)


# -- what may stand before it ------------------------------------------------------------------------------------------


def _vetoed(pad: Pad, rung: Rung) -> bool:
    """Everything that stands between a restart and its being done."""
    step = STEPS[rung]
    if pad.now < pad.memory.retry_at:
        pad.why_not = "the last try failed, waiting"
    elif pad.under_way(step.subject):
        hands = pad.hands(step.subject)
        whose = "the cancelled" if hands is not None and hands.cancelled else "an earlier supervisor's"
        pad.why_not = f"{whose} act may still be under way"
    elif pad.observation.paused and step.restarts:
        pad.why_not = f"PAUSE: would {rung}"
    elif pad.observation.windows and step.restarts and step.subject is Subject.GATEWAY:
        pad.why_not = f"inside {pad.observation.windows[0].name}: would {rung}"
    elif step.new_process and pad.observation.docker.result is not Result.OK:
        pad.why_not = "blind: the Docker API does not answer"
    elif step.subject is Subject.GATEWAY and step.restarts and _login_under_way(pad):
        pad.why_not = f"the log says {pad.observation.login.phase}"
    elif step.subject is Subject.GATEWAY and step.restarts and _just_let_in(pad):
        pad.why_not = "it waits for a login, makes one, or just did"
    elif _needs_login(rung) and (refusal := _ledger_refuses(pad)):
        pad.why_not = refusal
    elif rung is Rung.RECONNECT_ACCOUNT and pad.observation.turn is not None and not pad.observation.turn.granted:
        pad.why_not = pad.observation.turn.words  # a start that is a login asks for its turn by itself
    elif _broke(pad, step.purse):
        pad.why_not = "the restart budget is spent"
        incidents.give_up(pad, step.subject)
    else:
        return False
    _withhold(pad, rung, pad.why_not)
    return True


def _withhold(pad: Pad, rung: Rung, why: str) -> bool:
    """Say what would be done. Always true: the turn has its act, though it is not done."""
    pad.why_not = why
    pad.out.append(Withheld(rung, STEPS[rung].subject, why))
    return True


def _login_under_way(pad: Pad) -> bool:
    """Never restart while a push is pending, nor on a log that cannot be read. A dead process logs nothing in.

    An external gateway has no log that we could read: who gives a RESTART_COMMAND answers for that.
    """
    if pad.gateway.process.died_at is not None or pad.rules.external:
        return False
    return pad.observation.login.phase in (LoginPhase.TWOFA, LoginPhase.UNKNOWN)


def _just_let_in(pad: Pad) -> bool:
    """Never restart what is about to answer: evidence from the time of its login is none against it."""
    finding = pad.gateway_finding
    stuck = finding is not None and finding.fault is faults.LOGIN_STUCK
    return pad.gateway.process.died_at is None and not stuck and pad.now < pad.gateway.excused_until


def _needs_login(rung: Rung) -> bool:
    return rung in (Rung.CONTAINER_START, Rung.CONTAINER_RESTART, Rung.RECONNECT_ACCOUNT)


def _ledger_refuses(pad: Pad) -> str:
    """Why the gateway's ledger allows no login now; empty if it does, or if there is no ledger."""
    ledger = pad.observation.ledger
    if ledger.look is NEVER_LOOKED:
        return ""
    if ledger.look.result is not Result.OK:
        return f"the login ledger cannot be read: {ledger.look.why}"
    if ledger.hold is not None:
        return f"logins are held: {ledger.hold}"
    if ledger.next_at is not None and pad.now < ledger.next_at:
        return f"the ledger allows the next login in {ledger.next_at - pad.now:.0f} s"
    return ""


def _broke(pad: Pad, purse: Purse) -> bool:
    if purse is Purse.GATEWAY:
        return pad.policy.container_budget.left(pad.memory.gateway_spent, pad.now) <= 0
    if purse is Purse.ENGINE:
        return pad.policy.engine_budget.left(pad.memory.engine_spent, pad.now) <= 0
    return False


# -- the act itself ----------------------------------------------------------------------------------------------------


def _launch(
    pad: Pad, rung: Rung, why: str, *, by_hand: bool = False, beside: bool = False, of: Incident | None = None
) -> bool:
    """Ask the world for it, and remember all that follows from having asked. Always true: it was done.

    In a dry run it is withheld, and nothing follows. The sentinel's reconnecting touches nothing but our own session.
    `beside` answers another incident than the subject's own, or none: `of`.
    """
    if pad.rules.dry_run and rung is not Rung.SENTINEL_RECONNECT:
        return _withhold(pad, rung, f"DRY RUN: would {rung}")
    step = STEPS[rung]
    incident = of if beside else pad.incident(step.subject) or pad.memory.gateway_incident
    if incident is None and rung is Rung.ENGINE_RESYNC:
        incident = _asks_for_resync(pad)
    act = Act(
        pad.memory.next_act,
        rung,
        step.subject,
        incident.id if incident is not None else None,
        pad.now,
        pad.now + act_deadline(rung, pad.policy),
        why,
        by_hand,
    )
    pad.memory = replace(pad.memory, flight=act, next_act=act.id + 1)
    if incident is not None:
        done = Done(act.id, rung, pad.now)
        pad.put(replace(incident, acts=(*incident.acts, done)))
    _spend(pad, step.purse)
    if step.restarts:
        pad.lay_hands(step.subject)
    if step.subject is Subject.GATEWAY:
        _gateway_recovers(pad, rung)
    else:
        _engine_recovers(pad, rung)
    pad.out.append(act)
    return True


def _spend(pad: Pad, purse: Purse) -> None:
    """Pay for an act, and forget payments that no limit asks for any more."""
    memory, now = pad.memory, pad.now
    if purse is Purse.GATEWAY:
        kept = (at for at in memory.gateway_spent if now - at < pad.policy.container_budget.longest)
        pad.memory = replace(memory, gateway_spent=(*kept, now))
    elif purse is Purse.ENGINE:
        kept = (at for at in memory.engine_spent if now - at < pad.policy.engine_budget.longest)
        pad.memory = replace(memory, engine_spent=(*kept, now))


def _gateway_recovers(pad: Pad, rung: Rung) -> None:
    """All but the reconnects, which a gateway that answers is asked for, leave it RECOVERING."""
    if rung in (Rung.RECONNECT_DATA, Rung.RECONNECT_ACCOUNT, Rung.LOGIN_HOLD, Rung.LOGIN_LIFT, Rung.GATEWAY_STOP):
        return
    if pad.gateway.state is GatewayState.SUSPECT and rung is Rung.SENTINEL_RECONNECT:
        pad.move(GatewayState.FAILING)
    pad.move(GatewayState.RECOVERING)
    if rung is not Rung.SENTINEL_RECONNECT:
        pad.engine = replace(pad.engine, resync_due=True)


def _engine_recovers(pad: Pad, rung: Rung) -> None:
    """All but the safety stops leave it RECOVERING."""
    if rung in (Rung.ENGINE_HALT, Rung.ENGINE_STOP):
        return
    pad.put_proof(Subject.ENGINE, None)  # the last act's has not come, and this one is due its own time
    if pad.engine.state is EngineState.STARTING and rung is Rung.ENGINE_RESYNC:
        pad.move(EngineState.WAITING)
    pad.move(EngineState.RECOVERING)
