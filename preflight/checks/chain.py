"""chain: are today's options listed, with strikes around the money?

Only where options that expire today are configured (`SPY:0DTE`), and the exchange has a session today. Asks for the
chain, then for the contracts of the few strikes nearest to what the underlying costs. A gateway that missed its daily
restart may still have yesterday's list. It cannot see whether anybody makes a market in them; `quotes` looks at one.
"""

from preflight.check import Answer, Check, Remedy, Site, worst
from preflight.markets import Options, options
from preflight.report import Result

_NO_EXPIRY = Remedy(
    "no-expiry-today",
    "restart the gateway, which loads its list of contracts once a day; if today really has none, take the options "
    "out of INSTRUMENTS for today",
)
_NO_STRIKES = Remedy(
    "no-strikes-at-the-money", "wait for the exchange to list them, or restart the gateway to load the list anew"
)

_NEAR = 0.01
"""A strike is near the money within one part in a hundred."""


async def ask(site: Site) -> Answer:
    wanted = [instrument for instrument in site.settings.traded if instrument.options]
    if not wanted:
        return Answer(Result.SKIPPED, "INSTRUMENTS names no options that expire today")
    return worst([_judge(str(instrument.underlying), await options(site, instrument)) for instrument in wanted])


def _judge(name: str, listed: Options) -> Answer:
    if listed.session is None:
        return Answer(Result.SKIPPED, f"{name}: the exchange is closed for today")
    date, money = listed.session.expiry, listed.money
    if listed.chain is None:
        nearest = f"the nearest is {listed.nearest}" if listed.nearest else "none is listed"
        return Answer(Result.FAIL, f"{name}: no expiry {date}, {nearest}", (_NO_EXPIRY,))
    if money is None:
        return Answer(Result.PASS, f"{name}: expiry {date} is listed; where the money is, nobody tells")
    near = [strike for strike in listed.chain.strikes if abs(strike - money) <= _NEAR * money]
    if not any(strike <= money for strike in near) or not any(strike >= money for strike in near):
        found = f"{name}: no strikes on both sides within 1 % of {money:.2f}"
        return Answer(Result.FAIL, found, (_NO_STRIKES,))
    defined = {(one.strike, one.right[:1]) for one in listed.found}
    if not any({(strike, "C"), (strike, "P")} <= defined for strike in listed.strikes):
        strikes = ", ".join(f"{strike:g}" for strike in listed.strikes)
        found = f"{name}: {date} has no call and put at {strikes}, with the money at {money:.2f}"
        return Answer(Result.FAIL, found, (_NO_STRIKES,))
    return Answer(Result.PASS, f"{name}: expiry {date}, {len(near)} strikes within 1 % of {money:.2f}")


CHECK = Check(
    "chain",
    "data",
    "today's expiry, with strikes around the money",
    ask,
    needs=("instruments",),
    remedies=(_NO_EXPIRY, _NO_STRIKES),
)
