"""login-hold: are logins held back, and why?

A hold is set when a further login could lock the user out: a wrong password, another session, a push that nobody
answered. Nobody logs in until a person lifts it. A gateway that is logged in works on under a hold, and stays down once
it is not.
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.report import Result

_LIFT = Remedy(
    "login-held", "cure what the reason names, then `make login` (one login now) or `make resume` (lift the hold only)"
)


async def ask(site: Site) -> Answer:
    hold = (await site.house.supervision()).gateway.login.hold
    return Answer(Result.PASS, "none") if hold is None else Answer(Result.WARN, f"held: {hold}", (_LIFT,))


CHECK = Check("login-hold", "logins", "no hold on logins", ask, remedies=(_LIFT,))
