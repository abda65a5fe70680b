"""Contract details, symbol search, option chains and price rules."""

from gateway.simulator.api.one_contract import flaw
from gateway.simulator.api.refusals import invalid
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.rules import MARKET_RULES
from gateway.simulator.market.venues import BBO_EXCHANGE, DEPTH_EXCHANGES, SMART_COMPONENTS
from gateway.simulator.wire.answers import contracts as answers
from gateway.simulator.wire.answers.fields import Fields
from gateway.simulator.wire.requests import contracts as requests
from gateway.simulator.wire.requests.base import Request
from tws import codes

_PIECE = 50
"""Contracts sent before waiting for the client to take them."""


async def _details(session: Session, request: Request) -> None:
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
    spoken: dict[tuple[str, str], tuple[str, str]] = {}
    for number, instrument in enumerate(found, 1):
        kept = instrument.hours, instrument.zone
        if kept not in spoken:
            calendar, now = gateway.instruments.calendar(instrument), gateway.now()
            spoken[kept] = calendar.hours(now, instrument.zone), calendar.liquid_hours(now, instrument.zone)
        exchange = request.contract.exchange or _home(instrument)
        session.send(_described(session.version, request.req_id, instrument, exchange, *spoken[kept]))
        if number % _PIECE == 0:
            await session.drained()
    session.send(answers.contract_details_end(request.req_id))


def _described(
    version: int, req_id: int, instrument: Instrument, exchange: str, hours: str, liquid_hours: str
) -> Fields:
    """The message that tells all about a contract."""
    bond = instrument.product.bond
    if bond is not None:
        return answers.bond_details(version, req_id, instrument, bond, exchange, hours, liquid_hours)
    return answers.contract_details(version, req_id, instrument, exchange, hours, liquid_hours)


def _home(instrument: Instrument) -> str:
    """Where it trades if nobody says where: SMART, or its first exchange."""
    return instrument.exchanges.partition(",")[0]


def _search(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqMatchingSymbols)
    instruments = session.gateway.instruments
    found = [(one, instruments.derived_types(one)) for one in instruments.search(request.pattern)]
    session.send(answers.symbol_samples(session.version, request.req_id, found))


def _option_parameters(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqSecDefOptParams)
    instruments = session.gateway.instruments
    underlying = instruments.by_id(request.con_id)
    if underlying is not None and request.sec_type in ("", underlying.sec_type):
        for option_class, trading_class, expiries in instruments.chains(underlying, session.gateway.now()):
            strikes = instruments.strikes(option_class)
            for exchange in option_class.exchanges.split(","):
                if request.exchange in ("", exchange):
                    session.send(
                        answers.option_parameters(
                            request.req_id,
                            exchange,
                            underlying,
                            trading_class,
                            option_class.multiplier_text,
                            expiries,
                            strikes,
                        )
                    )
    session.send(answers.option_parameters_end(request.req_id))


def _smart_components(session: Session, request: Request) -> None:
    """The venues behind a name that tickReqParams told; behind any other there is nothing."""
    assert isinstance(request, requests.ReqSmartComponents)
    known = SMART_COMPONENTS if request.bbo_exchange == BBO_EXCHANGE else ()
    session.send(answers.smart_components(request.req_id, known))


def _depth_exchanges(session: Session, request: Request) -> None:
    session.send(answers.depth_exchanges(DEPTH_EXCHANGES))


def _market_rule(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqMarketRule)
    rule = MARKET_RULES.get(request.rule_id)
    if rule is None:
        invalid(session, -1, f"Invalid market rule id {request.rule_id}")
        return
    session.send(answers.market_rule(request.rule_id, rule))


HANDLERS: dict[type[Request], Handler] = {
    requests.ReqContractDetails: _details,
    requests.ReqMatchingSymbols: _search,
    requests.ReqSecDefOptParams: _option_parameters,
    requests.ReqMarketRule: _market_rule,
    requests.ReqSmartComponents: _smart_components,
    requests.ReqDepthExchanges: _depth_exchanges,
}
