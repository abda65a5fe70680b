"""A limit so far through the market that it looks like a slip of the hand. Pure.

A real gateway turns such orders down with a description of the rejection in JSON, and takes them when they come again
with what that description names. How far is too far, and the JSON's form, are assumptions.
"""

import json

from gateway.simulator.broker.orders import Refused, Ticket
from gateway.simulator.broker.sight import Touch
from tws import codes

_TOO_FAR = 0.5
"""Share of the price."""

_TAG, _CODE = "8229", "PRICECAP"


def check(ticket: Ticket, touch: Touch) -> None:
    """Let an order pass unless its limit is through the market by half the price and it says nothing of that.

    Raises:
        Refused: 201, with the override that would let it pass.
    """
    price = touch.ask if ticket.buys else touch.bid
    limit = ticket.limit_price
    if limit is None or price <= 0 or touch.is_option or ticket.has_trigger:
        return
    through = (limit - price if ticket.buys else price - limit) / price
    if through <= _TOO_FAR or _CODE in ticket.raw.get("advancedErrorOverride", ""):
        return
    text = f"The limit price is more than {_TOO_FAR:.0%} away from the current price."
    described = {"rejects": [{"tag": _TAG, "code": _CODE, "text": text, "override": f"{_TAG}={_CODE}"}]}
    raise Refused(codes.ORDER_REJECTED, codes.text(codes.ORDER_REJECTED, text), json.dumps(described))
