"""The configured instruments as a gateway has them now: definitions, today's options, and a look at their quotes."""

import asyncio
from dataclasses import dataclass
from typing import Any

from preflight.check import Site
from preflight.errors import NotSeen
from preflight.instruments import Instrument
from preflight.sources.gateway import TOGETHER
from preflight.trading_day import Session, left
from tws import codes
from tws.contracts import option
from tws.errors import RequestRefused, RequestUnanswered
from tws.values import Chain, Definition, Look, Quote

OTHERS_KEEP = 20
"""So many lines stay free for who subscribes while we look."""
SENTINELS = 1
"""Lines that the supervisor holds."""

_A_FEW = 3


@dataclass(frozen=True, slots=True)
class Options:
    """Session's options on an instrument, as far as the gateway lists them.

    Attributes:
        session: None where the exchange is closed for today; then nothing else is known.
        chain: None where no listed class expires today.
        nearest: the first expiry that is listed.
        money: what the underlying costs; None where nobody tells.
        strikes: a few that are listed, nearest to the money first.
        found: their contracts that have a definition, in the same order, calls first.
    """

    session: Session | None
    chain: Chain | None = None
    nearest: str = ""
    money: float | None = None
    strikes: tuple[float, ...] = ()
    found: tuple[Definition, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """What a line of market data of an instrument came to. Without `look`, `reason` says why nobody looked."""

    name: str
    definition: Definition
    session: Session | None
    look: Look | None
    reason: str = ""


async def definition(site: Site, instrument: Instrument) -> Definition:
    """The one that the gateway has of an instrument, or of what its options are on."""
    return (await site.gateway.definitions(instrument.underlying.contract))[0]


async def options(site: Site, instrument: Instrument) -> Options:
    """Those that expire today."""
    on = await definition(site, instrument)
    session = left(on, site.now)
    if session is None:
        return Options(None)
    chains = await site.gateway.chains(on)
    expiring = [chain for chain in chains if session.expiry in chain.expiries]
    nearest = min((expiry for chain in chains for expiry in chain.expiries if expiry >= session.expiry), default="")
    if not expiring:
        return Options(session, nearest=nearest)
    # Of an index's classes the weekly one trades until its last day's close; the other's last day ends at the open.
    chain = min(expiring, key=lambda one: (one.exchange != "SMART", not one.trading_class.endswith("W")))
    money = await _money(site, instrument.underlying, on, session)
    if money is None:
        return Options(session, chain, nearest)
    strikes = tuple(sorted(chain.strikes, key=lambda strike: abs(strike - money))[:_A_FEW])
    wanted = [_contract(on, session, chain, strike, right) for strike in strikes for right in "CP"]
    found = await asyncio.gather(*(_defined(site, contract) for contract in wanted))
    return Options(session, chain, nearest, money, strikes, tuple(one for one in found if one is not None))


async def samples(site: Site) -> list[Sample]:
    """A look at each configured instrument; of today's options, at the call nearest to the money."""
    return list(await asyncio.gather(*(_sample(site, instrument) for instrument in site.settings.traded)))


async def no_line(site: Site) -> str:
    """Why no line of market data may be taken; empty where one may.

    A gateway tells nobody how many lines are in use. They are known where only our own clients use the login, and say
    how many they hold.
    """
    try:
        held = await site.house.engine_lines()
    except NotSeen as reason:
        return f"free lines are not known: {reason}"
    free = site.settings.market_data_lines - held - SENTINELS
    if free < TOGETHER + OTHERS_KEEP:
        return f"{free} of {site.settings.market_data_lines} lines are free, and the engine may need them"
    return ""


async def _sample(site: Site, instrument: Instrument) -> Sample:
    on = await definition(site, instrument)
    session = left(on, site.now)
    if not instrument.options:
        return await _look(site, str(instrument), on, session, instrument.contract)
    listed = await options(site, instrument)
    call = next((one for one in listed.found if one.right.startswith("C")), None)
    if call is None or listed.chain is None or session is None:
        why = "the exchange is closed for today" if session is None else "no contract to ask for, see chain"
        return Sample(str(instrument), on, session, None, why)
    contract = _contract(on, session, listed.chain, call.strike, "C")
    return await _look(site, f"{on.symbol} {session.expiry} {call.strike:g} C", call, session, contract)


async def _look(site: Site, name: str, what: Definition, session: Session | None, contract: Any) -> Sample:
    if reason := await no_line(site):
        return Sample(name, what, session, None, reason)
    is_open = session is not None and session.is_open(site.now)

    def enough(quote: Quote) -> bool:
        if not is_open:
            return quote.ticks > 0  # what a closed market says is said at once
        return quote.last is not None if what.sec_type == "IND" else quote.two_sided

    return Sample(name, what, session, await site.gateway.look(contract, enough))


async def _money(site: Site, on: Instrument, what: Definition, session: Session) -> float | None:
    """By its quote or last trade, else by its last hourly bar, which needs no line."""
    sample = await _look(site, str(on), what, session, on.contract)
    if sample.look is not None:
        quote = sample.look.quote
        if quote.bid is not None and quote.ask is not None:
            return (quote.bid + quote.ask) / 2
        if quote.last is not None:
            return quote.last
    try:
        bars = await site.gateway.recent(on.contract)
    except (RequestRefused, RequestUnanswered):
        return None
    return bars[-1].close if bars else None


def _contract(on: Definition, session: Session, chain: Chain, strike: float, right: str) -> Any:
    return option(
        on.symbol,
        session.expiry,
        strike,
        right,
        trading_class=chain.trading_class,
        multiplier=chain.multiplier,
        currency=on.currency,
    )


async def _defined(site: Site, contract: Any) -> Definition | None:
    """Strikes are listed for all expiries of a class together: not each has a contract on each day."""
    try:
        return (await site.gateway.definitions(contract))[0]
    except RequestRefused as refusal:
        if refusal.code == codes.NO_SECURITY_DEFINITION:
            return None
        raise
