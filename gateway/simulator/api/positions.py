"""Positions: all of them once, then those that move."""

from collections.abc import Iterable

from gateway.simulator.api.account_names import feed_of
from gateway.simulator.api.account_subscriptions import Feed
from gateway.simulator.api.cancels import cancels
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.broker.positions import Position
from gateway.simulator.wire.answers import accounts as answers
from gateway.simulator.wire.requests import accounts as requests
from gateway.simulator.wire.requests.base import Request


def _ask(session: Session, request: Request) -> None:
    session.accounts.positions = True
    _send(session, session.gateway.broker.positions())
    session.send(answers.PositionEnd())


def _cancel(session: Session, request: Request) -> None:
    session.accounts.positions = False


def _ask_multi(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqPositionsMulti)
    feed = feed_of(session, request.req_id, request.account, request.model)
    if feed is None:
        return
    session.accounts.positions_multi[request.req_id] = feed
    for account in feed.accounts:
        _send_multi(session, request.req_id, feed, session.gateway.broker.positions(account, feed.model))
    session.send(answers.PositionMultiEnd(request.req_id))


def tell(session: Session, moved: set[tuple[str, int]]) -> None:
    """Send the rows of accounts and contracts whose position moved."""
    broker, subscribed = session.gateway.broker, session.accounts
    if subscribed.positions:
        _send(session, [broker.position(con_id, account) for account, con_id in sorted(moved)])
    for req_id, feed in subscribed.positions_multi.items():
        rows = [
            broker.position(con_id, account, feed.model)
            for account, con_id in sorted(moved)
            if account in feed.accounts
        ]
        _send_multi(session, req_id, feed, rows)


def _send(session: Session, positions: Iterable[Position]) -> None:
    for position in positions:
        instrument = session.gateway.instrument(position.con_id)
        session.send(answers.PositionHeld(instrument, position, position.account))


def _send_multi(session: Session, req_id: int, feed: Feed, positions: Iterable[Position]) -> None:
    for position in positions:
        instrument = session.gateway.instrument(position.con_id)
        session.send(answers.PositionMulti(req_id, instrument, position, position.account, feed.model))


HANDLERS: dict[type[Request], Handler] = {
    requests.ReqPositions: _ask,
    requests.CancelPositions: _cancel,
    requests.ReqPositionsMulti: _ask_multi,
    requests.CancelPositionsMulti: cancels(lambda session: session.accounts.positions_multi),
}
