"""What the adapter can be told in an order's tags alone: OCA group, good-after time, conditions; and the role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any

from nautilus_trader.adapters.interactive_brokers.common import IBOrderTags
from nautilus_trader.model.enums import OrderType

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

_PREFIX = "IBOrderTags:"
# Groups that these helpers make are known by their names.
GROUP_PREFIX = "WK-"


class OcaType(IntEnum):
    """What a fill of one order does to the others of its group. The first two never let two of them fill at once."""

    CANCEL = 1
    REDUCE = 2
    REDUCE_WITHOUT_BLOCK = 3


class Role(StrEnum):
    """What an order is for, in NautilusTrader's own words where it has one."""

    ENTRY = "ENTRY"
    TAKE_PROFIT = "TAKE_PROFIT"
    STOP = "STOP_LOSS"
    LAST_RESORT = "LAST_RESORT"
    CLOSE_NOW = "CLOSE_NOW"


_ROLES = {OrderType.LIMIT: Role.TAKE_PROFIT, OrderType.STOP_MARKET: Role.STOP}


@dataclass(frozen=True, slots=True)
class Oca:
    """A one-cancels-all group.

    REDUCE is the default, because under CANCEL a partial fill of the take-profit leaves the rest without a stop.
    """

    group: str
    type: OcaType = OcaType.REDUCE


def ib_tags(
    role: Role,
    *,
    oca: Oca | None = None,
    good_after: datetime | None = None,
    conditions: Sequence[dict[str, Any]] = (),
    cancel_when_met: bool = False,
    outside_rth: bool = False,
) -> list[str]:
    """Return an order's tags. `cancel_when_met`: the conditions cancel the order instead of releasing it."""
    written = IBOrderTags(
        ocaGroup=oca.group if oca else "",
        ocaType=int(oca.type) if oca else 0,
        goodAfterTime=utc(good_after) if good_after else "",
        conditions=list(conditions),
        conditionsCancelOrder=cancel_when_met,
        outsideRth=outside_rth,
    )
    return [role.value, written.value]


def utc(moment: datetime) -> str:
    """Write a moment as every gateway reads it, whatever its zone: UTC, with a dash. Raises ValueError if naive."""
    if moment.tzinfo is None:
        raise ValueError(f"expected a moment with a zone; found {moment}; add tzinfo")
    return f"{moment.astimezone(UTC):%Y%m%d-%H:%M:%S}"


def role_of(order: Any) -> Role | None:
    """Return what the order is for; None for an order that these helpers did not build.

    An order that was read back from the broker has lost the word: in a group of ours its type tells it.
    """
    told = next((Role(tag) for tag in order.tags or () if tag in Role), None)
    group = oca_of(order)
    if told is not None or group is None or not group.group.startswith(GROUP_PREFIX):
        return told
    if order.order_type == OrderType.MARKET:
        return Role.LAST_RESORT if _written(order).goodAfterTime else Role.CLOSE_NOW
    return _ROLES.get(order.order_type)


def oca_of(order: Any) -> Oca | None:
    """Return the OCA group that the order's tags name."""
    written = _written(order)
    # The adapter sends type 1 for a group without a type.
    return Oca(written.ocaGroup, OcaType(written.ocaType or 1)) if written.ocaGroup else None


def _written(order: Any) -> IBOrderTags:
    found = (tag.removeprefix(_PREFIX) for tag in order.tags or () if tag.startswith(_PREFIX))
    return IBOrderTags.parse(next(found, "{}"))
