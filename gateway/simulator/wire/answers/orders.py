"""What happens to orders: status, executions, commissions. An order itself is in `wire.open_order`."""

from gateway.simulator.broker.orders import Fill, Order, Status
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.wire.answers.fields import Fields, contract
from gateway.simulator.wire.text import UNSET_DOUBLE, plain


def order_status(order: Order) -> Fields:
    """Message 3. The client id is the owner's, but that of the client that cancelled it once it did (captured)."""
    canceller = order.cancelled_by
    return [
        3,
        order.shown_id,
        str(order.status),
        plain(order.filled),
        plain(order.remaining),
        plain(round(order.average_price, 8)),
        order.perm_id,
        order.ticket.parent_id,
        plain(order.last_price),
        canceller if canceller is not None and order.status is not Status.FILLED else order.client_id,
        order.why_held,
        0,
    ]


def order_bound(order: Order) -> Fields:
    """Message 100: an order entered by hand has an id of the API now."""
    return [100, order.perm_id, order.client_id, order.order_id]


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
        fill.model_code,
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
    return [59, 1, fill.exec_id, plain(fill.commission), fill.currency, realized, UNSET_DOUBLE, ""]
