"""Verification, which is always refused: it has to be announced in startApi, and no public client can do that."""

from gateway.simulator.api.refusals import invalid
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.wire.requests import verification as requests
from gateway.simulator.wire.requests.base import Request

_CAUSE = "Intent to authenticate needs to be expressed during initial connect request."
"""The words of IB's own clients for this mistake; what the gateway says was not captured."""


def _refuse(session: Session, request: Request) -> None:
    invalid(session, -1, _CAUSE)


HANDLERS: dict[type[Request], Handler] = {requests.Verify: _refuse}
