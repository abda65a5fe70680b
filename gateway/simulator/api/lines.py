"""What requests for market data have in common: the lines they use, and how they are refused."""

from gateway.simulator.api.refusals import failed
from gateway.simulator.api.session import Session
from gateway.simulator.api.tape import Subscription
from gateway.simulator.wire.splice import Burst
from tws import codes


def duplicate(session: Session, req_id: int, letters: str = "bW") -> None:
    """Say that the request id is in use; the letters vary with the kind of request (captured)."""
    failed(session, req_id, "Duplicate ticker id", letters)


def full(session: Session, req_id: int) -> bool:
    """Whether the login's lines are all in use; says 101 if they are."""
    if session.gateway.lines() < session.gateway.settings.market_data_lines:
        return False
    session.refuse(req_id, codes.MAX_TICKERS)
    return True


def tell(session: Session, subscription: Subscription, step: int) -> None:
    """Send a subscriber what it has not been told yet; later, if data of the instrument does not flow."""
    if not session.gateway.flows(subscription.instrument):
        return
    burst = subscription.burst(step)
    if burst.count:
        send(session, subscription, burst)


def send(session: Session, subscription: Subscription, burst: Burst) -> None:
    """Send ticks under the subscription's request id."""
    session.send_burst(burst, subscription.req_id)
    session.gateway.tally.ticks += burst.count
