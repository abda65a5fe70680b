"""Contracts to ask a gateway about, as ibapi wants them."""

from typing import Any

from ibapi.contract import Contract


def stock(symbol: str, *, exchange: str = "SMART", currency: str = "USD", primary: str = "") -> Any:
    """A stock or ETF; `primary` (its listing exchange) resolves symbols that several exchanges list."""
    contract = Contract()
    contract.symbol = symbol
    contract.secType = "STK"
    contract.exchange = exchange
    contract.primaryExchange = primary
    contract.currency = currency
    return contract


def index(symbol: str, exchange: str, *, currency: str = "USD") -> Any:
    """An index, on the exchange that computes it."""
    contract = Contract()
    contract.symbol = symbol
    contract.secType = "IND"
    contract.exchange = exchange
    contract.currency = currency
    return contract


def option(
    symbol: str, expiry: str, strike: float, right: str, *, trading_class: str, multiplier: str, currency: str = "USD"
) -> Any:
    """A listed option; `expiry` is YYYYMMDD, `right` C or P."""
    contract = Contract()
    contract.symbol = symbol
    contract.secType = "OPT"
    contract.exchange = "SMART"
    contract.currency = currency
    contract.lastTradeDateOrContractMonth = expiry
    contract.strike = strike
    contract.right = right
    contract.tradingClass = trading_class
    contract.multiplier = multiplier
    return contract


def by_id(con_id: int) -> Any:
    """Any contract that the gateway knows, by its number."""
    contract = Contract()
    contract.conId = con_id
    return contract


def forex(base: str, quote: str) -> Any:
    """A currency pair on IDEALPRO."""
    contract = Contract()
    contract.symbol = base
    contract.secType = "CASH"
    contract.exchange = "IDEALPRO"
    contract.currency = quote
    return contract
