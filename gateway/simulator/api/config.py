"""What the gateway is set to: told, and changed.

Known from IBKR's reference: `success` with "Configuration updated" and the paths of what changed; `error` with
"Validating configuration update request has failed" and the paths of what cannot be, when nothing changes. Assumed: the
status where a warning has to be accepted first, that a read-only API refuses changes, and what waits for a restart.
"""

from gateway.simulator.api.refusals import read_only
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.configuration import (
    CAP_PRICE,
    CAP_PRICE_ENABLED,
    LOGOFF,
    LOGOFF_TYPE,
    MASTER,
    NO_MASTER,
    READ_ONLY,
    TIME_FORM,
)
from gateway.simulator.narrate import echo
from gateway.simulator.wire.answers import config as answers
from gateway.simulator.wire.requests import config as requests
from gateway.simulator.wire.requests.base import Request
from tws import codes

_ASKED_SINCE, _CHANGED_SINCE = 219, 221
_TITLE = "Confirm Mandatory Cap Price"
_WORDS = (
    "To avoid trading at a price that is not consistent with a fair and orderly market, IBKR may set a cap for a buy "
    "order, or a floor for a sell order."
)
_NO_QUESTION = 0
"""The id of a warning that need not be accepted."""


def _known(session: Session, message_id: int, since: int) -> bool:
    """Whether the message is there at the session's version; says so if it is not."""
    if session.version < since:
        session.error(-1, codes.READING_ERROR, f"Error reading request:unknown message id {message_id}")
    return session.version >= since


def _ask(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqConfig)
    if not _known(session, 108, _ASKED_SINCE):
        return
    gateway = session.gateway
    settings = gateway.configuration.all()
    # A fault may have the gateway act differently from what it is set to; clients are told how it acts.
    settings |= {READ_ONLY: gateway.read_only, TIME_FORM: gateway.writer.form}
    enabled = bool(settings.pop(CAP_PRICE_ENABLED))
    if settings[MASTER] == NO_MASTER:
        del settings[MASTER]
    if not settings[LOGOFF_TYPE]:
        settings = {path: value for path, value in settings.items() if path not in LOGOFF}
    question = answers.Question(CAP_PRICE, _TITLE, _WORDS, "yes", enabled)
    session.send(answers.ConfigResponse(request.req_id, settings, (question,)))


def _update(session: Session, request: Request) -> None:
    assert isinstance(request, requests.UpdateConfig)
    if not _known(session, 109, _CHANGED_SINCE) or read_only(session, request.req_id):
        return
    gateway, configuration = session.gateway, session.gateway.configuration
    if wrong := configuration.wrong(request.wished):
        words = "Validating configuration update request has failed"
        session.send(answers.UpdateConfigResponse(request.req_id, "error", words, errors=_paths(wrong)))
        return
    if request.wished.get(CAP_PRICE_ENABLED) is False and CAP_PRICE not in request.accepted:
        warned = (answers.Warned(CAP_PRICE, _TITLE, _WORDS),)
        words = "Configuration update request has warnings to be accepted"
        session.send(answers.UpdateConfigResponse(request.req_id, "warning", words, warnings=warned))
        return
    changed = configuration.change(request.wished)
    if request.begins_order_ids_anew:
        gateway.broker.begin_order_ids_anew()
    for path in changed:
        echo(f"gateway.simulator: client {session.client_id} has set {path}={configuration[path]!r}, which is kept")
    waits = tuple(
        answers.Warned(_NO_QUESTION, "Restart", f"{path} takes effect when the gateway starts again")
        for path in _paths(configuration.waiting)
        if path in _paths(changed)
    )
    session.send(
        answers.UpdateConfigResponse(
            request.req_id, "success", "Configuration updated", changed=_paths(changed), warnings=waits
        )
    )


def _paths(paths: list[str]) -> tuple[str, ...]:
    """As the gateway names them."""
    return tuple(f"configuration.{path}" for path in paths)


HANDLERS: dict[type[Request], Handler] = {requests.ReqConfig: _ask, requests.UpdateConfig: _update}
