"""What can be traded, and under which rules."""

import datetime as dt
from collections.abc import Sequence

from gateway.simulator.market.calendar import ZONE_ID
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.products import Product
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
        ZONE_ID,
        hours,
        liquid_hours,
        "",
        "",
    ]
    fields += [1, "ISIN", product.isin] if product.isin else [0]
    fields += [
        product.aggregate,
        product.symbol if product.underlying_type else "",
        product.underlying_type,
        ",".join([str(instrument.market_rule)] * (exchanges.count(",") + 1)),
        f"{instrument.settles:%Y%m%d}" if instrument.settles else "",
        product.stock_type,
    ]
    if version == 163:
        fields.append(plain(product.min_size))
    if version >= 164:
        fields += [plain(product.min_size), plain(product.size_step), plain(product.suggested_size)]
    if version >= 186:
        fields.append(0)
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
            fields += [ascii7(instrument.product.long_name), ""]
    return fields


def option_parameters(
    req_id: int,
    exchange: str,
    underlying: Instrument,
    option_class: Product,
    expiries: Sequence[dt.date],
    strikes: Sequence[float],
) -> Fields:
    """A class on one exchange: every expiry and every strike, not which belong together."""
    return [
        75,
        req_id,
        exchange,
        underlying.con_id,
        option_class.trading_class,
        option_class.multiplier_text,
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
