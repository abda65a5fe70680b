"""What stands beside whatever else is wrong: seen, told, held or paged by itself, and in the way of no cure.

One function a standing fault, of nearly its name: evidence, all well, or not to be known, which changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from supervisor import audit, faults, incidents, weekly
from supervisor.audit import UNKNOWN, WELL, Verdict
from supervisor.diagnosis import Diagnosis
from supervisor.faults import FAULTS, STANDING, Fault
from supervisor.memory import NEVER
from supervisor.observation import CONTAINERS, Audit, EngineView, LoginPhase, Result, SessionPhase, Subject
from supervisor.pad import Pad
from supervisor.rules import Rules


def judge(pad: Pad) -> None:
    """Declare what has stood for its patience, and close what has been well for as long."""
    changing = dict(pad.memory.changing)
    open_ = {incident.fault: incident for incident in pad.memory.standing}
    for fault, look in _LOOKS:
        verdict = look(pad)
        stands = isinstance(verdict, Diagnosis)
        if not stands and not changing and not open_:
            continue  # as nearly always
        if verdict is UNKNOWN or stands is (fault.name in open_):
            changing.pop(fault.name, None)
        elif pad.now - changing.setdefault(fault.name, pad.now) >= fault.patience:
            del changing[fault.name]
            if isinstance(verdict, Diagnosis):
                incidents.stand(pad, verdict)
                if fault.resyncs:
                    pad.engine = replace(pad.engine, resync_due=True)
            else:
                incidents.fall(pad, open_[fault.name])
        if isinstance(verdict, Diagnosis) and fault.name in open_:
            incidents.page(pad, open_[fault.name], verdict)
            if fault.resyncs:
                _resync_again(pad, open_[fault.name].id, verdict)
    pad.remember_changing(tuple(changing.items()))


def _resync_again(pad: Pad, number: int, verdict: Diagnosis) -> None:
    """What is amiss has become another thing since the last resync, which that one cannot have mended."""
    incident = next(one for one in pad.memory.standing if one.id == number)
    settled = bool(incident.acts) and pad.now - incident.acts[-1].at >= pad.policy.resync_patience
    if verdict.amiss != incident.amiss and settled:
        pad.put(replace(incident, amiss=verdict.amiss))
        pad.engine = replace(pad.engine, resync_due=True)


def _stands(fault: Fault, since: float, why: str) -> Diagnosis:
    return Diagnosis(fault, since, since, True, why)


# -- the gateway -------------------------------------------------------------------------------------------------------


def _slow(pad: Pad) -> Verdict:
    heart = pad.observation.sentinel.heart
    if heart.result is not Result.OK:
        return UNKNOWN
    if heart.seconds <= pad.policy.probe_timeout / 2:
        return WELL
    return _stands(faults.SLOW, heart.at, f"the last answer took {heart.seconds:.2f} s")


def _other_farm(pad: Pad) -> Verdict:
    sentinel = pad.observation.sentinel
    if sentinel.phase is not SessionPhase.READY:
        return UNKNOWN
    if not sentinel.other_farms_down:
        return WELL
    farm, at = min(sentinel.other_farms_down, key=lambda down: down[1])
    return _stands(faults.OTHER_FARM, at, f"farm {farm} is away")


def _twofa_pending(pad: Pad) -> Verdict:
    login = pad.observation.login
    if login.look.result is not Result.OK:
        return UNKNOWN
    if login.phase is not LoginPhase.TWOFA:
        return WELL
    since = login.since if login.since is not None else login.look.at
    return _stands(faults.TWOFA_PENDING, since, "approve the login on the phone")


def _data_competed(pad: Pad) -> Verdict:
    sentinel = pad.observation.sentinel
    if sentinel.phase is not SessionPhase.READY:
        return UNKNOWN
    if sentinel.competed_at is None:
        return WELL
    return _stands(
        faults.DATA_COMPETED, sentinel.competed_at, "another session of the same user has the market data; end it"
    )


def _client_id_in_use(pad: Pad) -> Verdict:
    sentinel = pad.observation.sentinel
    if sentinel.phase is not SessionPhase.READY or sentinel.client_id is None or sentinel.opened_at is None:
        return UNKNOWN
    if sentinel.client_id == pad.policy.sentinel_client_id or pad.now - sentinel.opened_at > pad.policy.id_told:
        return WELL  # the session is none the worse for it: it is told, and that is all
    return _stands(faults.CLIENT_ID_IN_USE, sentinel.opened_at, f"the sentinel has id {sentinel.client_id}")


def _memory_pressure(pad: Pad) -> Verdict:
    used = pad.observation.resources
    if used.look.result is not Result.OK:
        return UNKNOWN
    memory = _share(used.memory_bytes, used.memory_limit_bytes)
    files = _share(used.open_files, used.open_files_limit)
    if memory < pad.policy.memory_share and files < pad.policy.files_share:
        return WELL
    return _stands(faults.MEMORY_PRESSURE, used.look.at, f"memory at {memory:.0%}, open files at {files:.0%}")


def _share(used: int | None, limit: int | None) -> float:
    return used / limit if used is not None and limit else 0.0


def _preflight(fault: Fault, check: str) -> Callable[[Pad], Verdict]:
    """What only a preflight can see, by its last word since the gateway is what it is."""

    def look(pad: Pad) -> Verdict:
        failed = pad.observation.preflight_failed
        if failed is None or pad.gateway.since == NEVER:
            return UNKNOWN
        if check not in failed:
            return WELL
        return _stands(fault, pad.gateway.since, f"the preflight's check `{check}` fails and says what to do")

    return look


# -- the engine --------------------------------------------------------------------------------------------------------


def _write_blocked(pad: Pad) -> Verdict:
    view = pad.observation.engine_view
    if view.look.result is not Result.OK:
        return UNKNOWN
    if not view.write_blocked:
        return WELL
    why = "orders are refused with 321: unset Read-Only API in the gateway, persist its settings, restart it twice"
    return _stands(faults.WRITE_BLOCKED, view.look.at, why)


def _cache_down(pad: Pad) -> Verdict:
    view = pad.observation.engine_view
    if view.look.result is not Result.OK:
        return UNKNOWN
    return WELL if view.cache_up else _stands(faults.CACHE_DOWN, view.look.at, "Redis does not answer the engine")


# -- the account -------------------------------------------------------------------------------------------------------


def _audited(judge: Callable[[Audit, EngineView, float, Rules], Verdict]) -> Callable[[Pad], Verdict]:
    """A judgement of the account's books; without the broker's word, or without an engine of ours, there is none."""

    def look(pad: Pad) -> Verdict:
        if pad.books is None or not pad.rules.engine:
            return UNKNOWN
        return judge(pad.books, pad.observation.engine_view, pad.now, pad.rules)

    return look


# -- the host, and ourselves -------------------------------------------------------------------------------------------


def _clock_skew(pad: Pad) -> Verdict:
    skew, host = pad.observation.sentinel.clock_skew_seconds, pad.observation.host
    if skew is not None and abs(skew) > pad.policy.skew_warn:
        return _stands(faults.CLOCK_SKEW, pad.now, f"the gateway's clock is {skew:+.0f} s from the host's")
    if host.synchronised is False:
        return _stands(faults.CLOCK_SKEW, host.look.at, "the kernel says that the host's clock is not synchronised")
    return UNKNOWN if skew is None and host.synchronised is None else WELL


def _blind(pad: Pad) -> Verdict:
    docker = pad.observation.docker
    if pad.observation.journal_broken:
        return _stands(faults.BLIND, pad.now, "the journal cannot be written")
    if not pad.observation.blind:
        return WELL
    return _stands(faults.BLIND, docker.at, f"the Docker API does not answer: {docker.why}")


def _supervisor_killed(pad: Pad) -> Verdict:
    for subject in CONTAINERS:
        hands = pad.hands(subject)
        if hands is not None and not hands.cancelled and pad.under_way(subject):
            return _stands(faults.SUPERVISOR_KILLED, hands.since, f"an act on the {subject} may not have ended")
    return WELL


def _restart_storm(pad: Pad) -> Verdict:
    spent = [
        incident.fault
        for incident in pad.memory.open
        if incident.gave_up
        and not FAULTS[incident.fault].once
        and (not pad.rules.external or pad.rules.restart_command or incident.subject is not Subject.GATEWAY)
    ]
    if not spent:
        return WELL
    found = _stands(faults.RESTART_STORM, pad.now, f"{spent[-1]}: the restart budget is spent, a person is needed")
    return (
        found if len(spent) == 1 else replace(found, about=spent[-1])
    )  # whoever was called is called for this one, too


EVIDENCE: Mapping[str, Callable[[Pad], Verdict]] = {
    fault.name: look
    for fault, look in (
        (faults.SLOW, _slow),
        (faults.OTHER_FARM, _other_farm),
        (faults.TWOFA_PENDING, _twofa_pending),
        (faults.DATA_COMPETED, _data_competed),
        (faults.TIME_MODE, _preflight(faults.TIME_MODE, "utc")),
        (faults.READ_ONLY, _preflight(faults.READ_ONLY, "read-only")),
        (faults.NO_ENTITLEMENT, _preflight(faults.NO_ENTITLEMENT, "entitlement")),
        (faults.CLOCK_SKEW, _clock_skew),
        (faults.CLIENT_ID_IN_USE, _client_id_in_use),
        (faults.WRITE_BLOCKED, _write_blocked),
        (faults.WEEKLY_TOKEN, weekly.judge),
        (faults.SECOND_ENGINE, _audited(audit.second_engine)),
        (faults.CACHE_DOWN, _cache_down),
        (faults.ORDER_UNACKED, _audited(audit.order_unacked)),
        (faults.EXIT_REJECTED, _audited(audit.exit_rejected)),
        (faults.NAKED_POSITION, _audited(audit.naked_position)),
        (faults.UNKNOWN_POSITION, _audited(audit.unknown_position)),
        (faults.LATE_POSITION, _audited(audit.late_position)),
        (faults.MEMORY_PRESSURE, _memory_pressure),
        (faults.BLIND, _blind),
        (faults.SUPERVISOR_KILLED, _supervisor_killed),
        (faults.RESTART_STORM, _restart_storm),
    )
}
"""What tells of which standing fault."""
_LOOKS = tuple((fault, EVIDENCE[fault.name]) for fault in STANDING)
