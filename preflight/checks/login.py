"""login: is the gateway logged in to the configured account, of the kind that the mode asks for?

Demo accounts start with D (DU, DF), live ones do not. A live account where paper was asked for is the most expensive
mistake this stack can make, so the account's own letters are believed over anybody's settings.
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.report import Result

_STOP = Remedy(
    "other-kind-of-account",
    "stop now: `make down`; set the credentials of the account that you mean, or the mode, then `make up`",
)
_SET_ACCOUNT = Remedy(
    "other-account",
    "set IB_ACCOUNT (and FURTHER_ACCOUNTS) in .env to accounts of this login, or the login's user name to their owner",
)


async def ask(site: Site) -> Answer:
    accounts = await site.gateway.accounts()
    live = site.settings.mode == "live"
    expected = f"{', '.join(site.settings.accounts)} on a {'live' if live else 'paper'} login"
    if strange := [account for account in accounts if account.startswith("D") == live]:
        found = f"{', '.join(strange)}: a {'paper' if live else 'LIVE'} account"
        return Answer(Result.FAIL, found, (_STOP,), expected)
    if not set(site.settings.accounts) <= set(accounts):
        return Answer(Result.FAIL, ", ".join(accounts), (_SET_ACCOUNT,), expected)
    return Answer(Result.PASS, ", ".join(accounts), expected=expected)


CHECK = Check(
    "login",
    "identity",
    "a login that manages the configured account",
    ask,
    needs=("start-api",),
    vital=True,
    remedies=(_STOP, _SET_ACCOUNT),
)
