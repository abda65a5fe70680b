"""Orders and fills as text for the record, and back."""

import datetime as dt
import json
from dataclasses import fields
from typing import Any

from gateway.simulator.broker.orders import Adjustment, Fill, Leg, Order, Status, Ticket

_FIELDS = {kind: tuple(field.name for field in fields(kind)) for kind in (Adjustment, Fill, Leg, Order, Ticket)}
"""By hand, because dataclasses.asdict copies everything it meets, which costs more than the rest of an order."""


def write(value: Order | Fill) -> str:
    """One order or fill as JSON."""
    return json.dumps(_shallow(value), default=_plain)


def read_order(text: str) -> Order:
    """The order that was written."""
    body = json.loads(text)
    ticket = body["ticket"]
    for name in ("conditions", "algo_params", "combo"):
        ticket[name] = tuple(tuple(row) for row in ticket[name])
    change = ticket["adjustment"]
    ticket["adjustment"] = None if change is None else Adjustment(**change)
    ticket["legs"] = tuple(Leg(**leg) for leg in ticket["legs"])
    _moments(ticket, "good_till", "good_after")
    _moments(body, "placed_at", "expires_at", "completed_at", "auction_at")
    return Order(**body | {"ticket": Ticket(**ticket), "status": Status(body["status"])})


def read_fill(text: str) -> Fill:
    """The fill that was written."""
    body = json.loads(text)
    _moments(body, "at")
    return Fill(**body)


def _shallow(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in _FIELDS[type(value)]}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.datetime) else _shallow(value)


def _moments(body: dict[str, Any], *names: str) -> None:
    for name in names:
        if body[name] is not None:
            body[name] = dt.datetime.fromisoformat(body[name])
