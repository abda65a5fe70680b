"""Verification, which is always refused: it has to be announced in startApi, and no public client can do that."""

from gateway.simulator.api.session import Handler, Session
from gateway.simulator.wire.requests import verification as requests
from gateway.simulator.wire.requests.base import Request
from tws import codes

_CAUSE = "Intent to authenticate needs to be expressed during initial connect request."
"""The words of IB's own clients for this mistake; what the gateway says was not captured."""


def _refuse(session: Session, request: Request) -> None:
    session.error(-1, codes.VALIDATION_ERROR, f"Error validating request.-'bH' : cause - {_CAUSE}")


HANDLERS: dict[type[Request], Handler] = {requests.Verify: _refuse}
