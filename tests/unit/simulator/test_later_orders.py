"""What orders learnt when they were protobuf already: server versions 216, 217, 218 and 223."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.simulator.api.tickets import read_ticket
from gateway.simulator.broker.orders import Refused, Status
from gateway.simulator.errors import RequestMalformed
from gateway.simulator.wire.open_order import OpenOrder
from gateway.simulator.wire.requests import reader
from gateway.simulator.wire.requests.orders import PlaceOrder
from tests.unit.simulator import asks
from tests.unit.simulator.asks import IBAPI
from tests.unit.simulator.offline import Encoder
from tests.unit.simulator.rig import SPY, order, stock
from tests.unit.simulator.test_conformance import _told

if TYPE_CHECKING:
    from gateway.simulator.api.gateway import Gateway
    from gateway.simulator.broker.orders import Ticket

PARENT = {"transmit": True, "parentId": 0, "ocaGroup": "", "tif": "DAY"}


def ticket_of(gateway: Gateway, **fields: Any) -> Ticket:
    """What the gateway makes of a limit order that ibapi writes at 223."""
    encoder = Encoder(223)
    encoder.placeOrder(1, asks.stock(IBAPI), asks.limit(IBAPI, **(PARENT | fields)))
    [payload] = encoder.conn.payloads
    request = reader.read(payload, 223)
    assert isinstance(request, PlaceOrder)
    return read_ticket(gateway, request.order)


@pytest.mark.parametrize(
    ("field", "value", "since"),
    [
        ("postOnly", True, 216),
        ("allowPreOpen", True, 216),
        ("ignoreOpenAuction", True, 216),
        ("routeMarketableToBbo", True, 217),
        ("seekPriceImprovement", True, 217),
        ("whatIfType", 2, 217),
        ("hedgeMaxSize", 7, 223),
    ],
)
def test_they_are_shown_from_their_version_on(gateway: Gateway, field: str, value: object, since: int) -> None:
    taken = ticket_of(gateway, hedgeType="D", hedgeParam="1", lmtPrice=1.0, **{field: value})
    shown = OpenOrder(order(ticket=taken), stock(SPY))

    def told(version: int) -> Any:
        [(_, (_, _, (_, said), _))] = _told(shown, version)
        return said[field]

    assert told(since) == value
    assert not told(since - 1)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"slOrderId": 2, "slOrderType": "PRESET"}, "Attached"),
        ({"ptOrderId": 3}, "Attached"),
        ({"deactivate": True}, "Deactivating"),
        ({"postOnly": True, "orderType": "MKT"}, "Post only"),
    ],
)
def test_what_is_not_served_is_refused(gateway: Gateway, fields: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=f"321.*{why}"):
        ticket_of(gateway, **fields)


def test_a_price_that_is_no_number_cannot_be_read(gateway: Gateway) -> None:
    with pytest.raises(RequestMalformed, match="NaN"):
        ticket_of(gateway, lmtPrice=float("nan"))


@pytest.mark.parametrize(("action", "away"), [("BUY", -5.0), ("SELL", 5.0)])
def test_post_only_does_not_take(gateway: Gateway, action: str, away: float) -> None:
    quote = gateway.market.quote(gateway.instrument(SPY), gateway.step())
    touch = quote.ask if action == "BUY" else quote.bid
    fields = {"action": action, "postOnly": True, "totalQuantity": 1}
    gateway.broker.place(7, 1, ticket_of(gateway, lmtPrice=touch, **fields))
    gateway.broker.place(7, 2, ticket_of(gateway, lmtPrice=round(touch + away, 2), **fields))
    gateway.broker.place(7, 3, ticket_of(gateway, lmtPrice=touch, **(fields | {"postOnly": False})))
    refused, rests, plain = (gateway.broker.book.orders[7, number] for number in (1, 2, 3))
    assert (refused.status, plain.status) == (Status.INACTIVE, Status.SUBMITTED)
    assert "post-only" in refused.completed_status
    assert not rests.status.is_over
    with pytest.raises(Refused, match="post-only"):
        gateway.broker.place(7, 2, ticket_of(gateway, lmtPrice=touch, **fields))
    assert gateway.broker.book.orders[7, 2].ticket.limit_price == round(touch + away, 2)
