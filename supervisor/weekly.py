"""The week's login: when the next one needs a push that nobody has asked for, no login is made.

A login's token ends on Sunday, 01:00 in New York. It does not end the session: a gateway that is up stays so until its
next restart, and is never held. From then on, and after the machine has booted, its next login needs a second factor.
So it waits under a hold, until REAUTH_AT lets one push through or a person lifts it; as soon as that login has been
made the hold is there again, and it goes for good when the gateway is up. A login that has begun is never stopped.
"""

from dataclasses import replace

from supervisor import faults
from supervisor.audit import UNKNOWN, WELL, Verdict
from supervisor.diagnosis import Diagnosis
from supervisor.memory import NEVER, Incident, Remember
from supervisor.observation import LoginPhase, Result, Subject
from supervisor.pad import Pad
from supervisor.states import GatewayState

OURS = faults.WEEKLY_TOKEN.name
"""How the line of such a hold begins: by it one is told from those that are a person's alone to lift."""

_AN_HOUR = 3600.0
_ONE_LOGIN = 2.0  # the ledger's stamps are whole seconds, and move a little when the wall's clock does
_UNDER_WAY = (LoginPhase.RESTARTING, LoginPhase.LOGGING_IN, LoginPhase.TWOFA, LoginPhase.TWOFA_TIMED_OUT)
_NOT_AWAY = (
    GatewayState.UNKNOWN,
    GatewayState.ABSENT,
    GatewayState.STOPPED,
    GatewayState.READY,
    GatewayState.DEGRADED,
)


def came_through(pad: Pad) -> None:
    """The gateway answers: whichever login was last made, it has come through."""
    container, attempts = pad.gateway.process.container, pad.observation.ledger.attempts
    born = container.up_since if container is not None and container.up_since is not None else NEVER
    last = max(born, attempts[-1] if attempts else NEVER)
    if pad.rules.twofa and last > pad.gateway.logged_in_at + _ONE_LOGIN:
        pad.gateway = replace(pad.gateway, logged_in_at=last)
        pad.out.append(Remember("logged-in:gateway", f"{pad.now - last:.0f}"))


# -- is a login due that nobody has asked for? -------------------------------------------------------------------------


def needs_word(pad: Pad) -> bool:
    """Whether the next login needs a push that nobody has asked for."""
    return _is_due(pad) and not _is_let_through(pad)


def _is_due(pad: Pad) -> bool:
    """Whether the next login needs a second factor: the last one is of a week that has ended, or this is a boot's."""
    if not pad.rules.twofa:
        return False
    ledger, ended, last = pad.observation.ledger, pad.observation.token_ended_at, pad.gateway.logged_in_at
    of_last_week = ended is not None and NEVER < last < ended
    cold = ledger.host_boot and bool(ledger.attempts) and ledger.attempts[-1] > last + _ONE_LOGIN
    return of_last_week or cold


def _is_let_through(pad: Pad) -> bool:
    """Whether the hold was lifted for one login, which has not been made yet."""
    lifted = pad.observation.hold_lifted_at
    if lifted is None or pad.now - lifted >= pad.policy.push_patience:
        return False
    return not any(at > lifted - _ONE_LOGIN for at in pad.observation.ledger.attempts)


def _is_away(pad: Pad) -> bool:
    """Whether it is known to have no session: it is dead, waits for a login, or makes one."""
    track, login = pad.gateway, pad.observation.login
    if track.state in _NOT_AWAY or track.process.asked:
        return False
    told = login.look.result is Result.OK and login.look.at >= track.not_before and login.phase in _UNDER_WAY
    return _waits(pad) or told


def _waits(pad: Pad) -> bool:
    """Whether nothing goes on without a login."""
    return pad.gateway.process.died_at is not None or pad.observation.ledger.waiting


def _needs_somebody(pad: Pad) -> bool:
    """As `_waits`, or it is broken in a way that only a restart would cure, which is not done under the hold."""
    return _waits(pad) or pad.gateway.state is GatewayState.FAILING


# -- the hold ----------------------------------------------------------------------------------------------------------


def may_hold(pad: Pad) -> bool:
    """Whether there is a ledger that can be held, and no hold."""
    ledger = pad.observation.ledger
    return ledger.look.result is Result.OK and ledger.look.at >= pad.gateway.ledger_since and ledger.hold is None


def to_be_held(pad: Pad) -> bool:
    """Whether to set the hold."""
    return needs_word(pad) and _is_away(pad) and may_hold(pad)


def to_be_lifted(pad: Pad) -> bool:
    """Whether to lift a hold of ours: the gateway is up, or the one push of REAUTH_AT is due."""
    ledger, observation = pad.observation.ledger, pad.observation
    ours = ledger.hold is not None and ledger.hold.startswith(OURS)
    if not ours or ledger.look.result is not Result.OK or ledger.look.at < pad.gateway.ledger_since:
        return False
    if observation.paused or observation.windows or observation.journal_broken:
        return False
    return pad.gateway.state is GatewayState.READY or _push_is_due(pad)


def _push_is_due(pad: Pad) -> bool:
    """Whether REAUTH_AT is now, its push was not sent yet, and a gateway waits for it."""
    at, ended = pad.observation.reauth_at, pad.observation.token_ended_at
    if at is None or ended is None or not at <= pad.now < at + pad.policy.push_patience:
        return False
    sent = pad.gateway.pushed_at > ended
    spent = pad.policy.login_budget.left(pad.observation.ledger.attempts, pad.now) <= 0
    wanted = pad.status(Subject.GATEWAY) is not None and not pad.gateway.process.asked
    return not sent and not spent and wanted and _needs_somebody(pad) and pad.observation.docker.result is Result.OK


def reason(pad: Pad) -> str:
    """The hold's line."""
    cold = pad.observation.ledger.host_boot and not _of_last_week(pad)
    return f"{OURS}: {'the machine has booted' if cold else 'the login token has ended'}, a login needs a push"


def _of_last_week(pad: Pad) -> bool:
    ended = pad.observation.token_ended_at
    return ended is not None and pad.gateway.logged_in_at < ended


def incident(pad: Pad) -> Incident | None:
    """The open one."""
    return next((one for one in pad.memory.standing if one.fault == OURS), None)


# -- what people are told ----------------------------------------------------------------------------------------------


def judge(pad: Pad) -> Verdict:
    """Fault 26: reminders before the token ends; after it, that a login waits for somebody."""
    ends, held = pad.observation.token_expires_at, pad.observation.ledger.hold
    if _is_due(pad):
        if held is not None and held.startswith(OURS) and _needs_somebody(pad):
            return _held(pad)
        if pad.gateway.state is not GatewayState.READY:
            return UNKNOWN
        at = pad.observation.reauth_at
        if at is not None and at <= pad.now:
            return _told(pad.now, "up", "it is up by last week's login, the next restart needs a push: `make login`")
    if ends is None:
        return UNKNOWN
    left = ends - pad.now
    due = [hours for hours in pad.policy.token_reminders if left <= hours * _AN_HOUR]
    if not due:
        return WELL
    why = f"the login token ends in {min(due)} h: be ready for a push"
    return _told(ends - due[0] * _AN_HOUR, f"{min(due)} h", why)


def _held(pad: Pad) -> Verdict:
    at = pad.observation.reauth_at
    lifted, ledger = pad.observation.hold_lifted_at, pad.observation.ledger
    if lifted is not None and ledger.attempts and ledger.attempts[-1] > lifted - _ONE_LOGIN and not ledger.host_boot:
        return _told(pad.now, "again", "logins are on hold again after one push: `make login` sends another")
    if at is not None and pad.now < at and _of_last_week(pad):
        return _told(pad.now, "held", "logins are on hold until REAUTH_AT, or `make login`: one push then")
    return _told(pad.now, "held", "logins are on hold, a login needs a push: `make login` when the phone is at hand")


def _told(since: float, about: str, why: str) -> Diagnosis:
    return Diagnosis(faults.WEEKLY_TOKEN, since, since, True, why, about)
