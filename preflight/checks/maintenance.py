"""maintenance: does IBKR's maintenance, the gateway's own restart, or the week's end come before the close?

The supervisor knows the windows (docs/windows.md) and when the week's login ends; the gateway's hours for SPY say when
today's session ends. On a day that has no session left there is nothing to be in the way of.
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.report import Result
from preflight.trading_day import left

_PLAN = Remedy(
    "interrupted-session",
    "have exits resting at the broker before it, and no entry that cannot wait; a restart of the gateway's own belongs "
    "outside the session: AUTO_RESTART_TIME in .env",
)


async def ask(site: Site) -> Answer:
    supervision = await site.house.supervision()
    today = left(await site.gateway.reference(), site.now)
    if today is None:
        return Answer(Result.PASS, "no session left today")
    windows, token = supervision.windows, supervision.weekly_token
    found = [
        f"{window.name} is open" + (f" until {window.closes_at:%H:%M} UTC" if window.closes_at else "")
        for window in windows.open
    ]
    upcoming = windows.next
    if upcoming is not None and upcoming.opens_at is not None and upcoming.opens_at < today.closes:
        found.append(f"{upcoming.name} opens {upcoming.opens_at:%H:%M} UTC")
    if token is not None and token.expires_at < today.closes:
        found.append(f"this week's login ends {token.expires_at:%H:%M} UTC")
    if found:
        return Answer(Result.WARN, "; ".join(found), (_PLAN,))
    return Answer(Result.PASS, "none of them")


CHECK = Check(
    "maintenance",
    "calendar",
    "no maintenance, restart or end of the login before the close",
    ask,
    needs=("login",),
    remedies=(_PLAN,),
)
