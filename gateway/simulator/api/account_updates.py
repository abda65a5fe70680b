"""Account updates, single and multi: every value and the portfolio, then what changes."""

from gateway.simulator.api.account_names import feed_of, parts_of, previous_of, values_of
from gateway.simulator.api.account_subscriptions import Feed
from gateway.simulator.api.account_tags import BASE_ROWS, updates
from gateway.simulator.api.cancels import cancels
from gateway.simulator.api.refusals import invalid
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.wire.answers import accounts as answers
from gateway.simulator.wire.requests import accounts as requests
from gateway.simulator.wire.requests.base import Request
from tws import codes

_EVERY = 180.0
"""How often changes are sent where no position moves (IBKR's documentation: every three minutes)."""

_LEDGER_TAGS = frozenset({"NetLiquidation", "CashBalance", "TotalCashBalance", "AccruedCash", "ExchangeRate"})
"""What `ledgerAndNLV` leaves of the multi updates (IBKR's documentation speaks of balances and net liquidation)."""


def _single(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqAccountUpdates)
    gateway, subscribed = session.gateway, session.accounts
    if not request.subscribe:
        if subscribed.updates is not None:
            subscribed.updates = None
            session.refuse(-1, codes.UNSUBSCRIBED_FROM_ACCOUNT)
        return
    if not request.account and len(gateway.broker.accounts) > 1:
        invalid(session, -1, "The account code is required for this operation.")
        return
    feed = feed_of(session, -1, request.account)
    if feed is None:
        return
    subscribed.updates = feed
    _send(session, feed, set(gateway.broker.accounts), gateway.clock.monotonic())
    session.send(answers.AccountDownloadEnd(feed.name))


def _multi(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqAccountUpdatesMulti)
    feed = feed_of(session, request.req_id, request.account, request.model)
    if feed is None:
        return
    feed.ledger_only = request.ledger_only
    session.accounts.updates_multi[request.req_id] = feed
    _send_multi(session, request.req_id, feed, session.gateway.clock.monotonic())
    session.send(answers.AccountUpdateMultiEnd(request.req_id))


def tell(session: Session, moved: set[str], now: float) -> None:
    """Send what is due; `moved` are the accounts whose positions changed."""
    feed = session.accounts.updates
    if feed is not None and (moved & set(feed.accounts) or now - feed.sent_at >= _EVERY):
        _send(session, feed, moved, now)
    for req_id, multi in session.accounts.updates_multi.items():
        if moved & set(multi.accounts) or now - multi.sent_at >= _EVERY:
            _send_multi(session, req_id, multi, now)


def _changes(session: Session, feed: Feed, now: float) -> list[tuple[str, str, str]]:
    """Values that differ from what was sent last."""
    feed.sent_at = now
    broker = session.gateway.broker
    parts = parts_of(session, feed.accounts)
    rows = updates(
        feed.name,
        values_of(session, feed.accounts),
        previous_of(session, feed.accounts),
        parts,
        {currency: broker.rate(currency) for currency in parts},
    )
    changed = [row for row in rows if feed.sent.get((row[0], row[2])) != row[1]]
    feed.sent.update({(tag, currency): text for tag, text, currency in changed})
    return changed


def _send(session: Session, feed: Feed, moved: set[str], now: float) -> None:
    gateway = session.gateway
    for tag, text, currency in _changes(session, feed, now):
        session.send(answers.AccountValue(tag, text, currency, feed.name))
    clock = gateway.writer.clock(gateway.now())
    for account in feed.accounts:
        for position in gateway.broker.positions(account):
            holding = gateway.broker.holding(position)
            session.send(answers.PortfolioValue(gateway.instrument(position.con_id), holding, account))
            session.send(answers.AccountTime(clock))
    session.send(answers.AccountTime(clock))


def _send_multi(session: Session, req_id: int, feed: Feed, now: float) -> None:
    for tag, text, currency in _changes(session, feed, now):
        if feed.ledger_only and tag not in _LEDGER_TAGS and currency != BASE_ROWS:
            continue
        session.send(answers.AccountUpdateMulti(req_id, feed.name, feed.model, tag, text, currency))


HANDLERS: dict[type[Request], Handler] = {
    requests.ReqAccountUpdates: _single,
    requests.ReqAccountUpdatesMulti: _multi,
    requests.CancelAccountUpdatesMulti: cancels(lambda session: session.accounts.updates_multi),
}
