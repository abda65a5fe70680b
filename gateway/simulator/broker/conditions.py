"""The six conditions an order can wait for, or be cancelled by. Pure.

A condition is kept as the wire's fields, because openOrder shows it again:
type, conjunction with the one after it (a or o), then what the type needs.
"""

import datetime as dt
import itertools
from collections.abc import Sequence
from enum import StrEnum

from gateway.simulator.broker.orders import Order
from gateway.simulator.broker.sight import Sight
from gateway.simulator.broker.triggers import method_of, prices


class Kind(StrEnum):
    """What a condition is about, as the wire numbers it."""

    PRICE = "1"
    TIME = "3"
    MARGIN = "4"
    EXECUTION = "5"
    VOLUME = "6"
    CHANGE = "7"


_TIME = "%Y%m%d-%H:%M:%S"

type Row = Sequence[str]


def written(moment: dt.datetime) -> str:
    """A moment as time conditions are kept: UTC with a dash."""
    return f"{moment.astimezone(dt.UTC):{_TIME}}"


def check(row: Row) -> str:
    """What is wrong with a condition, nothing if it can be watched."""
    try:
        match row[0]:
            case Kind.PRICE | Kind.VOLUME | Kind.CHANGE:
                float(row[3])
                if int(row[4]) <= 0:
                    return "Invalid contract in condition"
            case Kind.TIME:
                _moment(row[3])
            case Kind.MARGIN:
                float(row[3])
            case Kind.EXECUTION:
                if not row[4]:
                    return "Symbol is missing in condition"
            case _:
                return "Invalid condition type"
    except (ValueError, IndexError):
        return "Invalid condition value"
    return ""


def met(order: Order, sight: Sight, now: dt.datetime) -> bool:
    """Whether an order's conditions hold together now, taken from left to right.

    Where the order says that conditions count in regular hours only, those on a contract do.
    """
    rows = order.ticket.conditions
    result = _holds(rows[0], order, sight, now)
    for before, row in itertools.pairwise(rows):
        if before[1] == "o":
            result = result or _holds(row, order, sight, now)
        else:
            result = result and _holds(row, order, sight, now)
    return result


def _holds(row: Row, order: Order, sight: Sight, now: dt.datetime) -> bool:
    match row[0]:
        case Kind.TIME:
            return _compare(now.timestamp(), _moment(row[3]).timestamp(), row[2])
        case Kind.MARGIN:
            return _compare(sight.cushion(order.ticket.account), float(row[3]), row[2])
        case Kind.EXECUTION:
            return sight.executed(row[2], row[3], row[4], order.placed_at)
    touch = sight.touch(int(row[4]))
    if touch is None or not (touch.regular or order.ticket.conditions_ignore_rth):
        return False
    if row[0] == Kind.VOLUME:
        return _compare(touch.volume, float(row[3]), row[2])
    if row[0] == Kind.CHANGE:
        before = sight.previous_close(int(row[4]))
        return before > 0 and _compare((touch.last / before - 1) * 100, float(row[3]), row[2])
    method = method_of(int(row[6] or 0), touch)
    rising = _rising(row[2])
    return any(_compare(price, float(row[3]), row[2]) for price in prices(method, touch, rising))


def _moment(text: str) -> dt.datetime:
    return dt.datetime.strptime(text, _TIME).replace(tzinfo=dt.UTC)


def _rising(flag: str) -> bool:
    return flag.lower() in ("1", "true")


def _compare(value: float, level: float, is_more: str) -> bool:
    return value >= level if _rising(is_more) else value <= level
