"""Incidents: opened when a fault is found, renamed while nothing was done, closed when all is proven well.

With them goes what people are told, each thing once, and that new entries are held.
"""

from dataclasses import replace

from supervisor import faults
from supervisor.diagnosis import Diagnosis
from supervisor.faults import FAULTS, Page
from supervisor.memory import Amend, Close, Incident, Open, Remember, Tell
from supervisor.observation import Result, Subject
from supervisor.pad import Pad
from supervisor.states import WELL, EngineState, GatewayState

CUT_SESSIONS = (faults.HALF_OPEN, faults.FLAPPING)
"""The engine's session may be as dead as ours was, and the engine not know it: it has to show that it lives."""


def keep(pad: Pad) -> None:
    """Open, rename and close."""
    # A planned restart is an incident only once it has outlasted its window, and then under another name.
    if pad.gateway_finding is not None and pad.gateway_finding.fault is not faults.PLANNED_RESTART:
        declare(pad, Subject.GATEWAY, pad.gateway_finding)
    if pad.engine_finding is not None:
        declare(pad, Subject.ENGINE, pad.engine_finding)
    # Given up stays given up, across supervisors and new processes, until it is well.
    gateway, engine = pad.memory.gateway_incident, pad.memory.engine_incident
    if gateway is not None and gateway.gave_up and pad.gateway.state is GatewayState.FAILING:
        pad.move(GatewayState.GAVE_UP)
    if engine is not None and engine.gave_up and pad.engine.state is EngineState.FAILING:
        pad.move(EngineState.GAVE_UP)
    if gateway is not None and _gateway_well(pad, gateway):
        _close(pad, gateway)
    if engine is not None and _engine_well(pad, engine):
        _close(pad, engine)


def declare(pad: Pad, subject: Subject, finding: Diagnosis) -> None:
    """Say a finding aloud: in a new incident, or in the open one where nothing was done on an older name."""
    incident = pad.incident(subject)
    if incident is None:
        pad.put_incident(subject, _opened(pad, subject, finding))
    elif incident.fault != finding.fault.name and not incident.gave_up and _renames(incident, finding):
        # Evidence has become clearer before anything was done, or what came of it needs a person by its own name.
        incident = replace(incident, fault=finding.fault.name)
        pad.put_incident(subject, incident)
        pad.out.append(Amend(incident))
    opened = pad.incident(subject)
    assert opened is not None
    page(pad, opened, finding)


def _renames(incident: Incident, finding: Diagnosis) -> bool:
    """Whether what is found now is a better name for all of it. That the network lied as well explains nothing."""
    if finding.fault.once or finding.fault.safety:
        return True
    return not incident.acted and finding.fault is not faults.HALF_OPEN


def give_up(pad: Pad, subject: Subject) -> None:
    """All that may be done is done, or the budget is spent: a person is needed."""
    incident = pad.incident(subject)
    assert incident is not None
    incident = replace(incident, gave_up=True)
    pad.put_incident(subject, incident)
    pad.out.append(Amend(incident))
    pad.move(GatewayState.GAVE_UP if subject is Subject.GATEWAY else EngineState.GAVE_UP)


def _close(pad: Pad, incident: Incident) -> None:
    pad.out.append(Close(incident, pad.now))
    pad.put_incident(incident.subject, None)


# -- what stands beside them -------------------------------------------------------------------------------------------


def stand(pad: Pad, finding: Diagnosis) -> None:
    """Open an incident of a standing fault."""
    incident = replace(_opened(pad, finding.fault.subject, finding), amiss=finding.amiss)
    pad.memory = replace(pad.memory, standing=(*pad.memory.standing, incident))
    page(pad, incident, finding)


def fall(pad: Pad, incident: Incident) -> None:
    """A standing fault is over."""
    pad.out.append(Close(incident, pad.now))
    standing = tuple(one for one in pad.memory.standing if one.id != incident.id)
    pad.memory = replace(pad.memory, standing=standing)


def _opened(pad: Pad, subject: Subject, finding: Diagnosis) -> Incident:
    incident = Incident(pad.memory.next_incident, finding.fault.name, subject, finding.since, finding.first, pad.now)
    pad.memory = replace(pad.memory, next_incident=incident.id + 1)
    pad.out.append(Open(incident))
    return incident


# -- is it over? -------------------------------------------------------------------------------------------------------


def _gateway_well(pad: Pad, incident: Incident) -> bool:
    """By what was seen since it began: a state may still speak of the time before."""
    gateway = pad.gateway
    if gateway.state is not GatewayState.READY or pad.gateway_finding is not None:
        return False
    heart = gateway.heart.last
    if gateway.process.died_at is not None or heart.at - heart.seconds <= incident.opened_at:
        return False
    if FAULTS[incident.fault] in CUT_SESSIONS and not pad.engine_session_is_new(incident.opened_at):
        return False
    if incident.fault in (faults.DATA_LOST.name, faults.MARKET_FARM.name) and not _ticks_again(pad, incident):
        return False
    return _engine_follows(pad)


def _ticks_again(pad: Pad, incident: Incident) -> bool:
    """Proof that data flow: a tick since, unless none flowed before (a closed market proves nothing)."""
    ticks = pad.observation.sentinel.last_tick_at
    mended = pad.observation.sentinel.farm_back_at if incident.fault == faults.MARKET_FARM.name else None
    return not pad.gateway.ticking or (ticks is not None and ticks > (mended or incident.opened_at))


def _engine_follows(pad: Pad) -> bool:
    """Whether the engine is as well as it can be behind a ready gateway."""
    engine = pad.engine
    if engine.state in (EngineState.ABSENT, EngineState.STOPPED):
        return True
    if engine.state is EngineState.RUNNING:
        return pad.memory.flight is None
    return (
        engine.state is EngineState.TRADING
        and not engine.resync_due
        and pad.memory.flight is None
        and engine.looks.last.at > pad.gateway.since
    )


def _engine_well(pad: Pad, incident: Incident) -> bool:
    engine = pad.engine
    if engine.state not in WELL or pad.memory.flight is not None or engine.process.died_at is not None:
        return False
    look = engine.looks.last
    seen_at = look.at - look.seconds if pad.rules.engine_api else engine.process.known_at
    return seen_at > incident.opened_at


# -- what people are told ----------------------------------------------------------------------------------------------


def page(pad: Pad, incident: Incident, finding: Diagnosis) -> None:
    """Call a person if the fault asks for one, once an incident."""
    when = finding.fault.page
    age = pad.now - finding.first
    due = (
        when is Page.NOW
        or (when is Page.IF_EXPOSED and pad.exposed)
        or (when is Page.LATER_IF_EXPOSED and pad.exposed and age >= pad.policy.page_exposed_after)
    )
    if due:
        key = finding.about or finding.fault.name
        way_out = finding.fault.break_glass.format(tenant=pad.rules.tenant)
        text = f"{finding.fault.name}: {finding.why}" + (f"; {way_out}" if way_out else "")
        tell(pad, incident, key, text, finding.about)


def tell(pad: Pad, incident: Incident, key: str, text: str, about: str = "") -> None:
    """Tell people, once an incident for each `key`."""
    if key in incident.told:
        return
    incident = replace(incident, told=(*incident.told, key))
    pad.put(incident)
    pad.out.append(Tell(incident, f"{text}; {_exposure_in_words(pad)}", about))


def _exposure_in_words(pad: Pad) -> str:
    audit = pad.observation.sentinel.audit
    if audit is None:
        return "exposure is unknown"
    age = f"{pad.now - audit.at:.0f} s ago"
    return f"{audit.positions} positions and {audit.orders} working orders {age}"


# -- new entries -------------------------------------------------------------------------------------------------------


def hold_entries(pad: Pad) -> None:
    """New entries are held between seen and recovered, where an act may follow; released afterwards."""
    memory, view = pad.memory, pad.observation.engine_view
    finding = pad.gateway_finding
    wanted = any(FAULTS[incident.fault].holds for incident in memory.open) or (
        finding is not None and finding.fault is faults.PLANNED_RESTART
    )
    held = memory.held or wanted
    if not wanted and view.look.result is Result.OK and not view.entries_held and not memory.hold:
        held = False
    if held != memory.held:
        pad.out.append(Remember("held", "1" if held else ""))
    if (wanted, held) != (memory.hold, memory.held):
        pad.memory = replace(memory, hold=wanted, held=held)
