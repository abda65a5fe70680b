"""Answers what an option would cost at a volatility, and which volatility a price means."""

from collections.abc import Callable

from gateway.simulator.api.one_contract import one_instrument
from gateway.simulator.api.refusals import invalid
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.market import options
from gateway.simulator.market.instruments import ContractQuery, Instrument
from gateway.simulator.market.options import Valuation
from gateway.simulator.wire.answers import market_data as answers
from gateway.simulator.wire.requests import option_calculations as requests
from gateway.simulator.wire.requests.base import Request

_CUSTOM = 53
"""The tick type of a computation that was asked for."""
_NOT_COMPUTED = -1.0
_LOWEST, _HIGHEST = 1e-4, 5.0
_HALVINGS = 60


def implied_volatility(price_at: Callable[[float], float], price: float) -> float | None:
    """The volatility a year at which a model says this price; None if none up to 500 % does."""
    low, high = _LOWEST, _HIGHEST
    if not price_at(low) <= price <= price_at(high):
        return None
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if price_at(middle) < price:
            low = middle
        else:
            high = middle
    return (low + high) / 2


class _Option:
    """The option that a request means, now, with its underlying at a price."""

    def __init__(self, session: Session, instrument: Instrument, underlying: float | None) -> None:
        market, step = session.gateway.market, session.gateway.step()
        self.spot = underlying or market.quote(instrument, step).underlying
        self._instrument = instrument
        self._seconds = market.seconds_left(instrument, step)
        self._carry = market.carry(instrument)

    def at(self, volatility: float) -> Valuation:
        """What it is worth at a volatility a year."""
        call, strike = self._instrument.right == "C", self._instrument.strike
        return options.value(call, self.spot, strike, self._seconds, volatility, self._carry)


def _option(session: Session, req_id: int, query: ContractQuery, underlying: float | None) -> _Option | None:
    """The option that a request means; says what is wrong with it."""
    instrument = one_instrument(session, req_id, query)
    if instrument is None:
        return None
    if not instrument.is_option:
        invalid(session, req_id, "Contract is not an option", "bI")
        return None
    return _Option(session, instrument, underlying)


def _volatility(session: Session, request: Request) -> None:
    assert isinstance(request, requests.CalculateImpliedVolatility)
    option = _option(session, request.req_id, request.contract, request.underlying)
    if option is not None:
        price = request.price or 0.0
        volatility = implied_volatility(lambda volatility: option.at(volatility).price, price)
        _tell(session, request.req_id, option, volatility, price)


def _price(session: Session, request: Request) -> None:
    assert isinstance(request, requests.CalculateOptionPrice)
    option = _option(session, request.req_id, request.contract, request.underlying)
    if option is not None:
        volatility = min(request.volatility or 0.0, _HIGHEST)
        _tell(session, request.req_id, option, volatility if volatility > 0 else None, None)


def _tell(session: Session, req_id: int, option: _Option, volatility: float | None, price: float | None) -> None:
    valued = option.at(volatility or _LOWEST)
    at_price = valued.price if price is None else price
    greeks = answers.Greeks(valued, option.spot)
    told = _NOT_COMPUTED if volatility is None else volatility
    session.send(answers.TickOption(_CUSTOM, at_price, told, greeks, req_id=req_id))


def _nothing(session: Session, request: Request) -> None:
    """Calculations are answered at once: there is nothing left to cancel."""


HANDLERS: dict[type[Request], Handler] = {
    requests.CalculateImpliedVolatility: _volatility,
    requests.CalculateOptionPrice: _price,
    requests.CancelCalculation: _nothing,
}
