"""Account summaries: asked for once, sent twice, and then told as they change."""

from gateway.simulator.api.account_names import accounts_of, parts_of, previous_of, values_of
from gateway.simulator.api.account_subscriptions import SummaryQuery
from gateway.simulator.api.account_tags import BASE_ROWS, ledger, summary, wanted_currencies
from gateway.simulator.api.cancels import cancels
from gateway.simulator.api.refusals import failed, invalid
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.wire.answers import accounts as answers
from gateway.simulator.wire.requests import accounts as requests
from gateway.simulator.wire.requests.base import Request

_MAX_SUMMARIES = 2
_EVERY = 180.0
"""How often changes are sent (IBKR's documentation: every three minutes)."""
_AGAIN = 1.0
"""Seconds after which a summary is sent a second time, with its end (captured; the time is assumed)."""

type Rows = dict[tuple[str, str, str], str]


def _ask(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqAccountSummary)
    summaries = session.accounts.summaries
    if request.req_id not in summaries and len(summaries) >= _MAX_SUMMARIES:
        failed(session, request.req_id, "Maximum number of account summary requests exceeded")
        return
    accounts = accounts_of(session, request.group)
    if not accounts:
        invalid(session, request.req_id, f"Invalid FA group '{request.group}'.")
        return
    query = summaries[request.req_id] = SummaryQuery(request.req_id, accounts, request.tags)
    _send(session, query, session.gateway.clock.monotonic())
    session.send(answers.AccountSummaryEnd(query.req_id))
    query.repeat_at = query.sent_at + _AGAIN


def tell(session: Session, moved: bool, now: float) -> None:
    """Send every summary that is due."""
    for query in session.accounts.summaries.values():
        if query.repeat_at is not None and now >= query.repeat_at:
            query.repeat_at = None
            query.sent.clear()
            _send(session, query, now)
            session.send(answers.AccountSummaryEnd(query.req_id))
        elif moved or now - query.sent_at >= _EVERY:
            _send(session, query, now)


def _send(session: Session, query: SummaryQuery, now: float) -> None:
    """Send what has changed since the last time."""
    query.sent_at = now
    for (account, tag, currency), text in _rows(session, query).items():
        if query.sent.get((account, tag, currency)) != text:
            query.sent[(account, tag, currency)] = text
            session.send(answers.AccountSummary(query.req_id, account, tag, text, currency))


def _rows(session: Session, query: SummaryQuery) -> Rows:
    """Account by account, tags from A to Z; then the ledgers, `All` for every account together."""
    rows: Rows = {}
    for account in query.accounts:
        known = summary(values_of(session, (account,)), previous_of(session, (account,)))
        for tag in sorted(query.tags):
            if tag in known:
                text, currency = known[tag]
                rows[(account, tag, currency)] = text
    for tag in query.tags:
        if tag == "$LEDGER:ALL":
            rows |= _ledger(session, "All", query.accounts, tag)
        elif tag.startswith("$LEDGER"):
            for account in query.accounts:
                rows |= _ledger(session, account, (account,), tag)
    return rows


def _ledger(session: Session, name: str, accounts: tuple[str, ...], tag: str) -> Rows:
    rows: Rows = {}
    parts = parts_of(session, accounts)
    for currency in wanted_currencies(tag, list(parts)):
        if currency == BASE_ROWS:
            found = ledger(values_of(session, accounts))
        else:
            found = ledger(parts[currency], session.gateway.broker.rate(currency))
        rows |= {(name, row, currency): text for row, text in found.items()}
    return rows


HANDLERS: dict[type[Request], Handler] = {
    requests.ReqAccountSummary: _ask,
    requests.CancelAccountSummary: cancels(lambda session: session.accounts.summaries),
}
