"""What can be traded, and under which rules."""

import datetime as dt
from collections.abc import Sequence

from gateway.simulator.market.calendar import ZONE_ID
from gateway.simulator.market.instruments import OPTION_ORDER_TYPES, STOCK_ORDER_TYPES, Instrument
from gateway.simulator.wire.answers.fields import Fields
from gateway.simulator.wire.text import ascii7, plain


def contract_details(version: int, req_id: int, instrument: Instrument, exchange: str, hours: str) -> Fields:
    """One contract with everything about it. `hours` serve as trading and liquid hours."""
    stock = instrument.stock
    option = instrument.is_option
    fields: Fields = [10] if version >= 164 else [10, 8]
    fields += [req_id, instrument.symbol, instrument.sec_type, instrument.expiry_text]
    if version >= 182:
        fields.append(instrument.expiry_text)
    fields += [
        plain(instrument.strike) if option else "0",
        instrument.right,
        exchange,
        "USD",
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
        OPTION_ORDER_TYPES if option else STOCK_ORDER_TYPES,
        exchanges,
        1,
        stock.con_id if option else 0,
        ascii7(stock.long_name),
        instrument.primary_exchange,
        f"{instrument.expiry:%Y%m}" if instrument.expiry else "",
        stock.industry,
        stock.category,
        stock.subcategory,
        ZONE_ID,
        hours,
        hours,
        "",
        "",
    ]
    fields += [0] if option else [1, "ISIN", stock.isin]
    fields += [
        2 if option else 1,
        stock.symbol if option else "",
        "STK" if option else "",
        ",".join(["26"] * (exchanges.count(",") + 1)),
        instrument.expiry_text,
        "" if option else stock.stock_type,
    ]
    smallest = "1" if option else "0.0001"
    if version == 163:
        fields.append(smallest)
    if version >= 164:
        fields += [smallest, smallest, "1" if option else "100"]
    if version >= 186:
        fields.append(0)
    return fields


def contract_details_end(req_id: int) -> Fields:
    return [52, 1, req_id]


def symbol_samples(version: int, req_id: int, found: Sequence[Instrument]) -> Fields:
    fields: Fields = [79, req_id, len(found)]
    for instrument in found:
        derived = ["OPT"] if instrument.stock.has_options else []
        fields += [
            instrument.con_id,
            instrument.symbol,
            instrument.sec_type,
            instrument.primary_exchange,
            "USD",
            len(derived),
            *derived,
        ]
        if version >= 176:
            fields += [ascii7(instrument.stock.long_name), ""]
    return fields


def option_parameters(
    req_id: int, exchange: str, underlying: Instrument, expiries: Sequence[dt.date], strikes: Sequence[float]
) -> Fields:
    """The chain on one exchange: every expiry and every strike, not which belong together."""
    return [
        75,
        req_id,
        exchange,
        underlying.con_id,
        underlying.symbol,
        "100",
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
