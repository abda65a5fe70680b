"""Display groups: the colour chains that link windows of the desktop program, which clients may join.

There are seven, and a new subscriber is told "none" (captured, ibkr-go at server version 200). What one client shows
in a group is told to everybody who watches it, itself too. How a group or a number that does not exist is refused was
not captured: assumed to be error 321.
"""

from gateway.simulator.api.cancels import cancels
from gateway.simulator.api.refusals import invalid
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.wire.answers import display_groups as answers
from gateway.simulator.wire.requests import display_groups as requests
from gateway.simulator.wire.requests.base import Request

_GROUPS = range(1, 8)
_NOTHING = "none"


def _query(session: Session, request: Request) -> None:
    assert isinstance(request, requests.QueryDisplayGroups)
    session.send(answers.DisplayGroupList(request.req_id, tuple(_GROUPS)))


def _subscribe(session: Session, request: Request) -> None:
    assert isinstance(request, requests.SubscribeToGroupEvents)
    if request.group not in _GROUPS:
        invalid(session, request.req_id, f"Invalid display group id {request.group}")
        return
    session.groups[request.req_id] = request.group
    shown = session.gateway.shown_in_groups.get(request.group, _NOTHING)
    session.send(answers.DisplayGroupUpdated(request.req_id, shown))


def _update(session: Session, request: Request) -> None:
    assert isinstance(request, requests.UpdateDisplayGroup)
    group = session.groups.get(request.req_id)
    if group is None:
        invalid(session, request.req_id, "No display group subscription found")
        return
    session.gateway.shown_in_groups[group] = request.contract
    for watcher in session.gateway.started():
        for req_id, watched in watcher.groups.items():
            if watched == group:
                watcher.send(answers.DisplayGroupUpdated(req_id, request.contract))


HANDLERS: dict[type[Request], Handler] = {
    requests.QueryDisplayGroups: _query,
    requests.SubscribeToGroupEvents: _subscribe,
    requests.UpdateDisplayGroup: _update,
    requests.UnsubscribeFromGroupEvents: cancels(lambda session: session.groups),
}
