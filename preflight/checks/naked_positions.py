"""naked-positions: does every position have an exit at IBKR?

By the rule of the supervisor's audit (fault `naked-position`): working orders that would close the position in full,
of which those in one group count once. An exit that only an engine knows of, such as an emulated stop, is none: it is
gone with the engine. Only warns, because the engine that this may keep from starting is what arms exits anew. A
read-only API lists no orders, and then this cannot be seen.
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.holdings import counted, named, position, positions, working_orders
from preflight.report import Result
from tws.exits import closed_by, exits_of

_NAKED = Remedy("position-without-exit", "give it an exit, or close it: in TWS, or by the engine that opened it")


async def ask(site: Site) -> Answer:
    held = await positions(site)
    if not held:
        return Answer(Result.PASS, "the account is flat")
    orders = await working_orders(site)
    if orders is None:
        return Answer(Result.SKIPPED, f"{counted(len(held), 'position')}, and a read-only API lists no orders")
    naked = []
    for row in held:
        closed = closed_by(exits_of(row, orders))
        if closed < abs(row.quantity):
            naked.append(f"{position(row)} has exits for {closed:f}")
    if naked:
        return Answer(Result.WARN, named(naked), (_NAKED,))
    return Answer(Result.PASS, f"{counted(len(held), 'position')}, each with its exits")


CHECK = Check(
    "naked-positions", "account", "an exit at IBKR for every position", ask, needs=("login",), remedies=(_NAKED,)
)
