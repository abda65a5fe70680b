"""entitlement: may this login see live data of each configured instrument?

By real subscriptions, three lines at a time at most, each given back at once: lines are counted per login, and the
engine needs them. Where it is not known how many are free nobody subscribes, and this is skipped. It asks for the
market data type that the engine asks for (MARKET_DATA_TYPE). Codes 354 and 10089 name what is not subscribed, 10168
that delayed data is off, 10197 that another session of the same user has the data. Delayed data (10167) warns even
where it is asked for: the engine passes it on to strategies, and its prices are 15 minutes old. It cannot see which
subscriptions the login has, only what is refused.
"""

from preflight.check import Answer, Check, Remedy, Site, worst
from preflight.markets import Sample, samples
from preflight.report import Result
from tws import codes
from tws.errors import RequestRefused
from tws.values import Definition

_WHERE = "Client Portal > Settings > Market Data Subscriptions"
_NETWORK_A = Remedy("subscribe-network-a", f"buy 'NYSE (Network A/CTA)' for this login: {_WHERE}")
_NETWORK_B = Remedy(
    "subscribe-network-b",
    f"buy 'NYSE American, BATS, ARCA, IEX, and Regional Exchanges (Network B)' for this login: {_WHERE}",
)
_NETWORK_C = Remedy("subscribe-network-c", f"buy 'NASDAQ (Network C/UTP)' for this login: {_WHERE}")
_OPRA = Remedy("subscribe-opra", f"buy 'OPRA (US Options Exchanges)' for this login: {_WHERE}")
_INDEX = Remedy("subscribe-index", f"buy the index data of the exchange that computes it for this login: {_WHERE}")
_OTHER = Remedy("subscribe-other", f"buy what covers the market that the message names for this login: {_WHERE}")
_API_FORM = Remedy(
    "sign-the-api-form", "and sign the 'Market Data API Acknowledgement' there: without it data is for screens only"
)
_SHARE = Remedy(
    "share-with-paper",
    "a paper login sees what its live user shares: Client Portal > Settings > Paper Trading Account",
)
_DELAYED = Remedy(
    "ask-for-delayed-data",
    "or set MARKET_DATA_TYPE=DELAYED in .env for data that is 15 minutes late: good for looking, not for trading",
)
_LATE = Remedy(
    "delayed-data-is-old",
    "set MARKET_DATA_TYPE=REALTIME in .env with the subscription bought: nobody can trade on prices 15 minutes old",
)
_COMPETED = Remedy(
    "data-competed",
    "log the other session of this user off (TWS, mobile app, Client Portal), or give the gateway a user of its own",
)
_LINES = Remedy(
    "lines-used-up", "close what else subscribes with this login, or buy quote booster packs for more lines"
)

_BY_LISTING = {
    "NYSE": _NETWORK_A,
    "ARCA": _NETWORK_B,
    "AMEX": _NETWORK_B,
    "BATS": _NETWORK_B,
    "IEX": _NETWORK_B,
    "NASDAQ": _NETWORK_C,
}
_LIVE, _LATE_TYPES = 1, (3, 4)


async def ask(site: Site) -> Answer:
    return worst([_judge(sample, site) for sample in await samples(site)])


def _judge(sample: Sample, site: Site) -> Answer:
    look = sample.look
    if look is None:
        return Answer(Result.SKIPPED, f"{sample.name} not looked at: {sample.reason}")
    if look.refusal is not None:
        return _refused(sample, look.refusal, site)
    said = {notice.code: notice.text for notice in look.notices}
    bought = _subscription(sample.definition, site)
    if codes.DELAYED_DATA in said or look.quote.data_type in _LATE_TYPES:
        result = Result.WARN if site.settings.wants_delayed else Result.FAIL
        return Answer(result, f"{sample.name}: delayed data", (_LATE, *bought))
    if codes.DATA_PARTLY_SUBSCRIBED in said:
        text = said[codes.DATA_PARTLY_SUBSCRIBED]
        return Answer(Result.WARN, f"{sample.name}: {codes.DATA_PARTLY_SUBSCRIBED} {text}", bought)
    if not look.quote.ticks:
        return Answer(Result.PASS, f"{sample.name} not refused, but nothing has come")
    return Answer(Result.PASS, f"{sample.name} {'live' if look.quote.data_type == _LIVE else 'frozen'}")


def _refused(sample: Sample, refusal: RequestRefused, site: Site) -> Answer:
    found = f"{sample.name}: {refusal.code} {refusal.text}"
    if refusal.code == codes.COMPETING_SESSION:
        return Answer(Result.FAIL, found, (_COMPETED,))
    if refusal.code == codes.MAX_TICKERS:
        return Answer(Result.WARN, found, (_LINES,))
    remedies = _subscription(sample.definition, site)
    if refusal.code == codes.DATA_NEEDS_SUBSCRIPTION:
        remedies += (_API_FORM,)
    if not site.settings.wants_delayed:
        remedies += (_DELAYED,)
    return Answer(Result.FAIL, found, remedies)


def _subscription(of: Definition, site: Site) -> tuple[Remedy, ...]:
    if of.sec_type == "OPT":
        bought = _OPRA
    elif of.sec_type == "IND":
        bought = _INDEX
    else:
        bought = _BY_LISTING.get(of.primary_exchange, _OTHER)
    return (bought, _SHARE) if site.settings.mode == "paper" else (bought,)


CHECK = Check(
    "entitlement",
    "data",
    "live data of each configured instrument",
    ask,
    needs=("instruments",),
    remedies=(
        *(_NETWORK_A, _NETWORK_B, _NETWORK_C, _OPRA, _INDEX, _OTHER),
        *(_API_FORM, _SHARE, _DELAYED, _LATE, _COMPETED, _LINES),
    ),
)
