"""Money and positions: asked for once, and then told as they change."""

from gateway.simulator.api.session import Handler, Session
from gateway.simulator.api.subscriptions import AccountQuery
from gateway.simulator.broker.account import Values
from gateway.simulator.wire.answers import accounts as answers
from gateway.simulator.wire.requests import accounts as requests
from gateway.simulator.wire.requests.base import Request
from gateway.simulator.wire.text import cents
from tws import codes

_MAX_SUMMARIES = 2
SUMMARY_SECONDS = 180.0
"""How often a summary's changes are sent (IBKR's documentation: every three minutes)."""


def tags(values: Values, account: str) -> dict[str, tuple[str, str]]:
    """Every account value by tag, with its currency."""
    money = {
        "AccruedCash": 0.0,
        "AvailableFunds": values.available,
        "BuyingPower": max(values.available, 0.0) * 4,
        "EquityWithLoanValue": values.equity_with_loan,
        "ExcessLiquidity": values.excess,
        "FullAvailableFunds": values.available,
        "FullExcessLiquidity": values.excess,
        "FullInitMarginReq": values.initial_margin,
        "FullMaintMarginReq": values.maintenance_margin,
        "GrossPositionValue": values.gross,
        "InitMarginReq": values.initial_margin,
        "LookAheadAvailableFunds": values.available,
        "LookAheadExcessLiquidity": values.excess,
        "LookAheadInitMarginReq": values.initial_margin,
        "LookAheadMaintMarginReq": values.maintenance_margin,
        "MaintMarginReq": values.maintenance_margin,
        "NetLiquidation": values.net_liquidation,
        "PreviousDayEquityWithLoanValue": values.equity_with_loan,
        "RegTEquity": values.equity_with_loan,
        "RegTMargin": values.initial_margin,
        "ReqTEquity": values.equity_with_loan,
        "ReqTMargin": values.initial_margin,
        "SMA": values.equity_with_loan,
        "SettledCash": values.cash,
        "TotalCashValue": values.cash,
    }
    worth = values.net_liquidation
    plain = {
        "AccountType": "INDIVIDUAL",
        "Cushion": f"{values.excess / worth:.6f}" if worth else "0",
        "DayTradesRemaining": "-1",
        "HighestSeverity": "0",
        "Leverage": cents(values.gross / worth) if worth else "0.00",
        "LookAheadNextChange": "0",
    }
    found = {tag: (cents(amount), "USD") for tag, amount in money.items()}
    found |= {tag: (text, "") for tag, text in plain.items()}
    return dict(sorted(found.items()))


def ledger(values: Values) -> dict[str, str]:
    """What the account holds in one currency."""
    zero = dict.fromkeys(
        (
            "AccruedCash",
            "CorporateBondValue",
            "FundValue",
            "FutureOptionValue",
            "FuturesPNL",
            "FxCashBalance",
            "IssuerOptionValue",
            "MoneyMarketFundValue",
            "MutualFundValue",
            "NetDividend",
            "TBillValue",
            "TBondValue",
            "WarrantValue",
        ),
        "0.00",
    )
    found = zero | {
        "CashBalance": cents(values.cash),
        "ExchangeRate": "1.00",
        "NetLiquidationByCurrency": cents(values.net_liquidation),
        "OptionMarketValue": cents(values.option_value),
        "RealizedPnL": cents(values.realized),
        "StockMarketValue": cents(values.stock_value),
        "TotalCashBalance": cents(values.cash),
        "UnrealizedPnL": cents(values.unrealized),
    }
    return dict(sorted(found.items()))


# -- summary -----------------------------------------------------------------------------------------------------------


def _summary(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqAccountSummary)
    if request.req_id not in session.summaries and len(session.summaries) >= _MAX_SUMMARIES:
        session.error(
            request.req_id,
            codes.PROCESSING_ERROR,
            "Error processing request.-'bW' : cause - Maximum number of account summary requests exceeded",
        )
        return
    query = AccountQuery(request.req_id, request.tags)
    session.summaries[request.req_id] = query
    send_summary(session, query)
    session.send(answers.account_summary_end(request.req_id))


def send_summary(session: Session, query: AccountQuery) -> None:
    """Send what has changed since the last time."""
    gateway = session.gateway
    account = gateway.broker.account_id
    values = gateway.broker.values()
    rows: dict[tuple[str, str, str], str] = {}
    known = tags(values, account)
    for tag in sorted(query.tags):
        if tag in known:
            text, currency = known[tag]
            rows[(account, tag, currency)] = text
    for tag in query.tags:
        if tag.startswith("$LEDGER"):
            _, _, wanted = tag.partition(":")
            owner = "All" if wanted == "ALL" else account
            currencies = {"ALL": ("USD", "BASE"), "": ("BASE",)}.get(wanted, (wanted,))
            for currency in currencies:
                if currency in ("USD", "BASE"):
                    rows |= {(owner, name, currency): text for name, text in ledger(values).items()}
    for (owner, tag, currency), text in rows.items():
        if query.sent.get((tag, currency)) != text:
            query.sent[(tag, currency)] = text
            session.send(answers.account_summary(query.req_id, owner, tag, text, currency))
    query.sent_at = gateway.clock.monotonic()


def _cancel_summary(session: Session, request: Request) -> None:
    assert isinstance(request, requests.CancelAccountSummary)
    session.summaries.pop(request.req_id, None)


# -- positions ---------------------------------------------------------------------------------------------------------


def _positions(session: Session, request: Request) -> None:
    session.positions = True
    send_positions(session, None)
    session.send(answers.position_end())


def send_positions(session: Session, con_ids: set[int] | None) -> None:
    """Rows of all positions, or of some, to the position subscriptions."""
    gateway = session.gateway
    held = gateway.broker.positions()
    if con_ids is not None:
        held = [gateway.broker.position(con_id, name) for name in gateway.broker.accounts for con_id in con_ids]
    for position in held:
        account = position.account
        instrument = gateway.instrument(position.con_id)
        if session.positions:
            session.send(answers.position(instrument, position, account))
        if con_ids is not None:
            for req_id in session.positions_multi:
                session.send(answers.position_multi(req_id, instrument, position, account))


def _cancel_positions(session: Session, request: Request) -> None:
    session.positions = False


def _known_account(session: Session, req_id: int, account: str) -> bool:
    if account in ("", "All", *session.gateway.broker.accounts):
        return True
    session.error(
        req_id,
        codes.VALIDATION_ERROR,
        f"Error validating request.-'bH' : cause - Invalid account code '{account}'.",
    )
    return False


def _positions_multi(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqPositionsMulti)
    if not _known_account(session, request.req_id, request.account):
        return
    gateway = session.gateway
    session.positions_multi.add(request.req_id)
    for position in gateway.broker.positions(request.account if request.account in gateway.broker.accounts else None):
        session.send(
            answers.position_multi(request.req_id, gateway.instrument(position.con_id), position, position.account)
        )
    session.send(answers.position_multi_end(request.req_id))


def _cancel_positions_multi(session: Session, request: Request) -> None:
    assert isinstance(request, requests.CancelPositionsMulti)
    session.positions_multi.discard(request.req_id)


# -- account updates ---------------------------------------------------------------------------------------------------


def _updates(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqAccountUpdates)
    if not request.subscribe:
        if session.updates:
            session.updates = False
            session.refuse(-1, codes.UNSUBSCRIBED_FROM_ACCOUNT)
        return
    if not _known_account(session, -1, request.account):
        return
    session.updates = True
    send_updates(session)
    session.send(answers.account_download_end(session.gateway.broker.account_id))


def send_updates(session: Session) -> None:
    """All account values, the portfolio, and the time of day."""
    gateway = session.gateway
    account = gateway.broker.account_id
    values = gateway.broker.values()
    session.send(answers.account_value("AccountCode", account, "", account))
    for tag, (text, currency) in tags(values, account).items():
        session.send(answers.account_value(tag, text, currency, account))
    for currency in ("USD", "BASE"):
        for tag, text in ledger(values).items():
            session.send(answers.account_value(tag, text, currency, account))
    clock = gateway.writer.clock(gateway.now())
    for position in gateway.broker.positions(account):
        holding = gateway.broker.holding(position)
        session.send(answers.portfolio_value(gateway.instrument(position.con_id), holding, account))
        session.send(answers.account_time(clock))
    session.send(answers.account_time(clock))


def _updates_multi(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqAccountUpdatesMulti)
    if not _known_account(session, request.req_id, request.account):
        return
    session.updates_multi.add(request.req_id)
    send_updates_multi(session, request.req_id)
    session.send(answers.account_update_multi_end(request.req_id))


def send_updates_multi(session: Session, req_id: int) -> None:
    """All account values under a request id."""
    gateway = session.gateway
    account = gateway.broker.account_id
    for tag, (text, currency) in tags(gateway.broker.values(), account).items():
        session.send(answers.account_update_multi(req_id, account, tag, text, currency))


def _cancel_updates_multi(session: Session, request: Request) -> None:
    assert isinstance(request, requests.CancelAccountUpdatesMulti)
    session.updates_multi.discard(request.req_id)


# -- profit and loss ---------------------------------------------------------------------------------------------------


def _pnl(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqPnl)
    if _known_account(session, request.req_id, request.account):
        session.pnl.add(request.req_id)
        send_pnl(session, request.req_id)


def send_pnl(session: Session, req_id: int) -> None:
    """The account's profit. The day's is what was realized today and what is open, held overnight or not."""
    values = session.gateway.broker.values()
    session.send(answers.pnl(req_id, values.realized + values.unrealized, values.unrealized, values.realized))


def _cancel_pnl(session: Session, request: Request) -> None:
    assert isinstance(request, requests.CancelPnl)
    session.pnl.discard(request.req_id)


def _pnl_single(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqPnlSingle)
    if not _known_account(session, request.req_id, request.account):
        return
    if not session.gateway.broker.position(request.con_id).quantity:
        session.refuse(request.req_id, codes.INVALID_POSITION_VALUE)
    session.pnl_single[request.req_id] = request.con_id
    send_pnl_single(session, request.req_id, request.con_id)


def send_pnl_single(session: Session, req_id: int, con_id: int) -> None:
    """One position's profit."""
    broker = session.gateway.broker
    position = broker.position(con_id)
    if not position.quantity and not position.realized:
        session.send(answers.pnl_single_unset(req_id))
        return
    holding = broker.holding(position)
    daily = position.realized + holding.unrealized
    session.send(
        answers.pnl_single(req_id, position.quantity, daily, holding.unrealized, position.realized, holding.value)
    )


def _cancel_pnl_single(session: Session, request: Request) -> None:
    assert isinstance(request, requests.CancelPnlSingle)
    session.pnl_single.pop(request.req_id, None)


def _family_codes(session: Session, request: Request) -> None:
    session.send(answers.family_codes(session.gateway.broker.account_id))


HANDLERS: dict[type[Request], Handler] = {
    requests.ReqFamilyCodes: _family_codes,
    requests.ReqAccountSummary: _summary,
    requests.CancelAccountSummary: _cancel_summary,
    requests.ReqPositions: _positions,
    requests.CancelPositions: _cancel_positions,
    requests.ReqPositionsMulti: _positions_multi,
    requests.CancelPositionsMulti: _cancel_positions_multi,
    requests.ReqAccountUpdates: _updates,
    requests.ReqAccountUpdatesMulti: _updates_multi,
    requests.CancelAccountUpdatesMulti: _cancel_updates_multi,
    requests.ReqPnl: _pnl,
    requests.CancelPnl: _cancel_pnl,
    requests.ReqPnlSingle: _pnl_single,
    requests.CancelPnlSingle: _cancel_pnl_single,
}
