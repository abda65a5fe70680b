"""What the gateway sends: one function a message, from values to fields, gated by server version.

Where a number's spelling matters (a trailing .0, two decimals) it is that of captured frames.
"""

import datetime as dt
from collections.abc import Iterable, Sequence

from gateway.simulator.broker.account import Holding, Position
from gateway.simulator.broker.orders import Fill, Order
from gateway.simulator.market.calendar import ZONE_ID
from gateway.simulator.market.instruments import OPTION_ORDER_TYPES, STOCK_ORDER_TYPES, Instrument
from gateway.simulator.market.options import Valuation
from gateway.simulator.wire.text import UNSET_DOUBLE, Value, ascii7, cents, double, plain

type Fields = list[Value]


def contract(instrument: Instrument, exchange: str, *, strike: str = "0", no_right: str = "") -> Fields:
    """The eleven contract fields most messages carry; how an absent strike and right are written differs."""
    return [
        instrument.con_id,
        instrument.symbol,
        instrument.sec_type,
        instrument.expiry_text,
        plain(instrument.strike) if instrument.is_option else strike,
        instrument.right or no_right,
        instrument.multiplier_text,
        exchange,
        "USD",
        instrument.local_symbol,
        instrument.trading_class,
    ]


# -- session -----------------------------------------------------------------------------------------------------------


def managed_accounts(account: str) -> Fields:
    return [15, 1, account]


def next_valid_id(order_id: int) -> Fields:
    return [9, 1, order_id]


def error(version: int, req_id: int, code: int, text: str, at: dt.datetime, reject_json: str = "") -> Fields:
    """Message 4: errors, warnings and notices alike."""
    fields: Fields = [4] if version >= 194 else [4, 2]
    fields += [req_id, code, ascii7(text)]
    if version >= 166:
        fields.append(ascii7(reject_json))
    if version >= 194:
        fields.append(int(at.timestamp() * 1000))
    return fields


def current_time(at: dt.datetime) -> Fields:
    return [49, 1, int(at.timestamp())]


def current_time_millis(at: dt.datetime) -> Fields:
    return [109, int(at.timestamp() * 1000)]


def user_info(req_id: int) -> Fields:
    return [107, req_id, ""]


def family_codes(account: str) -> Fields:
    return [78, 1, account, ""]


def news_providers() -> Fields:
    return [85, 0]


# -- contracts ---------------------------------------------------------------------------------------------------------


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


# -- market data -------------------------------------------------------------------------------------------------------


def market_data_type(req_id: int, kind: int) -> Fields:
    return [58, 1, req_id, kind]


def tick_parameters(req_id: int, instrument: Instrument) -> Fields:
    return [81, req_id, plain(instrument.min_tick), "9c0001", 3]


def tick_price(req_id: int, kind: int, price: float, size: int, mask: int) -> Fields:
    return [1, 6, req_id, kind, plain(price) if price < 0 else cents(price), size, mask]


def tick_size(req_id: int, kind: int, size: int) -> Fields:
    return [2, 6, req_id, kind, size]


def tick_generic(req_id: int, kind: int, value: float) -> Fields:
    return [45, 6, req_id, kind, double(value)]


def tick_string(req_id: int, kind: int, value: str) -> Fields:
    return [46, 6, req_id, kind, value]


def tick_option(req_id: int, kind: int, at_price: float, valued: Valuation, underlying: float) -> Fields:
    """Volatility and Greeks at a price (bid, ask, last) or of the model."""
    return [
        21,
        req_id,
        kind,
        0,
        valued.volatility,
        valued.delta,
        at_price,
        0.0,
        valued.gamma,
        valued.vega,
        valued.theta,
        round(underlying, 2),
    ]


def snapshot_end(req_id: int) -> Fields:
    return [57, 1, req_id]


def tick_by_tick_last(req_id: int, kind: int, epoch: int, price: float, size: int, exchange: str) -> Fields:
    """Kind 1 Last, 2 AllLast."""
    return [99, req_id, kind, epoch, cents(price), size, 0, exchange, ""]


def tick_by_tick_quote(req_id: int, epoch: int, bid: float, ask: float, bid_size: int, ask_size: int) -> Fields:
    return [99, req_id, 3, epoch, cents(max(bid, 0.0)), cents(ask), bid_size, ask_size, 0]


def tick_by_tick_mid(req_id: int, epoch: int, price: float) -> Fields:
    return [99, req_id, 4, epoch, plain(round(price, 4))]


def real_time_bar(
    req_id: int, epoch: int, bar: tuple[float, float, float, float], volume: int, average: float, count: int
) -> Fields:
    return [50, 3, req_id, epoch, *(cents(price) for price in bar), volume, plain(average), count]


# -- history -----------------------------------------------------------------------------------------------------------


def historical_data(version: int, req_id: int, start: str, end: str, bars: Sequence[tuple[Value, ...]]) -> Fields:
    """Bars as (date, open, high, low, close, volume, average, count); before 196 with the ends of the stretch."""
    fields: Fields = [17, req_id]
    if version < 196:
        fields += [start, end]
    fields.append(len(bars))
    for bar in bars:
        fields += bar
    return fields


def historical_data_end(req_id: int, start: str, end: str) -> Fields:
    """From 196 on."""
    return [108, req_id, start, end]


def historical_update(
    req_id: int,
    date: str,
    bar: tuple[float, float, float, float],
    volume: int,
    average: float,
    count: int,
) -> Fields:
    """A live bar of a keepUpToDate query; open, close, high, low in this order."""
    opened, high, low, close = bar
    return [
        90,
        req_id,
        count,
        date,
        cents(opened),
        cents(close),
        cents(high),
        cents(low),
        plain(average),
        volume,
    ]


def head_timestamp(req_id: int, at: str) -> Fields:
    return [88, req_id, at]


def historical_ticks(req_id: int, rows: Iterable[tuple[int, float, int]], done: bool) -> Fields:
    """Midpoints: (epoch, price, size)."""
    flat: Fields = []
    count = 0
    for epoch, price, size in rows:
        flat += [epoch, 0, plain(round(price, 4)), size]
        count += 1
    return [96, req_id, count, *flat, int(done)]


def historical_ticks_quotes(req_id: int, rows: Iterable[tuple[int, float, float, int, int]], done: bool) -> Fields:
    """Quotes: (epoch, bid, ask, bid size, ask size)."""
    flat: Fields = []
    count = 0
    for epoch, bid, ask, bid_size, ask_size in rows:
        flat += [epoch, 0, cents(bid), cents(ask), bid_size, ask_size]
        count += 1
    return [97, req_id, count, *flat, int(done)]


def historical_ticks_trades(req_id: int, rows: Iterable[tuple[int, float, int, str]], done: bool) -> Fields:
    """Trades: (epoch, price, size, exchange)."""
    flat: Fields = []
    count = 0
    for epoch, price, size, exchange in rows:
        flat += [epoch, 0, cents(price), size, exchange, ""]
        count += 1
    return [98, req_id, count, *flat, int(done)]


def historical_schedule(
    req_id: int, start: str, end: str, zone: str, sessions: Sequence[tuple[str, str, str]]
) -> Fields:
    """Sessions as (start, end, date), local to the zone. From 165 on."""
    flat: Fields = []
    for session in sessions:
        flat += session
    return [106, req_id, start, end, zone, len(sessions), *flat]


# -- account -----------------------------------------------------------------------------------------------------------


def account_summary(req_id: int, account: str, tag: str, value: str, currency: str) -> Fields:
    return [63, 1, req_id, account, tag, value, currency]


def account_summary_end(req_id: int) -> Fields:
    return [64, 1, req_id]


def account_value(key: str, value: str, currency: str, account: str) -> Fields:
    return [6, 2, key, value, currency, account]


def portfolio_value(instrument: Instrument, holding: Holding, account: str) -> Fields:
    position = holding.position
    return [
        7,
        8,
        instrument.con_id,
        instrument.symbol,
        instrument.sec_type,
        instrument.expiry_text,
        plain(instrument.strike) if instrument.is_option else "0",
        instrument.right or "0",
        instrument.multiplier_text,
        instrument.listing,
        "USD",
        instrument.local_symbol,
        instrument.trading_class,
        plain(position.quantity),
        f"{holding.price:.7f}",
        cents(holding.value),
        f"{position.average_cost:.7f}",
        cents(holding.unrealized),
        cents(position.realized),
        account,
    ]


def account_time(clock: str) -> Fields:
    return [8, 1, clock]


def account_download_end(account: str) -> Fields:
    return [54, 1, account]


def position(instrument: Instrument, held: Position, account: str) -> Fields:
    return [
        61,
        3,
        account,
        *contract(instrument, instrument.listing, strike="0.0"),
        plain(held.quantity),
        plain(round(held.average_cost, 7)),
    ]


def position_end() -> Fields:
    return [62, 1]


def position_multi(req_id: int, instrument: Instrument, held: Position, account: str) -> Fields:
    return [
        71,
        1,
        req_id,
        account,
        *contract(instrument, instrument.listing, strike="0.0"),
        plain(held.quantity),
        plain(round(held.average_cost, 7)),
        "",
    ]


def position_multi_end(req_id: int) -> Fields:
    return [72, 1, req_id]


def account_update_multi(req_id: int, account: str, key: str, value: str, currency: str) -> Fields:
    return [73, 1, req_id, account, "", key, value, currency]


def account_update_multi_end(req_id: int) -> Fields:
    return [74, 1, req_id]


def pnl(req_id: int, daily: float, unrealized: float, realized: float) -> Fields:
    return [94, req_id, double(round(daily, 4)), double(round(unrealized, 4)), double(round(realized, 4))]


def pnl_single(req_id: int, quantity: float, daily: float, unrealized: float, realized: float, value: float) -> Fields:
    return [95, req_id, plain(quantity), *(double(round(x, 4)) for x in (daily, unrealized, realized, value))]


def pnl_single_unset(req_id: int) -> Fields:
    """For a contract that is not held."""
    return [95, req_id, 0, *[UNSET_DOUBLE] * 4]


# -- orders ------------------------------------------------------------------------------------------------------------


def order_status(order: Order, client_id: int) -> Fields:
    """`client_id` is the owner's, or that of the client that cancelled."""
    return [
        3,
        order.order_id,
        str(order.status),
        plain(order.filled),
        plain(order.remaining),
        plain(round(order.average_price, 8)),
        order.perm_id,
        order.ticket.parent_id,
        plain(order.last_price),
        client_id,
        order.why_held,
        0,
    ]


def open_order_end() -> Fields:
    return [53, 1]


def completed_orders_end() -> Fields:
    return [102]


def execution(version: int, req_id: int, instrument: Instrument, fill: Fill, at: str, submitter: str) -> Fields:
    """Message 11; `req_id` is -1 when nobody asked."""
    fields: Fields = [
        11,
        req_id,
        fill.order_id,
        *contract(instrument, fill.exchange, strike="0.0"),
        fill.exec_id,
        at,
        fill.account,
        fill.exchange,
        "BOT" if fill.buys else "SLD",
        plain(fill.shares),
        plain(fill.price),
        fill.perm_id,
        fill.client_id,
        0,
        plain(fill.cumulative),
        plain(round(fill.average_price, 8)),
        fill.order_ref,
        "",
        "",
        "",
        fill.liquidity,
    ]
    if version >= 178:
        fields.append(0)
    if version >= 198:
        fields.append(submitter)
    return fields


def executions_end(req_id: int) -> Fields:
    return [55, 1, req_id]


def commission_report(fill: Fill) -> Fields:
    realized = UNSET_DOUBLE if fill.realized is None else plain(fill.realized)
    return [59, 1, fill.exec_id, plain(fill.commission), "USD", realized, UNSET_DOUBLE, ""]
