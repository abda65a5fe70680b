"""Contract details, symbol search, option chains and price rules."""

from gateway.simulator.api.session import Handler, Session
from gateway.simulator.market.instruments import MARKET_RULES, OPTION_EXCHANGES
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
    exchange = request.contract.exchange or "SMART"
    hours = gateway.calendar.hours(gateway.now())
    for number, instrument in enumerate(found, 1):
        session.send(answers.contract_details(session.version, request.req_id, instrument, exchange, hours))
        if number % _PIECE == 0:
            await session.drained()
    session.send(answers.contract_details_end(request.req_id))


def _search(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqMatchingSymbols)
    found = session.gateway.instruments.search(request.pattern)
    session.send(answers.symbol_samples(session.version, request.req_id, found))


def _option_parameters(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqSecDefOptParams)
    instruments = session.gateway.instruments
    underlying = instruments.by_id(request.con_id)
    if underlying is not None and not underlying.is_option and underlying.stock.has_options:
        expiries = instruments.expiries(session.gateway.now())
        strikes = instruments.strikes(underlying.stock)
        for exchange in OPTION_EXCHANGES.split(","):
            session.send(answers.option_parameters(request.req_id, exchange, underlying, expiries, strikes))
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
