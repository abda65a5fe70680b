"""Contract details, symbol search, option chains and price rules."""

from gateway.simulator.api.session import Handler, Session
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.rules import MARKET_RULES
from gateway.simulator.wire.answers import contracts as answers
from gateway.simulator.wire.requests import contracts as requests
from gateway.simulator.wire.requests.base import Request
from tws import codes

_PIECE = 50
"""Contracts sent before waiting for the client to take them."""


async def _details(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqContractDetails)
    gateway = session.gateway
    found = gateway.instruments.find(request.contract, gateway.now())
    if not found:
        session.refuse(request.req_id, codes.NO_SECURITY_DEFINITION)
        return
    for number, instrument in enumerate(found, 1):
        calendar, now = gateway.instruments.calendar(instrument), gateway.now()
        session.send(
            answers.contract_details(
                session.version,
                request.req_id,
                instrument,
                request.contract.exchange or _home(instrument),
                calendar.hours(now),
                calendar.liquid_hours(now),
            )
        )
        if number % _PIECE == 0:
            await session.drained()
    session.send(answers.contract_details_end(request.req_id))


def _home(instrument: Instrument) -> str:
    """Where it trades if nobody says where: SMART, or its first exchange."""
    return instrument.exchanges.partition(",")[0]


def _search(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqMatchingSymbols)
    instruments = session.gateway.instruments
    found = instruments.search(request.pattern)
    derived = [sorted({c.sec_type for c in instruments.option_classes(one)}) for one in found]
    session.send(answers.symbol_samples(session.version, request.req_id, list(zip(found, derived, strict=True))))


def _option_parameters(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqSecDefOptParams)
    instruments = session.gateway.instruments
    underlying = instruments.by_id(request.con_id)
    for option_class in instruments.option_classes(underlying) if underlying else []:
        assert underlying is not None
        expiries = instruments.expiries(option_class, session.gateway.now())
        strikes = instruments.strikes(option_class)
        for exchange in option_class.exchanges.split(","):
            session.send(
                answers.option_parameters(request.req_id, exchange, underlying, option_class, expiries, strikes)
            )
    session.send(answers.option_parameters_end(request.req_id))


def _market_rule(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqMarketRule)
    rule = MARKET_RULES.get(request.rule_id)
    if rule is None:
        session.error(
            -1,
            codes.VALIDATION_ERROR,
            f"Error validating request.-'bH' : cause - Invalid market rule id {request.rule_id}",
        )
        return
    session.send(answers.market_rule(request.rule_id, rule))


HANDLERS: dict[type[Request], Handler] = {
    requests.ReqContractDetails: _details,
    requests.ReqMatchingSymbols: _search,
    requests.ReqSecDefOptParams: _option_parameters,
    requests.ReqMarketRule: _market_rule,
}
