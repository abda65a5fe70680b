"""login: is the gateway logged in to the configured account, of the kind that the mode asks for?

Demo accounts start with D (DU, DF), live ones do not. A live account where paper was asked for is the most expensive
mistake this stack can make, so the account's own letters are believed over anybody's settings.
"""

from datetime import datetime

from preflight.check import Answer, Check, Gateway
from preflight.report import Result
from preflight.settings import Settings


async def ask(gateway: Gateway, settings: Settings, now: datetime) -> Answer:
    accounts = await gateway.accounts()
    live = settings.mode == "live"
    expected = f"{settings.ib_account} on a {'live' if live else 'paper'} login"
    if strange := [account for account in accounts if account.startswith("D") == live]:
        return Answer(
            Result.FAIL,
            f"{', '.join(strange)}: a {'paper' if live else 'LIVE'} account",
            "stop now: `make down`; set the credentials of the account that you mean, or the mode, then `make up`",
            expected,
        )
    if settings.ib_account not in accounts:
        return Answer(
            Result.FAIL,
            ", ".join(accounts),
            "set IB_ACCOUNT in .env to an account of this login, or the login's user name to the account's owner",
            expected,
        )
    return Answer(Result.PASS, ", ".join(accounts), expected=expected)


CHECK = Check("login", "identity", "a login that manages the configured account", ask, needs="port")
