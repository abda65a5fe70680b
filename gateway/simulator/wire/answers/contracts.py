"""What can be traded, and under which rules."""

import datetime as dt
from collections.abc import Sequence

from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.products import Bond, Fund, Product
from gateway.simulator.wire.answers.fields import Fields
from gateway.simulator.wire.text import ascii7, plain


def contract_details(
    version: int, req_id: int, instrument: Instrument, exchange: str, hours: str, liquid_hours: str
) -> Fields:
    """One contract with everything about it."""
    product = instrument.product
    fields: Fields = [10] if version >= 164 else [10, 8]
    fields += [req_id, instrument.symbol, instrument.sec_type, instrument.expiry_text]
    if version >= 182:
        fields.append(instrument.expiry_text)
    fields += [
        plain(instrument.strike) if instrument.is_option else "0",
        instrument.right,
        exchange,
        instrument.currency,
        instrument.local_symbol,
        instrument.trading_class,
        instrument.trading_class,
        instrument.con_id,
        plain(instrument.min_tick),
    ]
    if version < 164:
        fields.append(100)
    exchanges = instrument.exchanges
    fields += [
        instrument.multiplier_text,
        instrument.order_types,
        exchanges,
        1,
        instrument.on,
        ascii7(product.long_name),
        instrument.primary_exchange,
        instrument.contract_month,
        product.industry,
        product.category,
        product.subcategory,
        instrument.zone,
        hours,
        liquid_hours,
        "",
        "",
    ]
    fields += _security_ids(product)
    fields += [
        product.aggregate,
        product.symbol if product.underlying_type else "",
        product.underlying_type,
        _rules(instrument),
        f"{instrument.settles:%Y%m%d}" if instrument.settles else "",
        product.stock_type,
    ]
    if version == 163:
        fields.append(plain(product.min_size))
    if version >= 164:
        fields += _sizes(product)
    if version >= 179 and product.fund is not None:
        fields += _fund(product.fund)
    if version >= 186:
        fields.append(0)
    return fields


def _security_ids(product: Product) -> Fields:
    return [1, "ISIN", product.isin] if product.isin else [0]


def _rules(instrument: Instrument) -> str:
    """A market rule for each exchange."""
    return ",".join([str(instrument.market_rule)] * (instrument.exchanges.count(",") + 1))


def _sizes(product: Product) -> Fields:
    return [plain(product.min_size), plain(product.size_step), plain(product.suggested_size)]


def _fund(fund: Fund) -> Fields:
    """The seventeen fields that only funds have."""
    return [
        fund.name,
        fund.family,
        fund.kind,
        fund.front_load,
        fund.back_load,
        fund.back_load_interval,
        fund.management_fee,
        False,
        False,
        False,
        "",
        fund.minimum,
        fund.following,
        "",
        "",
        fund.policy,
        fund.assets,
    ]


def bond_details(
    version: int, req_id: int, instrument: Instrument, bond: Bond, exchange: str, hours: str, liquid_hours: str
) -> Fields:
    """One bond with everything about it: a message of its own."""
    product = instrument.product
    fields: Fields = [18] if version >= 164 else [18, 6]
    fields += [
        req_id,
        instrument.symbol,
        instrument.sec_type,
        product.cusip,
        plain(bond.coupon),
        bond.maturity,
        bond.issued,
        bond.ratings,
        bond.kind,
        "FIXED",
        False,
        bond.callable,
        False,
        bond.description,
        exchange,
        instrument.currency,
        instrument.trading_class,
        instrument.trading_class,
        instrument.con_id,
        plain(instrument.min_tick),
    ]
    if version < 164:
        fields.append(100)
    fields += [instrument.order_types, instrument.exchanges, "", "", False, "", ascii7(product.long_name)]
    if version >= 188:
        fields += [instrument.zone, hours, liquid_hours]
    fields += ["", "", *_security_ids(product), product.aggregate, _rules(instrument)]
    if version >= 164:
        fields += _sizes(product)
    return fields


def contract_details_end(req_id: int) -> Fields:
    return [52, 1, req_id]


def symbol_samples(version: int, req_id: int, found: Sequence[tuple[Instrument, Sequence[str]]]) -> Fields:
    """Contracts, each with the kinds of derivatives there are on it."""
    fields: Fields = [79, req_id, len(found)]
    for instrument, derived in found:
        fields += [
            instrument.con_id,
            instrument.symbol,
            instrument.sec_type,
            instrument.primary_exchange,
            instrument.currency,
            len(derived),
            *derived,
        ]
        if version >= 176:
            bond = instrument.product.bond
            fields += [ascii7(instrument.product.long_name), bond.issuer if bond else ""]
    return fields


def option_parameters(
    req_id: int,
    exchange: str,
    underlying: Instrument,
    trading_class: str,
    multiplier: str,
    expiries: Sequence[dt.date],
    strikes: Sequence[float],
) -> Fields:
    """A class on one exchange: every expiry and every strike, not which belong together."""
    return [
        75,
        req_id,
        exchange,
        underlying.con_id,
        trading_class,
        multiplier,
        len(expiries),
        *(f"{expiry:%Y%m%d}" for expiry in expiries),
        len(strikes),
        *(plain(strike) for strike in strikes),
    ]


def option_parameters_end(req_id: int) -> Fields:
    return [76, req_id]


def market_rule(rule_id: int, increments: Sequence[tuple[float, float]]) -> Fields:
    fields: Fields = [93, rule_id, len(increments)]
    for low_edge, increment in increments:
        fields += [plain(low_edge), plain(increment)]
    return fields


def smart_components(req_id: int, components: Sequence[tuple[str, str]]) -> Fields:
    """Exchanges behind the letters of tick types 32 and 33: (exchange, letter), in the order of their bits."""
    fields: Fields = [82, req_id, len(components)]
    for bit, (exchange, letter) in enumerate(components):
        fields += [bit, exchange, letter]
    return fields


def depth_exchanges(exchanges: Sequence[tuple[str, str, str, int]]) -> Fields:
    """Where depth can be had: (exchange, secType, `Deep` for one row a price or `Deep2` for one an order, aggGroup)."""
    fields: Fields = [80, len(exchanges)]
    for exchange, sec_type, kind, group in exchanges:
        fields += [exchange, sec_type, "", kind, group]
    return fields
