"""quotes: is each configured instrument quoted, freshly, and with its bid below its ask?

Looks at the same lines as `entitlement`. In the regular session a missing quote fails, unless trading is halted; one
that is crossed, or a stock that has not traded for five minutes, warns. Outside the session nobody need quote, and a
missing quote is no fault. It looks for a moment: a feed that dies a second later is the supervisor's to see.
"""

from datetime import timedelta

from preflight.check import Answer, Check, Remedy, Site, worst
from preflight.markets import Sample, samples
from preflight.report import Result

_ABSENT = Remedy(
    "no-quotes", "look at the exchange's own status; if it trades, restart the gateway: a farm that is silent is stuck"
)
_HALTED = Remedy("trading-is-halted", "wait until the exchange resumes trading")
_CROSSED = Remedy("crossed-quote", "ask again: a quote that stays crossed comes from a venue in trouble")
_STALE = Remedy("stale-quote", "ask again; if nothing trades while the exchange does, restart the gateway")

_STALE_AFTER = timedelta(minutes=5)


async def ask(site: Site) -> Answer:
    return worst([_judge(sample, site) for sample in await samples(site)])


def _judge(sample: Sample, site: Site) -> Answer:
    name = sample.name
    if sample.look is None:
        return Answer(Result.SKIPPED, f"{name} not looked at: {sample.reason}")
    if sample.look.refusal is not None:
        return Answer(Result.SKIPPED, f"{name} is refused, see entitlement")
    quote = sample.look.quote
    is_open = sample.session is not None and sample.session.is_open(site.now)
    if sample.definition.sec_type == "IND":
        quoted, shown = quote.last is not None, f"{name} {quote.last}"
    else:
        quoted, shown = quote.two_sided, f"{name} {quote.bid} to {quote.ask}"
    if not quoted and not is_open:
        return Answer(Result.PASS, f"{name} is not quoted, its exchange is closed")
    if quote.halted:
        return Answer(Result.WARN, f"{name} is halted", (_HALTED,))
    if not quoted:
        return Answer(Result.FAIL, f"{name} is not quoted, in its session", (_ABSENT,))
    if quote.bid is not None and quote.ask is not None and quote.bid > quote.ask:
        return Answer(Result.WARN, f"{shown}: crossed", (_CROSSED,))
    if is_open and sample.definition.sec_type == "STK" and quote.traded_at is not None:
        age = site.now - quote.traded_at
        if age > _STALE_AFTER:
            return Answer(Result.WARN, f"{shown}, last traded {age.total_seconds() / 60:.0f} min ago", (_STALE,))
    return Answer(Result.PASS, shown)


CHECK = Check(
    "quotes",
    "data",
    "a fresh quote of each instrument whose session is open",
    ask,
    needs=("instruments",),
    remedies=(_ABSENT, _HALTED, _CROSSED, _STALE),
)
