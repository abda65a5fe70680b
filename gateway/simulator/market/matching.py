"""Whether something listed is what a client means."""

import datetime as dt
import re
from dataclasses import replace

from gateway.simulator.market.instrument import ContractQuery, Instrument
from gateway.simulator.market.products import Product

_OCC = re.compile(r"(?P<root>\S{1,6}) *(?P<date>\d{6})(?P<right>[CP])(?P<strike>\d{8})")


def has_id(product: Product, query: ContractQuery) -> bool:
    """Whether a product carries the ISIN, CUSIP or FIGI that is sought."""
    held = {"ISIN": product.isin, "CUSIP": product.cusip, "FIGI": product.figi}.get(query.sec_id_type.upper())
    return (
        bool(held)
        and held == query.sec_id
        and (not query.sec_type or query.sec_type == product.sec_type)
        and (not query.currency or query.currency == product.currency)
        and (not query.exchange or query.exchange in product.exchanges.split(","))
    )


def is_issued_by(product: Product, issuer: str) -> bool:
    """Whether it is a bond of that issuer."""
    return product.bond is not None and product.bond.issuer == issuer


def read_local_symbol(query: ContractQuery) -> ContractQuery:
    """An option's query with what its 21 OCC characters say, so that not the whole chain is looked through."""
    read = _OCC.fullmatch(query.local_symbol)
    if read is None:
        return query
    try:
        expiry = dt.datetime.strptime(read["date"], "%y%m%d").replace(tzinfo=dt.UTC)
    except ValueError:
        return query
    return replace(
        query,
        expiry=query.expiry or f"{expiry:%Y%m%d}",
        right=query.right or read["right"],
        strike=query.strike or int(read["strike"]) / 1000,
    )


def matches(instrument: Instrument, query: ContractQuery, loose: bool = False) -> bool:
    """Whether an instrument is what a query says; `loose` leaves out what a conId settles."""
    if query.exchange and query.exchange not in instrument.exchanges.split(","):
        return False
    if query.currency and query.currency != instrument.currency:
        return False
    if query.sec_type and instrument.sec_type not in query.sec_type.split("+"):
        return False
    if loose:
        return not query.symbol or query.symbol == instrument.symbol
    return (
        (not query.symbol or query.symbol in (instrument.symbol, instrument.product.cusip))
        and (not query.local_symbol or query.local_symbol == instrument.local_symbol)
        and (not query.trading_class or query.trading_class == instrument.trading_class)
        and (not query.right or query.right[0] in (instrument.right, "0", "?"))
        and (not query.multiplier or query.multiplier == instrument.multiplier_text)
        and (
            not query.primary_exchange
            or not instrument.primary_exchange
            or query.primary_exchange == instrument.primary_exchange
        )
    )
