"""Requests that end one subscription by its request id."""

from collections.abc import Callable
from typing import Any

from gateway.simulator.api.session import Handler, Session
from gateway.simulator.wire.requests.base import Numbered, Request
from tws import codes


def cancels(subscriptions: Callable[[Session], dict[int, Any]], unknown: int | None = None) -> Handler:
    """A handler that forgets one of a session's subscriptions of a kind. `unknown` is the code that refuses an id which
    is none of them; without it nothing is said."""

    def cancel(session: Session, request: Request) -> None:
        assert isinstance(request, Numbered)
        found = subscriptions(session).pop(request.req_id, None)
        if found is None and unknown is not None:
            session.error(request.req_id, unknown, codes.text(unknown, str(request.req_id)))

    return cancel
