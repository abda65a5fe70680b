"""login-budget: may the gateway log in again today, if it must?

Every login is in the ledger, whoever caused it. With none left, a gateway that dies stays down until the ledger
allows the next. A gateway that is up needs none, so this never stops an engine.
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.errors import NotSeen
from preflight.report import Result

_SPARE = Remedy(
    "logins-spent",
    "avoid whatever restarts the gateway until then; docs/logins.md says how logins are counted",
)


async def ask(site: Site) -> Answer:
    login = (await site.house.supervision()).gateway.login
    if login.attempts_left is None:
        raise NotSeen("the supervisor cannot read the login ledger")
    found = f"{login.attempts_left} left"
    if login.attempts_left > 0 and login.next_at is None:
        return Answer(Result.PASS, found)
    if login.next_at is not None:
        found += f", the next at {login.next_at:%Y-%m-%d %H:%M} UTC"
    return Answer(Result.WARN, found, (_SPARE,))


CHECK = Check("login-budget", "logins", "a login left for today", ask, remedies=(_SPARE,))
