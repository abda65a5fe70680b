"""orders-lasting: would a working order survive today's close?

Good-till-cancelled orders, and those that are good till a later day, are there tomorrow, whatever becomes of the
position that they were for: an exit without its position opens one. Only warns, since they may be meant. A read-only
API lists no orders, and then this cannot be seen.
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.holdings import counted, named, order, working_orders
from preflight.report import Result
from tws.values import OpenOrder

_LASTING = Remedy(
    "orders-outlast-the-day", "cancel what should not be there tomorrow, in TWS or by the client that placed it"
)


async def ask(site: Site) -> Answer:
    orders = await working_orders(site)
    if orders is None:
        return Answer(Result.SKIPPED, "a read-only API lists no orders")
    today = f"{site.now:%Y%m%d}"
    lasting = [order(row) for row in orders if _lasts(row, today)]
    if lasting:
        return Answer(Result.WARN, named(lasting), (_LASTING,))
    return Answer(
        Result.PASS, f"{counted(len(orders), 'working order')}, all for today" if orders else "no working order"
    )


def _lasts(row: OpenOrder, today: str) -> bool:
    return row.time_in_force == "GTC" or (row.time_in_force == "GTD" and row.good_till[:8] > today)


CHECK = Check(
    "orders-lasting", "account", "no working order beyond today's close", ask, needs=("login",), remedies=(_LASTING,)
)
