"""Orders: placing, changing, cancelling, and asking which there are and what was filled."""

from gateway.simulator.api.session import Handler, Session
from gateway.simulator.broker.orders import SERVED_TIFS, SERVED_TYPES, Order, Refused, Status, Ticket
from gateway.simulator.wire.answers import orders as answers
from gateway.simulator.wire.open_order import completed_order, open_order
from gateway.simulator.wire.place_order import WrittenOrder
from gateway.simulator.wire.requests import orders as requests
from gateway.simulator.wire.requests.base import Request
from tws import codes

_READ_ONLY = "Error validating request.-'bO' : cause - The API interface is currently in Read-Only mode."

_KNOWN_TYPES = frozenset(
    {
        "MKT", "LMT", "STP", "STP LMT", "TRAIL", "TRAIL LIMIT", "MIT", "LIT", "MOC", "LOC", "MTL", "REL", "MIDPRICE",
        "PEG MID", "PEG BEST", "PEG BENCH", "PEG STK", "PEG MKT", "PEG PRIM", "VOL", "BOX TOP", "SNAP MID",
        "SNAP MKT", "SNAP PRIM", "MKT PRT", "STP PRT", "PASSV REL", "QUOTE",
    }
)  # fmt: skip
"""Order types of the published API; those not served are rejected as 201, anything else is no order type."""


def _guarded(session: Session, req_id: int) -> bool:
    """Whether the API may write; says so if it may not."""
    if session.gateway.settings.read_only:
        session.error(req_id, codes.VALIDATION_ERROR, _READ_ONLY)
        return False
    return True


def _place(session: Session, request: Request) -> None:
    assert isinstance(request, requests.PlaceOrder)
    written = request.order
    if not _guarded(session, written.order_id):
        return
    gateway = session.gateway
    try:
        ticket = _ticket(session, written)
        if ticket.what_if:
            _preview(session, written.order_id, ticket)
            return
        gateway.tally.orders += 1
        gateway.tell(gateway.broker.place(session.client_id, written.order_id, ticket))
    except Refused as refusal:
        session.error(written.order_id, refusal.code, refusal.text)


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
    session.send(open_order(session.version, order, instrument, gateway.broker.preview(ticket)))


def _invalid(cause: str) -> Refused:
    return Refused(codes.VALIDATION_ERROR, f"Error validating request.-'bF' : cause - {cause}")


def _ticket(session: Session, written: WrittenOrder) -> Ticket:
    """Check what the client wrote and make a ticket of it.

    Raises:
        Refused: it would be rejected before it reached the book.
    """
    gateway = session.gateway
    fields = written.fields
    order_type, action = fields["orderType"].upper(), fields["action"].upper()
    if written.combo:
        raise Refused(codes.ORDER_REJECTED, "Order rejected - reason:Combination orders are not served here.")
    if order_type not in _KNOWN_TYPES:
        raise _invalid("Invalid order type was entered")
    if order_type not in SERVED_TYPES or written.conditions or fields["algoStrategy"]:
        what = "conditions" if written.conditions else fields["algoStrategy"] or order_type
        raise Refused(codes.ORDER_REJECTED, f"Order rejected - reason:{what} is not served here.")
    if action not in ("BUY", "SELL"):
        raise _invalid("Invalid side was entered")
    quantity = written.number("totalQuantity")
    if quantity is None or not 0 < quantity < 1e9:
        raise _invalid("The size value cannot be zero")
    tif = (fields["tif"] or "DAY").upper()
    if tif not in SERVED_TIFS:
        raise Refused(codes.ORDER_REJECTED, f"Order rejected - reason:Time in force {tif} is not served here.")
    account = fields["account"] or gateway.broker.account_id
    if account not in gateway.broker.accounts:
        raise _invalid(f"Invalid account code '{account}'.")
    found = gateway.instruments.find(written.contract, gateway.now())
    if len(found) != 1:
        raise Refused(
            codes.NO_SECURITY_DEFINITION,
            codes.CODES[codes.NO_SECURITY_DEFINITION].text
            if not found
            else "The contract description specified for "
            f"{written.contract.symbol} is ambiguous; you must specify the multiplier or trading class.",
        )
    if found[0].is_option and quantity != int(quantity):
        raise _invalid("Fractional-sized order cannot be placed for this contract")
    limit, stop = written.number("lmtPrice"), written.number("auxPrice")
    if "LMT" in order_type and limit is None:
        raise _invalid("Limit price was not entered")
    if "STP" in order_type and not stop:
        raise _invalid("Stop price was not entered")
    good_till = gateway.writer.read(fields["goodTillDate"]) if fields["goodTillDate"] else None
    if tif == "GTD" and good_till is None:
        raise _invalid("Invalid time format or time zone in good-till-date")
    raw = {
        name: value
        for name, value in fields.items()
        if value and name not in ("action", "totalQuantity", "orderType", "lmtPrice", "tif", "account")
    }
    return Ticket(
        con_id=found[0].con_id,
        action=action,
        quantity=quantity,
        order_type=order_type,
        limit_price=limit if "LMT" in order_type else None,
        stop_price=stop if "STP" in order_type else None,
        tif=tif,
        oca_group=fields["ocaGroup"],
        oca_type=written.integer("ocaType") if fields["ocaGroup"] else 0,
        account=account,
        order_ref=fields["orderRef"],
        # A client that leaves the flag out means its default, which is to transmit.
        transmit=written.flag("transmit") if fields["transmit"] else True,
        parent_id=written.integer("parentId"),
        good_till=good_till[0] if good_till else None,
        what_if=written.flag("whatIf"),
        raw=raw | {"exchange": written.contract.exchange or "SMART", "submitter": gateway.settings.user},
        conditions=written.conditions,
        algo_params=written.algo_params,
    )


def _cancel(session: Session, request: Request) -> None:
    assert isinstance(request, requests.CancelOrder)
    if not _guarded(session, request.order_id):
        return
    gateway = session.gateway
    try:
        gateway.tell(gateway.broker.cancel(session.client_id, request.order_id), session)
    except Refused as refusal:
        session.error(request.order_id, refusal.code, refusal.text)


def _cancel_all(session: Session, request: Request) -> None:
    if _guarded(session, -1):
        session.gateway.tell(session.gateway.broker.cancel_all())


def _show(session: Session, orders: list[Order]) -> None:
    for order in orders:
        session.send(session.gateway.open_order(session.version, order))
        session.send(answers.order_status(order, order.client_id))
    session.send(answers.open_order_end())


def _own(session: Session, request: Request) -> None:
    if _guarded(session, -1):
        working = session.gateway.broker.book.working()
        _show(session, [order for order in working if order.client_id == session.client_id])


def _all(session: Session, request: Request) -> None:
    if _guarded(session, -1):
        _show(session, session.gateway.broker.book.working())


def _auto(session: Session, request: Request) -> None:
    """Binding of orders entered by hand: only for client 0, and nobody enters any here."""
    if session.client_id != 0:
        session.error(
            -1,
            codes.VALIDATION_ERROR,
            "Error validating request.-'bH' : cause - Only client with id 0 can bind orders automatically",
        )
        return
    _guarded(session, -1)


def _completed(session: Session, request: Request) -> None:
    if not _guarded(session, -1):
        return
    gateway = session.gateway
    for order in list(gateway.broker.book.orders.values()):
        if order.status.is_over and order.completed_at is not None:
            at = gateway.writer.moment(order.completed_at, session.version)
            instrument = gateway.instrument(order.ticket.con_id)
            session.send(completed_order(session.version, order, instrument, at))
    session.send(answers.completed_orders_end())


def _executions(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqExecutions)
    gateway = session.gateway
    since = gateway.writer.read(request.time) if request.time else None
    if request.time and since is None:
        session.error(
            request.req_id,
            codes.VALIDATION_ERROR,
            "Error validating request.-'bH' : cause - Invalid time in the execution filter",
        )
        return
    for fill in gateway.broker.fills_today():
        instrument = gateway.instrument(fill.con_id)
        if (
            (request.client_id and fill.client_id != request.client_id)
            or (request.account and fill.account != request.account)
            or (request.symbol and instrument.symbol != request.symbol)
            or (request.sec_type and instrument.sec_type != request.sec_type)
            or (request.exchange and fill.exchange != request.exchange)
            or (request.side and request.side.upper()[0] != ("B" if fill.buys else "S"))
            or (since is not None and fill.at < since[0])
        ):
            continue
        order = gateway.broker.book.orders.get((fill.client_id, fill.order_id))
        session.send(gateway.execution(session.version, request.req_id, order, fill))
        session.send(answers.commission_report(fill))
    session.send(answers.executions_end(request.req_id))


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
