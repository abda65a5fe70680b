"""An account's values under the names that the gateway gives them. Pure."""

from collections.abc import Mapping, Sequence

from gateway.simulator.broker.account import Values
from gateway.simulator.broker.ledger import BASE
from gateway.simulator.wire.text import cents

BASE_ROWS = "BASE"
"""The currency that rows of the whole account are written under."""

_TRADING_TYPES = {"cash": "STKCASH", "reg-t": "STKNOPT", "portfolio": "PMRGN"}
"""Only STKNOPT was seen in clients' logs; the others are assumed."""

_SEGMENTED = frozenset(
    {
        "AccruedCash", "AccruedDividend", "AvailableFunds", "Billable", "EquityWithLoanValue", "ExcessLiquidity",
        "FullAvailableFunds", "FullExcessLiquidity", "FullInitMarginReq", "FullMaintMarginReq", "Guarantee",
        "InitMarginReq", "LookAheadAvailableFunds", "LookAheadExcessLiquidity", "LookAheadInitMarginReq",
        "LookAheadMaintMarginReq", "MaintMarginReq", "NetLiquidation", "PASharesValue", "PostExpirationExcess",
        "PostExpirationMargin", "TotalCashValue", "TotalDebitCardPendingCharges",
    }
)  # fmt: skip
"""Values that account updates give once more for securities (-S) and commodities (-C)."""


def summary(values: Values, previous: float) -> dict[str, tuple[str, str]]:
    """Every account value by tag, with its currency. `previous` is the equity with loan value of the day before."""
    worth = values.net_liquidation
    money = {
        "AccruedCash": 0.0,
        "AccruedDividend": 0.0,
        "AvailableFunds": values.available,
        "Billable": 0.0,
        "BuyingPower": values.buying_power(previous),
        "EquityWithLoanValue": values.equity_with_loan,
        "ExcessLiquidity": values.excess,
        "FullAvailableFunds": values.available,
        "FullExcessLiquidity": values.excess,
        "FullInitMarginReq": values.initial_margin,
        "FullMaintMarginReq": values.maintenance_margin,
        "GrossPositionValue": values.gross,
        "Guarantee": 0.0,
        "InitMarginReq": values.initial_margin,
        "LookAheadAvailableFunds": values.available,
        "LookAheadExcessLiquidity": values.excess,
        "LookAheadInitMarginReq": values.initial_margin,
        "LookAheadMaintMarginReq": values.maintenance_margin,
        "MaintMarginReq": values.maintenance_margin,
        "NetLiquidation": worth,
        "PASharesValue": 0.0,
        "PostExpirationExcess": values.excess,
        "PostExpirationMargin": 0.0,
        "PreviousDayEquityWithLoanValue": previous,
        "RegTEquity": values.equity_with_loan,
        "RegTMargin": values.requirement.reg_t,
        "ReqTEquity": values.equity_with_loan,
        "ReqTMargin": values.requirement.reg_t,
        "SMA": max(values.equity_with_loan - values.requirement.reg_t, 0.0) if values.kind == "reg-t" else 0.0,
        "SettledCash": values.cash,
        "TotalCashValue": values.cash + values.futures_pnl,
        "TotalDebitCardPendingCharges": 0.0,
    }
    plain = {
        "AccountType": "INDIVIDUAL",
        "Cushion": f"{values.excess / worth:.6f}" if worth else "0",
        "DayTradesRemaining": "-1" if values.may_day_trade else "3",
        "HighestSeverity": "0",
        "Leverage": cents(values.gross / worth) if worth else "0.00",
        "LookAheadNextChange": "0",
    }
    found = {tag: (cents(amount), BASE) for tag, amount in money.items()}
    found |= {tag: (text, "") for tag, text in plain.items()}
    return dict(sorted(found.items()))


def ledger(part: Values, rate: float = 1.0) -> dict[str, str]:
    """What an account holds in one currency; `rate` is what a unit of it is in the base currency."""
    worth = part.by_type
    money = {
        "AccruedCash": 0.0,
        "CashBalance": part.cash,
        "CorporateBondValue": worth.get("BOND", 0.0),
        "Cryptocurrency": worth.get("CRYPTO", 0.0),
        "FundValue": worth.get("FUND", 0.0),
        "FutureOptionValue": worth.get("FOP", 0.0),
        "FuturesPNL": part.futures_pnl,
        "FxCashBalance": 0.0,
        "IssuerOptionValue": 0.0,
        "MoneyMarketFundValue": 0.0,
        "MutualFundValue": 0.0,
        "NetDividend": 0.0,
        "NetLiquidationByCurrency": part.net_liquidation,
        "OptionMarketValue": worth.get("OPT", 0.0),
        "RealizedPnL": part.realized,
        "StockMarketValue": worth.get("STK", 0.0),
        "TBillValue": 0.0,
        "TBondValue": 0.0,
        "TotalCashBalance": part.cash,
        "UnrealizedPnL": part.unrealized,
        "WarrantValue": 0.0,
    }
    found = {tag: cents(amount) for tag, amount in money.items()} | {"ExchangeRate": f"{rate:.2f}"}
    return dict(sorted(found.items()))


def updates(
    name: str, values: Values, previous: float, parts: Mapping[str, Values], rates: Mapping[str, float]
) -> list[tuple[str, str, str]]:
    """Tag, value and currency of everything that account updates send, by tag from A to Z.

    All of it is in the securities segment, as in an account without futures permissions (assumed).
    """
    rows = [
        ("AccountCode", name, ""),
        ("AccountOrGroup", name, BASE_ROWS),
        ("AccountReady", "true", ""),
        ("Currency", BASE_ROWS, BASE_ROWS),
        ("NLVAndMarginInReview", "false", ""),
        ("RealCurrency", BASE_ROWS, BASE_ROWS),
        ("SegmentTitle-C", "US Commodities", ""),
        ("SegmentTitle-S", "US Securities", ""),
        ("TradingType-S", _TRADING_TYPES[values.kind], ""),
        ("WhatIfPMEnabled", "true", ""),
    ]
    rows += [("AccountOrGroup", name, currency) for currency in parts]
    rows += [("RealCurrency", currency, currency) for currency in parts]
    rows += [("Currency", currency, currency) for currency in parts]
    for tag, (text, currency) in summary(values, previous).items():
        rows.append((tag, text, currency))
        if tag in _SEGMENTED:
            rows += [(f"{tag}-C", "0.00", currency), (f"{tag}-S", text, currency)]
    rows += [(tag, text, BASE_ROWS) for tag, text in ledger(values).items()]
    for currency, part in parts.items():
        rows += [(tag, text, currency) for tag, text in ledger(part, rates[currency]).items()]
    return sorted(rows, key=lambda row: row[0])


def wanted_currencies(tag: str, known: Sequence[str]) -> tuple[str, ...]:
    """Which currencies' rows a `$LEDGER` tag asks for: every currency then BASE, BASE alone, or one."""
    _, _, wanted = tag.partition(":")
    if wanted == "ALL":
        return (*known, BASE_ROWS)
    return tuple(currency for currency in (wanted or BASE_ROWS,) if currency in (*known, BASE_ROWS))
