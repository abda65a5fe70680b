"""Orders: placing, changing, cancelling, and asking which there are and what was filled."""

from gateway.simulator.api.refusals import invalid, read_only
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.api.tickets import read_ticket
from gateway.simulator.api.warnings import warnings
from gateway.simulator.broker.orders import Fill, Order, Refused, Status, Ticket
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.wire.answers import orders as answers
from gateway.simulator.wire.open_order import CompletedOrder, OpenOrder
from gateway.simulator.wire.requests import orders as requests
from gateway.simulator.wire.requests.base import Request
from gateway.simulator.wire.times import auto_cancel


def _place(session: Session, request: Request) -> None:
    assert isinstance(request, requests.PlaceOrder)
    written = request.order
    if read_only(session, written.order_id):
        return
    gateway = session.gateway
    try:
        ticket = read_ticket(gateway, written)
        if ticket.what_if:
            _preview(session, written.order_id, ticket)
            return
        gateway.tally.orders += 1
        known = (session.client_id, written.order_id) in gateway.broker.book.orders
        events = gateway.broker.place(session.client_id, written.order_id, ticket)
    except Refused as refusal:
        session.error(written.order_id, refusal.code, refusal.text, refusal.reject_json)
        return
    if not known and not any(event.order.status is Status.INACTIVE for event in events):
        for code, text in warnings(gateway, ticket):
            session.error(written.order_id, code, text)
    gateway.tell(events)


def _preview(session: Session, order_id: int, ticket: Ticket) -> None:
    """whatIf: one openOrder with the margins, and no status."""
    gateway = session.gateway
    order = Order(
        client_id=session.client_id,
        order_id=order_id,
        perm_id=0,
        ticket=ticket,
        status=Status.PRE_SUBMITTED,
        placed_at=gateway.now(),
        quantity=ticket.quantity,
    )
    instrument = gateway.instrument(ticket.con_id)
    session.send(OpenOrder(order, instrument, gateway.broker.preview(ticket)))


def _cancel(session: Session, request: Request) -> None:
    assert isinstance(request, requests.CancelOrder)
    if read_only(session, request.order_id):
        return
    gateway = session.gateway
    try:
        gateway.tell(gateway.broker.cancel(session.client_id, request.order_id))
    except Refused as refusal:
        session.error(request.order_id, refusal.code, refusal.text)


def _cancel_all(session: Session, request: Request) -> None:
    if not read_only(session, -1):
        session.gateway.tell(session.gateway.broker.cancel_all(session.client_id))


def _show(session: Session, orders: list[Order]) -> None:
    for order in orders:
        session.send(session.gateway.open_order(order))
        session.send(answers.OrderStatus(order))
    session.send(answers.OpenOrderEnd())


def _own(session: Session, request: Request) -> None:
    """The client's own orders. Asked by client 0, those entered by hand become its own (IBKR's documentation)."""
    if read_only(session, -1):
        return
    gateway = session.gateway
    if session.client_id == 0:
        gateway.tell(gateway.broker.bind())
    _show(session, [order for order in gateway.broker.book.working() if order.client_id == session.client_id])


def _all(session: Session, request: Request) -> None:
    if not read_only(session, -1):
        _show(session, session.gateway.broker.book.working())


def _auto(session: Session, request: Request) -> None:
    """Bind orders entered by hand from now on: only for client 0."""
    assert isinstance(request, requests.ReqAutoOpenOrders)
    if session.client_id != 0:
        invalid(session, -1, "Only API connections with clientId set to 0 can set the auto bind TWS orders property.")
        return
    if not read_only(session, -1):
        session.binds = request.bind


def _completed(session: Session, request: Request) -> None:
    if read_only(session, -1):
        return
    assert isinstance(request, requests.ReqCompletedOrders)
    gateway = session.gateway
    for order in list(gateway.broker.book.orders.values()):
        if request.api_only and order.entered_by_hand:
            continue
        if order.status.is_over and order.completed_at is not None:
            instrument = gateway.instrument(order.ticket.con_id)
            at = gateway.writer.moment(order.completed_at, session.version, instrument.zone)
            until = gateway.writer.wall(auto_cancel(order.placed_at)) if order.ticket.tif == "GTC" else ""
            session.send(CompletedOrder(order, instrument, at, until))
    session.send(answers.CompletedOrdersEnd())


def _executions(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqExecutions)
    gateway = session.gateway
    since = gateway.writer.read(request.time) if request.time else None
    if request.time and since is None:
        invalid(session, request.req_id, "Invalid time in the execution filter")
        return
    for fill in _fills(session, request):
        instrument = gateway.instrument(fill.con_id)
        if not _wanted(request, fill, instrument) or (since is not None and fill.at < since[0]):
            continue
        order = gateway.broker.book.orders.get((fill.client_id, fill.order_id))
        session.send(gateway.execution(session.version, request.req_id, order, fill))
        if not instrument.legs:
            session.send(answers.CommissionReport(fill))
    session.send(answers.ExecutionsEnd(request.req_id))


def _wanted(request: requests.ReqExecutions, fill: Fill, instrument: Instrument) -> bool:
    """Whether an execution passes the filter, its time apart. What is empty lets everything pass."""
    return (
        request.client_id in (0, fill.client_id)
        and request.account in ("", fill.account)
        and request.symbol in ("", instrument.symbol)
        and request.sec_type in ("", instrument.sec_type)
        and request.exchange in ("", fill.exchange)
        and request.side.upper()[:1] in ("", "B" if fill.buys else "S")
    )


def _fills(session: Session, request: requests.ReqExecutions) -> list[Fill]:
    """Today's executions, or those of the exchange days that are asked for, as far as they are remembered."""
    gateway = session.gateway
    if not (request.last_days or request.dates):
        return gateway.broker.fills_today()
    today = gateway.calendar.day_at(gateway.now()).date
    return [
        fill
        for fill in gateway.broker.fills
        if (day := gateway.calendar.day_at(fill.at)).text in request.dates
        or (request.last_days and (today - day.date).days <= request.last_days)
    ]


HANDLERS: dict[type[Request], Handler] = {
    requests.PlaceOrder: _place,
    requests.CancelOrder: _cancel,
    requests.GlobalCancel: _cancel_all,
    requests.ReqOpenOrders: _own,
    requests.ReqAllOpenOrders: _all,
    requests.ReqAutoOpenOrders: _auto,
    requests.ReqCompletedOrders: _completed,
    requests.ReqExecutions: _executions,
}
