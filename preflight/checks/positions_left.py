"""positions-left: does the account hold anything from before today?

A strategy of one day begins flat. What is held beyond the fills of today was carried over: a leg that was not closed,
shares from an assignment in the night, somebody's own trade. Today begins at midnight of the gateway's zone. It cannot
see who opened a position, nor whether you mean to keep it, so it only warns.
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.holdings import counted, named, positions, traded_today
from preflight.report import Result

_LEFT = Remedy(
    "positions-left", "close what you do not mean to keep, in TWS or by the engine, before new ones are opened"
)


async def ask(site: Site) -> Answer:
    held = await positions(site)
    executions = await site.gateway.executions()
    today = {account: traded_today(executions, account) for account in site.settings.accounts}
    left = [(row, row.quantity - today[row.account].get(row.con_id, 0)) for row in held]
    carried = [f"{quantity:f} {row.local_symbol}" for row, quantity in left if quantity]
    if carried:
        return Answer(Result.WARN, f"held since before today: {named(carried)}", (_LEFT,))
    return Answer(
        Result.PASS, f"{counted(len(held), 'position')}, all by today's fills" if held else "the account is flat"
    )


CHECK = Check("positions-left", "account", "nothing held from before today", ask, needs=("login",), remedies=(_LEFT,))
