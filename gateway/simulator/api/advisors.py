"""An advisor's configuration, and the family codes of accounts."""

from gateway.simulator.api.refusals import invalid, read_only
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.broker.advisors import GroupsInvalid
from gateway.simulator.wire.answers import accounts as answers
from gateway.simulator.wire.requests import accounts as requests
from gateway.simulator.wire.requests.base import Request

_GROUPS, _PROFILES, _ALIASES = 1, 2, 3
_NO_ID = 2147483647
"""The id of errors about requestFA, which has none of its own (seen in clients' logs)."""
_LETTERS = "bW"


def _served(session: Session, req_id: int, kind: int) -> bool:
    if not session.gateway.broker.advisor.is_advisor:
        invalid(session, req_id, "FA data operations ignored for non FA customers.", _LETTERS)
    elif kind == _PROFILES:
        invalid(session, req_id, "FA Profile is not supported anymore, use FA Group instead.", _LETTERS)
    elif kind not in (_GROUPS, _ALIASES):
        invalid(session, req_id, "Non-existent FA data operation request.", _LETTERS)
    else:
        return True
    return False


def _ask(session: Session, request: Request) -> None:
    assert isinstance(request, requests.RequestFa)
    if _served(session, _NO_ID, request.kind):
        advisor = session.gateway.broker.advisor
        xml = advisor.groups_xml() if request.kind == _GROUPS else advisor.aliases_xml()
        session.send(answers.ReceiveFa(request.kind, xml))


def _replace(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReplaceFa)
    if not _served(session, request.req_id, request.kind) or read_only(session, request.req_id, _LETTERS):
        return
    broker = session.gateway.broker
    try:
        if request.kind == _GROUPS:
            broker.replace_groups(request.xml)
        else:
            broker.replace_aliases(request.xml)
    except GroupsInvalid as error:
        invalid(session, request.req_id, str(error), _LETTERS)
        return
    session.send(answers.ReplaceFaEnd(request.req_id, "success"))


def _family_codes(session: Session, request: Request) -> None:
    broker = session.gateway.broker
    code = f"F{broker.account_id}" if broker.advisor.is_advisor else ""
    session.send(answers.FamilyCodes(tuple((account, code) for account in broker.accounts)))


HANDLERS: dict[type[Request], Handler] = {
    requests.RequestFa: _ask,
    requests.ReplaceFa: _replace,
    requests.ReqFamilyCodes: _family_codes,
}
