"""The session itself: its start, ids, time, and who we are."""

from gateway.simulator.api.refusals import invalid
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.wire.answers import session as answers
from gateway.simulator.wire.requests import session as requests
from gateway.simulator.wire.requests.base import Request
from tws import codes

_MAX_CLIENTS = 32


def start_api(session: Session, request: requests.StartApi) -> None:
    """Give the session its client id, then accounts, next order id and the farms, in the captured order."""
    if session.started:
        invalid(session, -1, "API already started")
        return
    gateway = session.gateway
    if len(gateway.started()) >= _MAX_CLIENTS:
        session.close()
        return
    if gateway.client(request.client_id) is not None:
        session.refuse(-1, codes.CLIENT_ID_IN_USE)
        session.close()
        return
    session.client_id = request.client_id
    session.started = True
    gateway.tally.sessions += 1
    session.send(answers.ManagedAccounts(tuple(gateway.broker.accounts)))
    _next_id(session, request)
    if gateway.upstream_lost:
        session.refuse(-1, codes.UPSTREAM_BROKEN)
        return
    for code, text in gateway.farms.notices():
        session.error(-1, code, text)


def _next_id(session: Session, request: Request) -> None:
    session.send(answers.NextValidId(session.gateway.broker.next_order_id(session.client_id)))


def _current_time(session: Session, request: Request) -> None:
    if session.gateway.may_tell_time(session):
        session.send(answers.CurrentTime(session.gateway.now()))


def _current_time_millis(session: Session, request: Request) -> None:
    if session.version < 197:
        session.error(-1, codes.READING_ERROR, "Error reading request:unknown message id 105")
        return
    session.send(answers.CurrentTimeMillis(session.gateway.now()))


def _managed_accounts(session: Session, request: Request) -> None:
    session.send(answers.ManagedAccounts(tuple(session.gateway.broker.accounts)))


def _user_info(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqUserInfo)
    if session.version < 167:
        session.error(-1, codes.READING_ERROR, "Error reading request:unknown message id 104")
        return
    session.send(answers.UserInfo(request.req_id))


def _nothing(session: Session, request: Request) -> None:
    """Requests that the gateway takes without a word."""


HANDLERS: dict[type[Request], Handler] = {
    requests.ReqIds: _next_id,
    requests.ReqCurrentTime: _current_time,
    requests.ReqCurrentTimeMillis: _current_time_millis,
    requests.ReqManagedAccounts: _managed_accounts,
    requests.SetServerLogLevel: _nothing,
    requests.ReqUserInfo: _user_info,
}
