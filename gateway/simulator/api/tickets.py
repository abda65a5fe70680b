"""From what a client wrote to a ticket the broker can work with, or the error that the gateway answers with."""

import datetime as dt
from dataclasses import dataclass, replace

from gateway.simulator.api.gateway import Gateway
from gateway.simulator.api.one_contract import ambiguous
from gateway.simulator.broker import conditions
from gateway.simulator.broker.conditions import Kind
from gateway.simulator.broker.order_types import OTHER_TYPES, TIMES_IN_FORCE, TYPES, OrderType, Trigger, canonical
from gateway.simulator.broker.orders import Adjustment, Leg, Refused, Ticket
from gateway.simulator.market.instruments import ContractQuery, Instrument
from gateway.simulator.wire.place_order import ATTACHED, LEG, WrittenOrder
from tws import codes

ALGORITHMS = frozenset(
    {
        "Adaptive", "ArrivalPx", "BalanceImpactRisk", "ClosePx", "DarkIce", "MinImpact", "PctVol", "PctVolPx",
        "PctVolSz", "PctVolTm", "Twap", "Vwap", "AD",
    }
)  # fmt: skip
"""IB algorithms that are taken; their orders then trade as if they had none."""

_ECHOED_BY_THE_TICKET = ("action", "totalQuantity", "orderType", "lmtPrice", "tif", "account")


def invalid(cause: str) -> Refused:
    """Error 321 in the gateway's words."""
    return Refused(codes.VALIDATION_ERROR, f"Error validating request.-'bF' : cause - {cause}")


def read_ticket(gateway: Gateway, written: WrittenOrder) -> Ticket:
    """Check what the client wrote and make a ticket of it.

    Raises:
        Refused: it would be rejected before it reached the book.
        RequestMalformed: a field is no number.
    """
    fields = written.fields
    order_type, action = _type_and_side(written)
    quantity = _quantity(written)
    tif = _time_in_force(written)
    account = _account(gateway, written)
    if not written.contract.exchange.strip():
        raise invalid("Missing order exchange")
    legs = _legs(written)
    instrument = _instrument(gateway, replace(written.contract, legs=tuple(leg.part for leg in legs)))
    _check_type(order_type, tif, instrument)
    if abs(quantity / instrument.size_step - round(quantity / instrument.size_step)) > 1e-6:
        raise invalid("Fractional-sized order cannot be placed for this contract")
    what_if, transmit = _intent(written)
    _check_algorithm(fields["algoStrategy"], order_type)
    kind = TYPES[order_type]
    prices = _prices(written, kind)
    good_till = _moment(gateway, fields["goodTillDate"], "good-till-date")
    if tif == "GTD" and good_till is None:
        raise invalid("Invalid time format or time zone in good-till-date")
    discretionary = _discretionary(written, order_type)
    min_quantity = written.number("minQty") or 0.0
    if min_quantity > quantity:
        raise invalid("Minimum quantity is more than the size of the order")
    oca_type = _oca_type(written)
    _check_later(written, order_type)
    raw = {name: value for name, value in fields.items() if value and name not in _ECHOED_BY_THE_TICKET}
    if legs:
        raw |= {"symbol": instrument.symbol, "currency": instrument.currency}
    return Ticket(
        con_id=instrument.con_id,
        action=action,
        quantity=quantity,
        order_type=order_type,
        tif=tif,
        account=account,
        limit_price=_limit(kind, prices.limit),
        stop_price=prices.aux if kind.needs_stop else None,
        oca_group=fields["ocaGroup"],
        oca_type=oca_type,
        order_ref=fields["orderRef"],
        transmit=transmit,
        parent_id=written.integer("parentId"),
        good_till=good_till,
        what_if=what_if,
        raw=raw | {"exchange": written.contract.exchange, "submitter": gateway.settings.user},
        conditions=tuple(_condition(gateway, row) for row in written.conditions),
        algo_params=written.algo_params,
        trigger_method=written.integer("triggerMethod"),
        trail_amount=prices.aux if kind.trigger is Trigger.TRAIL and not prices.trail_percent else None,
        trail_percent=prices.trail_percent,
        trail_stop=prices.trail_stop,
        limit_offset=_limit_offset(written, prices) if order_type == "TRAIL LIMIT" else None,
        offset=_offset(kind, prices.aux),
        outside_rth=written.flag("outsideRth"),
        good_after=_moment(gateway, fields["goodAfterTime"], "good-after-time"),
        all_or_none=written.flag("allOrNone"),
        min_quantity=min_quantity,
        discretionary=discretionary,
        adjustment=_adjustment(written, kind.trigger),
        conditions_ignore_rth=bool(written.conditions) and written.flag("conditionsIgnoreRth"),
        cancel_on_condition=bool(written.conditions) and written.flag("conditionsCancelOrder"),
        auto_cancel_parent=bool(fields.get("autoCancelParent")) and written.flag("autoCancelParent"),
        legs=legs,
        combo=written.combo,
    )


def by_hand(gateway: Gateway, con_id: int, action: str, quantity: float, limit_price: float | None, tif: str) -> Ticket:
    """A ticket as somebody fills it in at the gateway itself: at the market, or at a limit."""
    return Ticket(
        con_id=con_id,
        action=action,
        quantity=quantity,
        order_type="MKT" if limit_price is None else "LMT",
        tif=tif,
        account=gateway.broker.account_id,
        limit_price=limit_price,
        raw={"exchange": "SMART", "submitter": gateway.settings.user},
    )


# -- one field, or two, each read and checked --------------------------------------------------------------------------


def _type_and_side(written: WrittenOrder) -> tuple[str, str]:
    order_type, action = canonical(written.fields["orderType"]), written.fields["action"].upper()
    if order_type not in TYPES and order_type not in OTHER_TYPES:
        raise invalid("Invalid order type was entered")
    if action not in ("BUY", "SELL"):
        raise invalid("Invalid side was entered")
    return order_type, action


def _quantity(written: WrittenOrder) -> float:
    quantity = written.number("totalQuantity")
    if quantity is None or not 0 < quantity < 1e9:
        raise invalid("The size value cannot be zero")
    return quantity


def _time_in_force(written: WrittenOrder) -> str:
    tif = (written.fields["tif"] or "DAY").upper()
    if tif not in TIMES_IN_FORCE:
        raise invalid("Invalid time in force was entered")
    return tif


def _account(gateway: Gateway, written: WrittenOrder) -> str:
    account = written.fields["account"] or gateway.broker.account_id
    if account not in gateway.broker.accounts:
        raise invalid(f"Invalid account code '{account}'.")
    return account


def _intent(written: WrittenOrder) -> tuple[bool, bool]:
    """Whether it only asks what would be, and whether it is to be transmitted. A client that leaves that flag out means
    its default, which is yes."""
    what_if = written.flag("whatIf")
    transmit = written.flag("transmit") if written.fields["transmit"] else True
    if what_if and not transmit:
        raise Refused(codes.WHAT_IF_UNTRANSMITTED, codes.text(codes.WHAT_IF_UNTRANSMITTED))
    return what_if, transmit


@dataclass(frozen=True, slots=True)
class _Prices:
    """The prices of an order, none of which its type needs is missing."""

    limit: float | None
    aux: float | None
    """A stop, a trailing amount or a peg's distance, by the type."""
    trail_percent: float | None
    trail_stop: float | None


def _prices(written: WrittenOrder, kind: OrderType) -> _Prices:
    limit, aux = written.number("lmtPrice"), written.number("auxPrice")
    if kind.needs_limit and limit is None:
        raise invalid("Limit price was not entered")
    if kind.needs_stop and not aux:
        raise invalid("Stop price was not entered")
    if kind.trigger is not Trigger.TRAIL:
        return _Prices(limit, aux, None, None)
    percent = written.number("trailingPercent")
    if not (aux or percent):
        raise invalid("Trailing amount or percentage was not entered")
    return _Prices(limit, aux, percent or None, written.number("trailStopPrice"))


def _discretionary(written: WrittenOrder, order_type: str) -> float:
    amount = written.number("discretionaryAmt") or 0.0
    if amount and order_type != "LMT":
        raise Refused(codes.DISCRETIONARY, codes.text(codes.DISCRETIONARY))
    return amount


def _oca_type(written: WrittenOrder) -> int:
    oca_type = written.integer("ocaType") if written.fields["ocaGroup"] else 0
    if not 0 <= oca_type <= 3:
        raise invalid("Invalid OCA type was entered")
    return oca_type


# -- against the instrument and the type -------------------------------------------------------------------------------


def _instrument(gateway: Gateway, contract: ContractQuery) -> Instrument:
    found = gateway.instruments.find(contract, gateway.now())
    if not found:
        raise Refused(codes.NO_SECURITY_DEFINITION, codes.text(codes.NO_SECURITY_DEFINITION))
    if len(found) > 1:
        raise Refused(codes.NO_SECURITY_DEFINITION, ambiguous(contract))
    return found[0]


def _check_type(order_type: str, tif: str, instrument: Instrument) -> None:
    listed = instrument.order_types.split(",")
    usable = order_type in TYPES and TYPES[order_type].listed_as in listed and (tif != "OPG" or "OPG" in listed)
    if not (usable and instrument.tradable):
        raise Refused(codes.UNSUPPORTED_ORDER_TYPE, codes.text(codes.UNSUPPORTED_ORDER_TYPE))


def _check_algorithm(name: str, order_type: str) -> None:
    if name and name not in ALGORITHMS:
        raise Refused(codes.ALGORITHM_UNKNOWN, codes.text(codes.ALGORITHM_UNKNOWN))
    if name and order_type not in ("LMT", "MKT"):
        raise Refused(codes.ALGORITHM_NOT_ALLOWED, codes.text(codes.ALGORITHM_NOT_ALLOWED))


def _check_later(written: WrittenOrder, order_type: str) -> None:
    """What came with server versions 216 and 218 and is not served."""
    fields = written.fields
    if any(fields.get(name) for name in ATTACHED):
        raise invalid("Attached orders are not supported: their prices are presets of a real gateway's own screen")
    if fields.get("deactivate") == "1":
        raise invalid("Deactivating an order is not supported")
    if fields.get("postOnly") == "1" and order_type != "LMT":
        raise invalid("Post only is for limit orders")


def _limit(kind: OrderType, limit: float | None) -> float | None:
    """The limit itself, or the cap of a peg, where 0 is none. A trailing limit follows its stop instead."""
    if kind.needs_limit:
        return limit
    return limit or None if kind.is_pegged else None


def _limit_offset(written: WrittenOrder, prices: _Prices) -> float:
    offset = written.number("lmtPriceOffset")
    if offset is not None:
        return offset
    return abs(prices.trail_stop - prices.limit) if prices.trail_stop and prices.limit else 0.0


def _offset(kind: OrderType, aux: float | None) -> float:
    """A peg's or snap's distance, in dollars."""
    return (aux or 0.0) if kind.is_pegged else 0.0


def _adjustment(written: WrittenOrder, trigger: Trigger) -> Adjustment | None:
    order_type = canonical(written.fields["adjustedOrderType"])
    if trigger is not Trigger.STOP or order_type not in ("STP", "STP LMT", "TRAIL", "TRAIL LIMIT"):
        return None
    price, stop = written.number("triggerPrice"), written.number("adjustedStopPrice")
    limit, trail = written.number("adjustedStopLimitPrice"), written.number("adjustedTrailingAmount")
    missing = (
        codes.INVALID_TRIGGER_PRICE
        if not price
        else codes.INVALID_ADJUSTED_STOP
        if not stop
        else codes.INVALID_ADJUSTED_LIMIT
        if order_type.endswith("LMT") and not limit
        else codes.INVALID_ADJUSTED_TRAIL
        if order_type.startswith("TRAIL") and not trail
        else 0
    )
    if missing or not price:
        raise Refused(missing, codes.text(missing))
    return Adjustment(order_type, price, stop, limit, trail, in_percent=written.integer("adjustableTrailingUnit") != 0)


def _condition(gateway: Gateway, row: tuple[str, ...]) -> tuple[str, ...]:
    if row[0] == Kind.TIME:
        moment = gateway.writer.read(row[3])
        if moment is None:
            raise invalid("Invalid time format or time zone in condition")
        row = (*row[:3], conditions.written(moment[0]))
    wrong = conditions.check(row)
    if not wrong and row[0] in (Kind.PRICE, Kind.VOLUME, Kind.CHANGE):
        wrong = "" if gateway.instruments.by_id(int(row[4])) else "Invalid contract in condition"
    if wrong:
        raise invalid(wrong)
    return row


def _legs(written: WrittenOrder) -> tuple[Leg, ...]:
    """A combination's legs.

    Raises:
        Refused: there are none, or one is no leg.
    """
    if not written.combo:
        return ()
    fields = written.combo[0]
    rows = [fields[at : at + len(LEG)] for at in range(0, len(fields), len(LEG))]
    if not rows:
        raise Refused(codes.COMBO_LEGS_MISSING, codes.text(codes.COMBO_LEGS_MISSING))
    try:
        legs = tuple(Leg(int(row[0]), int(row[1]), row[2].upper(), row[3]) for row in rows)
    except ValueError:
        legs = ()
    if not legs or any(leg.ratio < 1 or leg.action not in ("BUY", "SELL") for leg in legs):
        raise Refused(codes.COMBO_INVALID, codes.text(codes.COMBO_INVALID))
    return legs


def _moment(gateway: Gateway, text: str, what: str) -> dt.datetime | None:
    if not text:
        return None
    moment = gateway.writer.read(text)
    if moment is None:
        raise invalid(f"Invalid time format or time zone in {what}")
    return moment[0]
