"""Contract details, symbol search, option chains and price rules."""

from collections.abc import Iterator
from itertools import batched

from gateway.simulator.api.one_contract import flaw
from gateway.simulator.api.refusals import invalid
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.rules import MARKET_RULES
from gateway.simulator.market.venues import BBO_EXCHANGE, DEPTH_EXCHANGES, SMART_COMPONENTS
from gateway.simulator.wire.answers import contracts as answers
from gateway.simulator.wire.answers.answer import Answer
from gateway.simulator.wire.requests import contracts as requests
from gateway.simulator.wire.requests.base import Request
from tws import codes

_PIECE = 50
"""Contracts sent before waiting for the client to take them; an answer of more can be cancelled meanwhile."""


def _details(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqContractDetails)
    gateway = session.gateway
    cause = flaw(request.contract)
    if cause is not None:
        invalid(session, request.req_id, cause, "bQ")
        return
    found = gateway.instruments.find(request.contract, gateway.now())
    if not found:
        session.refuse(request.req_id, codes.NO_SECURITY_DEFINITION)
        return
    told = _described(session, request, found)
    if len(found) > _PIECE:
        session.long_answers.add((request.req_id, told))
        session.later(_in_pieces(session, request.req_id, told))
        return
    for answer in told:
        session.send(answer)


async def _in_pieces(session: Session, req_id: int, told: Iterator[Answer]) -> None:
    for piece in batched(told, _PIECE):
        if (req_id, told) not in session.long_answers:  # cancelled
            return
        for answer in piece:
            session.send(answer)
        await session.drained()
    session.long_answers.discard((req_id, told))


def _cancel_details(session: Session, request: Request) -> None:
    """Stop an answer that is still being sent. Assumed: nothing more is said of it, not even its end, and nothing at
    all where there is nothing to stop."""
    assert isinstance(request, requests.CancelContractDetails)
    session.long_answers = {one for one in session.long_answers if one[0] != request.req_id}


def _described(session: Session, request: requests.ReqContractDetails, found: list[Instrument]) -> Iterator[Answer]:
    """The messages that tell all about contracts, and the end."""
    gateway = session.gateway
    spoken: dict[tuple[str, str], tuple[str, str]] = {}
    for instrument in found:
        kept = instrument.hours, instrument.zone
        if kept not in spoken:
            calendar, now = gateway.instruments.calendar(instrument), gateway.now()
            spoken[kept] = calendar.hours(now, instrument.zone), calendar.liquid_hours(now, instrument.zone)
        exchange, bond = request.contract.exchange or _home(instrument), instrument.product.bond
        if bond is not None:
            yield answers.BondDetails(request.req_id, instrument, bond, exchange, *spoken[kept])
        else:
            yield answers.ContractDetails(request.req_id, instrument, exchange, *spoken[kept])
    yield answers.ContractDetailsEnd(request.req_id)


def _home(instrument: Instrument) -> str:
    """Where it trades if nobody says where: SMART, or its first exchange."""
    return instrument.exchanges.partition(",")[0]


def _search(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqMatchingSymbols)
    instruments = session.gateway.instruments
    found = tuple((one, tuple(instruments.derived_types(one))) for one in instruments.search(request.pattern))
    session.send(answers.SymbolSamples(request.req_id, found))


def _option_parameters(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqSecDefOptParams)
    instruments = session.gateway.instruments
    underlying = instruments.by_id(request.con_id)
    if underlying is not None and request.sec_type in ("", underlying.sec_type):
        for option_class, trading_class, expiries in instruments.chains(underlying, session.gateway.now()):
            strikes = tuple(instruments.strikes(option_class))
            for exchange in option_class.exchanges.split(","):
                if request.exchange in ("", exchange):
                    session.send(
                        answers.OptionParameters(
                            request.req_id,
                            exchange,
                            underlying,
                            trading_class,
                            option_class.multiplier_text,
                            tuple(expiries),
                            strikes,
                        )
                    )
    session.send(answers.OptionParametersEnd(request.req_id))


def _smart_components(session: Session, request: Request) -> None:
    """The venues behind a name that tickReqParams told; behind any other there is nothing."""
    assert isinstance(request, requests.ReqSmartComponents)
    known = SMART_COMPONENTS if request.bbo_exchange == BBO_EXCHANGE else ()
    session.send(answers.SmartComponents(request.req_id, known))


def _depth_exchanges(session: Session, request: Request) -> None:
    session.send(answers.DepthExchanges(DEPTH_EXCHANGES))


def _market_rule(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqMarketRule)
    rule = MARKET_RULES.get(request.rule_id)
    if rule is None:
        invalid(session, -1, f"Invalid market rule id {request.rule_id}")
        return
    session.send(answers.MarketRule(request.rule_id, rule))


HANDLERS: dict[type[Request], Handler] = {
    requests.ReqContractDetails: _details,
    requests.CancelContractDetails: _cancel_details,
    requests.ReqMatchingSymbols: _search,
    requests.ReqSecDefOptParams: _option_parameters,
    requests.ReqMarketRule: _market_rule,
    requests.ReqSmartComponents: _smart_components,
    requests.ReqDepthExchanges: _depth_exchanges,
}
