"""Answers what an option would cost at a volatility, and which volatility a price means."""

from gateway.simulator.api import lines
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.market import options
from gateway.simulator.market.instruments import ContractQuery, Instrument
from gateway.simulator.wire.answers import market_data as answers
from gateway.simulator.wire.requests import option_calculations as requests
from gateway.simulator.wire.requests.base import Request
from gateway.simulator.wire.splice import Burst
from tws import codes

_CUSTOM = 53
"""The tick type of a computation that was asked for."""
_LOWEST, _HIGHEST = 1e-4, 5.0
_HALVINGS = 60


def implied_volatility(call: bool, spot: float, strike: float, seconds: float, price: float) -> float | None:
    """The volatility a year at which the model says this price; None if none up to 500 % does."""
    low, high = _LOWEST, _HIGHEST
    if not (
        options.value(call, spot, strike, seconds, low).price
        <= price
        <= options.value(call, spot, strike, seconds, high).price
    ):
        return None
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if options.value(call, spot, strike, seconds, middle).price < price:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _option(session: Session, req_id: int, query: ContractQuery) -> tuple[Instrument, float] | None:
    """The option a request means and the seconds it has to live; says what is wrong with it."""
    instrument = lines.one(session, req_id, query)
    if instrument is None:
        return None
    closes = session.gateway.instruments.closes_at(instrument)
    if not instrument.is_option or closes is None:
        session.error(
            req_id, codes.VALIDATION_ERROR, "Error validating request.-'bI' : cause - Contract is not an option"
        )
        return None
    return instrument, (closes - session.gateway.now()).total_seconds()


def _spot(session: Session, instrument: Instrument, given: float | None) -> float:
    return given or session.gateway.market.quote(instrument, session.gateway.step()).underlying


def _volatility(session: Session, request: Request) -> None:
    assert isinstance(request, requests.CalculateImpliedVolatility)
    found = _option(session, request.req_id, request.contract)
    if found is None:
        return
    instrument, seconds = found
    spot = _spot(session, instrument, request.underlying)
    volatility = implied_volatility(instrument.right == "C", spot, instrument.strike, seconds, request.price or 0.0)
    _tell(session, request.req_id, instrument, seconds, spot, volatility, request.price or 0.0)


def _price(session: Session, request: Request) -> None:
    assert isinstance(request, requests.CalculateOptionPrice)
    found = _option(session, request.req_id, request.contract)
    if found is None:
        return
    instrument, seconds = found
    spot = _spot(session, instrument, request.underlying)
    volatility = min(request.volatility or 0.0, _HIGHEST)
    _tell(session, request.req_id, instrument, seconds, spot, volatility if volatility > 0 else None, None)


def _tell(
    session: Session,
    req_id: int,
    instrument: Instrument,
    seconds: float,
    spot: float,
    volatility: float | None,
    price: float | None,
) -> None:
    valued = options.value(instrument.right == "C", spot, instrument.strike, seconds, volatility or _LOWEST)
    at_price = valued.price if price is None else price
    tick = answers.tick_option(
        _CUSTOM, at_price, -1.0 if volatility is None else volatility, answers.Greeks(valued, spot)
    )
    session.send_frame(Burst([tick]).frames(str(req_id).encode()))


def _nothing(session: Session, request: Request) -> None:
    """Calculations are answered at once: there is nothing left to cancel."""


HANDLERS: dict[type[Request], Handler] = {
    requests.CalculateImpliedVolatility: _volatility,
    requests.CalculateOptionPrice: _price,
    requests.CancelCalculation: _nothing,
}
