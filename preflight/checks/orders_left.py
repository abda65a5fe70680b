"""orders-left: does anything work before the session has begun?

Before the open of the first configured instrument nothing of today should be working yet: what does is left from
yesterday, or was placed by hand. During the session this says only how many orders work, since a gateway does not tell
when an order was placed. Only warns. A read-only API lists no orders, and then this cannot be seen.
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.holdings import counted, named, order, working_orders
from preflight.markets import definition
from preflight.report import Result
from preflight.trading_day import left

_LEFT = Remedy("orders-left", "cancel what you did not mean for today, in TWS or by the client that placed it")


async def ask(site: Site) -> Answer:
    orders = await working_orders(site)
    if orders is None:
        return Answer(Result.SKIPPED, "a read-only API lists no orders")
    if not orders:
        return Answer(Result.PASS, "no working order")
    first = site.settings.traded[0]
    session = left(await definition(site, first), site.now)
    if session is not None and session.is_open(site.now):
        return Answer(Result.PASS, f"{counted(len(orders), 'working order')} in the session; nobody tells how old")
    found = f"outside the session of {first.underlying}: {named([order(row) for row in orders])}"
    return Answer(Result.WARN, found, (_LEFT,))


CHECK = Check(
    "orders-left",
    "account",
    "no working order before the session",
    ask,
    needs=("login", "instruments"),
    remedies=(_LEFT,),
)
