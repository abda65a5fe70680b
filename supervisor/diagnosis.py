"""From senses to the name of a fault. Pure: the same evidence always gives the same name."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from supervisor import faults
from supervisor.detectors import RUN
from supervisor.faults import Fault
from supervisor.memory import NEVER, EngineTrack, GatewayTrack
from supervisor.observation import Ending, EngineWord, LoginPhase, Observation, Result, SessionPhase, Status
from supervisor.policy import Policy

_TWOFA_EXIT = 87
"""IBC's exit code where a second factor was not answered in time."""

_ON_ITS_WAY = (LoginPhase.RESTARTING, LoginPhase.LOGGING_IN, LoginPhase.TWOFA)

_WHOLE_SECOND = 1.0
"""The ledger's stamps are cut to it."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A fault's name and its evidence.

    Attributes:
        since: the last moment that all was known to be well, or the event's own time.
        first: the first failing look, or the event's own time.
        sure: all the evidence that the table asks for is there; without it nothing irreversible is done.
        about: which of several things of one incident it tells; each of them is told by itself.
        amiss: what a resync is to mend, where it may become another thing while the fault stands.
    """

    fault: Fault
    since: float
    first: float
    sure: bool
    why: str
    about: str = ""
    amiss: str = ""


def exposure(observation: Observation, now: float, policy: Policy) -> bool:
    """Whether money is at risk: the broker's word or the engine's; no fresh word from the broker counts as exposed."""
    audit = observation.sentinel.audit
    engine = observation.engine_view
    if engine.look.result is Result.OK and engine.exposed:
        return True
    return audit is None or audit.exposed or now - audit.at > policy.audit_fresh


def dead(track: GatewayTrack) -> Diagnosis | None:
    """Fault 1, from the process alone. None while it lives, or when its end was a person's wish."""
    process = track.process
    if process.died_at is None or process.asked:
        return None
    docker = process.container
    again = docker is not None and docker.status is Status.RESTARTING
    return Diagnosis(
        faults.CONTAINER_EXIT,
        process.died_at,
        process.died_at,
        sure=not again,
        why="the container died" + (", Docker is restarting it" if again else ""),
    )


def login_trouble(track: GatewayTrack, observation: Observation, now: float, policy: Policy) -> Diagnosis | None:
    """Faults 13 to 15 and 17, by the log of a gateway that does not answer. None where the log cannot be read, or is
    another process's."""
    login = observation.login
    if login.look.result is not Result.OK or login.look.at < track.not_before:
        return None
    since = login.since if login.since is not None else login.look.at

    def diagnosis(fault: Fault, sure: bool) -> Diagnosis:
        return Diagnosis(fault, since, since, sure, login.line or str(login.phase))

    def stuck(sure: bool) -> Diagnosis | None:
        begun = max(since, track.went_on_at)  # a container that is paused gets nowhere
        if now - begun < policy.login_stuck:
            return None
        why = f"{login.phase} for {now - begun:.0f} s" + (f", the log says: {login.line}" if login.line else "")
        return Diagnosis(faults.LOGIN_STUCK, begun, begun, sure, why)

    if login.phase is LoginPhase.REFUSED:
        return diagnosis(faults.LOGIN_REFUSED, True)
    if login.phase is LoginPhase.EXISTING_SESSION:
        return diagnosis(faults.EXISTING_SESSION, True)
    timed_out = push_timed_out(track, observation)
    if timed_out is not None:
        # IBC or Docker makes one more attempt: that is left to them, once, if the ledger allows it. Where IBC is told
        # not to, and its process stays, nobody does: then the login is as stuck as any other.
        ledger = observation.ledger
        allowed = ledger.look.result is Result.OK and ledger.hold is None and ledger.next_at is None
        if allowed and not _was_one_more(track, observation, timed_out):
            return stuck(True) if track.process.died_at is None else None
        return diagnosis(faults.TWOFA_TIMEOUT, ledger.look.result is Result.OK)
    if login.phase in _ON_ITS_WAY:
        return stuck(login.phase is not LoginPhase.TWOFA)
    return None


def push_timed_out(track: GatewayTrack, observation: Observation) -> float | None:
    """When nobody had answered the last push, by the log or by the way in which the process ended; None: not so."""
    login, process = observation.login, track.process
    if process.died_at is not None and process.container is not None and process.container.exit_code == _TWOFA_EXIT:
        return process.died_at
    if login.look.result is not Result.OK or login.look.at < track.not_before:
        return None
    if login.phase is not LoginPhase.TWOFA_TIMED_OUT:
        return None
    return login.since if login.since is not None else login.look.at


def _was_one_more(track: GatewayTrack, observation: Observation, timed_out: float) -> bool:
    """Whether a push went unanswered before, and this one was another: however large the ledger, that is all."""
    first, attempts = track.timed_out_at, observation.ledger.attempts
    return first > NEVER and bool(attempts) and first - _WHOLE_SECOND < attempts[-1] < timed_out


def silent(track: GatewayTrack, observation: Observation, policy: Policy) -> Diagnosis | None:
    """Faults 2 to 5 of a process that runs, from handshake, heart and mailbox together."""
    handshake, heart = track.handshake, track.heart
    # Three failures in a row may come from two senses: both looked at the same process.
    greeting_fails = handshake.failing or (handshake.failures >= 2 and heart.failures >= 1)
    if not greeting_fails and not heart.failing:
        return None
    firsts = [d.first_failure_at for d in (handshake, heart) if d.first_failure_at is not None]
    first = min(firsts)
    goods = [d.last_good_at for d in (handshake, heart) if d.last_good_at is not None and d.last_good_at <= first]
    since = max(goods, default=first)

    def diagnosis(fault: Fault, sure: bool, why: str) -> Diagnosis:
        return Diagnosis(fault, since, first, sure, why)

    ending, inside = handshake.last.ending, observation.mailbox.ending
    asked = observation.mailbox.at - observation.mailbox.seconds
    before_the_run = handshake.failing_since is not None and asked < handshake.failing_since
    if inside is not Ending.STALE and (
        observation.mailbox.at < first or (inside is Ending.ANSWERED and before_the_run)
    ):
        inside = Ending.UNKNOWN  # its word is from before the trouble, or from between two troubles
    if not greeting_fails:
        # A lone silent session beside answered handshakes is the network's doing; handshakes that failed a moment ago
        # tell of something else that is passing.
        if handshake.last.result is not Result.OK or any(handshake.recent) or heart.last.result is not Result.FAIL:
            return None
        return diagnosis(faults.HALF_OPEN, True, "the session is silent, a fresh handshake is answered")
    if inside is Ending.ANSWERED:
        answers_since = track.inside_answers_since
        began = handshake.last.at - handshake.last.seconds
        if handshake.last.result is not Result.FAIL or answers_since is None or began < answers_since:
            return None  # it may be coming back: a greeting begun after the one that was answered will tell
        return diagnosis(faults.HALF_OPEN, True, f"{ending} from here, answered inside the container")
    in_a_row = max(handshake.failures, heart.failures) >= RUN or (handshake.failures >= 2 and heart.failures >= 1)
    if not in_a_row and max(handshake.longest, heart.longest) < RUN:
        quiet = observation.login.phase is LoginPhase.QUIET
        return diagnosis(faults.FLAPPING, quiet, "four of the last six looks failed")
    later = max(firsts)
    if any(first < good < later for good in (handshake.last_good_at, heart.last_good_at) if good is not None):
        first = later  # the other sense was still answered: only our session had gone when the first one failed
    if track.inside_alive_at >= first:
        # Half-open before it broke: alive when it last answered inside, and perhaps until it was due there again.
        first = track.inside_alive_at + policy.mailbox_stale
    if inside is Ending.STALE and ending is Ending.SILENT:
        return diagnosis(faults.FROZEN, True, "silent, and the mailbox has stopped")
    if inside is Ending.SILENT:
        session = observation.sentinel
        two_kinds = session.phase is SessionPhase.AWAY or session.second.result is Result.FAIL
        return diagnosis(
            faults.SOFT_DEAD, ending is Ending.SILENT and two_kinds, f"{ending} from here, silent inside the container"
        )
    if inside in (Ending.REFUSED, Ending.CLOSED) or ending is not Ending.SILENT:
        # What has answered since the first failure was alive then: a pause, and then the death.
        answered = [d for d in (handshake, heart) if d.last_good_at is not None and d.last_good_at > first]
        first = max([first, *(d.failing_since for d in answered if d.failing_since is not None)])
        sure = (
            inside in (Ending.REFUSED, Ending.CLOSED)
            and ending in (Ending.CLOSED, Ending.REFUSED)
            and observation.login.phase is LoginPhase.QUIET
        )
        return diagnosis(
            faults.JVM_DEAD, sure, f"{ending} from here, {inside} inside the container, log: {observation.login.phase}"
        )
    return diagnosis(faults.SOFT_DEAD, False, f"{ending} from here, {inside} inside the container")


def account_fault(accounts: tuple[str, ...], configured: str, live: bool) -> str | None:
    """Why these managed accounts are not the configured one; None when they are. DU, DF and the like are paper."""
    if not accounts:
        return None
    if configured and configured not in accounts:
        return f"expected account {configured}, found {', '.join(accounts)}"
    mine = (configured,) if configured else accounts
    for account in mine:
        if account.upper().startswith("D") is live:
            return f"expected a {'live' if live else 'paper'} account, found {account}"
    return None


def host_slept(track: GatewayTrack, observation: Observation) -> Diagnosis | None:
    """Fault 39. None once it has been answered, or where every session is one of a gateway that has begun since."""
    slept, container = observation.host.slept_at, track.process.container
    if slept is None or slept <= track.slept_done:
        return None
    if container is not None and container.up_since is not None and container.up_since > slept:
        return None
    return Diagnosis(faults.HOST_SLEPT, slept, slept, True, "the host has slept: every session may be half-open")


def not_whole(
    track: GatewayTrack, observation: Observation, account: str, live: bool, farms: tuple[str, ...], policy: Policy
) -> Diagnosis | None:
    """Faults 7, 9, 10, 18 and 39 of a gateway that answers."""
    sentinel = observation.sentinel
    wrong = account_fault(sentinel.accounts, account, live)
    if wrong is not None:
        at = sentinel.opened_at if sentinel.opened_at is not None else sentinel.heart.at
        return Diagnosis(faults.WRONG_ACCOUNT, at, at, True, wrong)
    slept = host_slept(track, observation)
    if slept is not None:
        return slept
    lost = sentinel.upstream_lost_at
    if lost is not None:
        return Diagnosis(faults.UPSTREAM_LOST, lost, lost, True, "the gateway has lost IBKR")
    gone = sentinel.data_lost_at
    if gone is not None and gone > track.data_lost_done:
        return Diagnosis(faults.DATA_LOST, gone, gone, True, "IBKR is back, subscriptions are lost")
    down = [(at, farm) for farm, at in sentinel.farms_down if any(fnmatchcase(farm, mine) for mine in farms)]
    if down:
        at, farm = min(down)
        return Diagnosis(faults.MARKET_FARM, at, at, True, f"farm {farm} is away")
    return None


def engine_trouble(
    track: EngineTrack, observation: Observation, ready_since: float | None, now: float, policy: Policy
) -> Diagnosis | None:
    """Faults 27 to 30."""
    process = track.process
    if process.died_at is not None:
        if process.asked:
            return None
        return Diagnosis(faults.ENGINE_EXIT, process.died_at, process.died_at, True, "the container died")
    container = process.container
    up_since = container.up_since if container is not None else None
    view = observation.engine_view
    if track.looks.failing:
        if up_since is not None and now - up_since < policy.engine_start_grace and track.looks.last_good_at is None:
            return None
        first = track.looks.first_failure_at
        assert first is not None
        sure = now - first >= policy.mute_act
        since = track.looks.last_good_at if track.looks.last_good_at is not None else first
        return Diagnosis(faults.ENGINE_ZOMBIE, since, first, sure, "the process answers nothing")
    if view.look.result is not Result.OK or track.looks.last.result is not Result.OK:
        return None
    if ready_since is None:
        return None  # whatever it says of itself may be the gateway's doing
    since = max(track.word_since, ready_since)
    if track.word is EngineWord.ZOMBIE and now - since >= policy.zombie_seen:
        return Diagnosis(faults.ENGINE_ZOMBIE, since, since, True, "the node runs, the trader does not")
    if track.word is EngineWord.DEAF:
        if not view.reader_alive:
            if now - since >= policy.deaf_heard:
                return Diagnosis(faults.ENGINE_DEAF, since, since, True, "its reader is dead")
        elif (heard_at := view.heard_at) is not None and track.passed_at is not None:
            silent, passed = view.look.at - heard_at, view.look.at - track.passed_at
            ticks = observation.sentinel.last_tick_at
            ticking = ticks is not None and now - ticks < policy.tick_fresh
            if ticking and silent >= policy.deaf_seen and passed >= policy.deaf_passed:
                since = max(heard_at, ready_since)
                sure = now - since >= (faults.ENGINE_DEAF.act or 0.0)
                return Diagnosis(faults.ENGINE_DEAF, since, since, sure, "it hears nothing while the canary ticks")
    if track.word is EngineWord.CONNECTING:
        waited = now - since
        if waited >= policy.backoff_seen and (view.attempts > 0 or waited >= policy.engine_start_grace):
            return Diagnosis(
                faults.ENGINE_BACKOFF, since, since, True, f"attempt {view.attempts}, the gateway is ready"
            )
    return None
