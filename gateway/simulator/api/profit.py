"""Profit and loss of accounts and of single positions, once a second."""

from gateway.simulator.api.account_names import feed_of, values_of
from gateway.simulator.api.account_subscriptions import Feed, PositionQuery
from gateway.simulator.api.cancels import cancels
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.wire.answers import accounts as answers
from gateway.simulator.wire.requests import accounts as requests
from gateway.simulator.wire.requests.base import Request
from tws import codes


def _ask(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqPnl)
    feed = feed_of(session, request.req_id, request.account, request.model)
    if feed is not None:
        session.accounts.pnl[request.req_id] = feed
        _send(session, request.req_id, feed)


def _ask_single(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqPnlSingle)
    feed = feed_of(session, request.req_id, request.account, request.model)
    if feed is None:
        return
    broker = session.gateway.broker
    if not any(broker.position(request.con_id, account, feed.model).quantity for account in feed.accounts):
        session.refuse(request.req_id, codes.INVALID_POSITION_VALUE)
    query = session.accounts.pnl_single[request.req_id] = PositionQuery(feed, request.con_id)
    _send_single(session, request.req_id, query)


def tell(session: Session) -> None:
    """Send all of them."""
    for req_id, feed in session.accounts.pnl.items():
        _send(session, req_id, feed)
    for req_id, query in session.accounts.pnl_single.items():
        _send_single(session, req_id, query)


def _send(session: Session, req_id: int, feed: Feed) -> None:
    """The account's profit in its base currency."""
    if not feed.model:
        values = values_of(session, feed.accounts)
        session.send(answers.Pnl(req_id, values.daily, values.unrealized, values.realized))
        return
    broker = session.gateway.broker
    holdings = [broker.holding(p) for account in feed.accounts for p in broker.positions(account, feed.model)]
    session.send(
        answers.Pnl(
            req_id,
            sum(h.daily * h.rate for h in holdings),
            sum(h.unrealized * h.rate for h in holdings),
            sum(h.position.realized * h.rate for h in holdings),
        )
    )


def _send_single(session: Session, req_id: int, query: PositionQuery) -> None:
    broker, feed = session.gateway.broker, query.feed
    positions = [broker.position(query.con_id, account, feed.model) for account in feed.accounts]
    holdings = [broker.holding(position) for position in positions if position.quantity or position.realized]
    if not holdings:
        session.send(answers.PnlSingleUnset(req_id))
        return
    session.send(
        answers.PnlSingle(
            req_id,
            sum(h.quantity for h in holdings),
            sum(h.daily for h in holdings),
            sum(h.unrealized for h in holdings),
            sum(h.position.realized for h in holdings),
            sum(h.value for h in holdings),
        )
    )


HANDLERS: dict[type[Request], Handler] = {
    requests.ReqPnl: _ask,
    requests.CancelPnl: cancels(lambda session: session.accounts.pnl),
    requests.ReqPnlSingle: _ask_single,
    requests.CancelPnlSingle: cancels(lambda session: session.accounts.pnl_single),
}
