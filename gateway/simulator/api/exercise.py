"""Exercising options, or letting them lapse."""

from gateway.simulator.api.account_names import accounts_of
from gateway.simulator.api.refusals import invalid, read_only
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.broker.expiry import Wish
from gateway.simulator.broker.orders import Refused
from gateway.simulator.wire.requests import accounts as requests
from gateway.simulator.wire.requests.base import Request
from tws import codes

_EXERCISE, _LAPSE = 1, 2


def _exercise(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ExerciseOptions)
    gateway, req_id = session.gateway, request.req_id
    if read_only(session, req_id):
        return
    accounts = accounts_of(session, request.account or gateway.broker.account_id)
    if len(accounts) != 1 or request.action not in (_EXERCISE, _LAPSE):
        cause = "Invalid exercise action" if len(accounts) == 1 else f"Invalid account code '{request.account}'."
        invalid(session, req_id, cause, "bF")
        return
    found = gateway.instruments.find(request.contract, gateway.now())
    if len(found) != 1:
        session.refuse(req_id, codes.NO_SECURITY_DEFINITION)
        return
    wish = Wish(
        account=accounts[0],
        con_id=found[0].con_id,
        quantity=float(request.quantity),
        lapse=request.action == _LAPSE,
        client_id=session.client_id,
        order_id=req_id,
        placed_at=gateway.now(),
    )
    try:
        gateway.tell(gateway.broker.exercise(wish, request.override))
    except Refused as refusal:
        session.error(req_id, refusal.code, refusal.text)


HANDLERS: dict[type[Request], Handler] = {requests.ExerciseOptions: _exercise}
