"""login-phase: is a login under way, or has one come to nothing?

A gateway opens its port before anybody is logged in, and the reason why it names no account is in its log alone: a
push that waits for its answer, a wrong password, another session of the same user. The supervisor reads that log; this
check repeats what it says. An account that is named proves that the login is through, whatever the log last said.
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.report import Result
from tws.errors import TwsError

_PUSH = Remedy("push-waits", "approve the push on the phone now; do not restart the gateway, which would send another")
_TIMED_OUT = Remedy("push-timed-out", "have the phone in hand, then `make login`, which sends one push")
_REFUSED = Remedy(
    "login-refused",
    "correct secrets/tws_userid and secrets/tws_password, then `make login`; each further try may lock the user out",
)
_SESSION = Remedy("existing-session", "end the other session of this user (desktop, phone or web), then `make login`")
_WAIT = Remedy("login-under-way", "wait for the login to end: `make status`, or ask again with WATCH=1")

_STOPS = {
    "waiting for 2FA": _PUSH,
    "2FA timed out": _TIMED_OUT,
    "login refused": _REFUSED,
    "existing session": _SESSION,
    "restarting": _WAIT,
    "logging in": _WAIT,
}
"""By the supervisor's words for it (`login.phase` of its status)."""


async def ask(site: Site) -> Answer:
    try:
        accounts = await site.gateway.accounts()
    except TwsError as error:
        login = (await site.house.supervision()).gateway.login
        remedy = _STOPS.get(login.phase)
        if remedy is None:
            return Answer(Result.SKIPPED, f"no session, and the gateway's log says '{login.phase}': {error}")
        since = f", since {login.since:%H:%M:%S} UTC" if login.since else ""
        return Answer(Result.FAIL, f"{login.phase}{since}", (remedy,))
    return Answer(Result.PASS, f"through: {len(accounts)} account{'s' * (len(accounts) != 1)} named")


CHECK = Check(
    "login-phase",
    "gateway",
    "a login that is through",
    ask,
    remedies=(_PUSH, _TIMED_OUT, _REFUSED, _SESSION, _WAIT),
)
