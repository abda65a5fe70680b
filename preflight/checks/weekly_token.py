"""weekly-token: how long does this week's login last?

IBKR ends every login of the week on Sunday at 01:00 in New York. After that the gateway needs a login with its second
factor, which is a person with a phone. The supervisor counts; logins of the stand-in do not end.
"""

from datetime import timedelta

from preflight.check import Answer, Check, Remedy, Site
from preflight.report import Result

_SOON = timedelta(hours=24)

_PLAN = Remedy(
    "weekly-login", "plan for one push after it: set REAUTH_AT in .env, or have the phone in hand and use `make login`"
)


async def ask(site: Site) -> Answer:
    token = (await site.house.supervision()).weekly_token
    if token is None:
        return Answer(Result.SKIPPED, "a login of this mode does not end with the week")
    left = token.expires_at - site.now
    hours = left / timedelta(hours=1)
    found = f"ends in {hours:.0f} h, {token.expires_at:%a %Y-%m-%d %H:%M} UTC"
    if token.reauth_at is not None and token.reauth_at > site.now:
        found += f"; one push at {token.reauth_at:%a %H:%M} UTC"
    if left > _SOON:
        return Answer(Result.PASS, found)
    return Answer(Result.WARN, found, (_PLAN,))


CHECK = Check("weekly-token", "logins", "more than a day of this week's login left", ask, remedies=(_PLAN,))
