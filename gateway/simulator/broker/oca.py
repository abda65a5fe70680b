"""One cancels all: what a fill of one order does to the others of its group. Pure.

Type 1 cancels them at the first fill. Types 2 and 3 take the same share off each, rounded down, so that the group
never trades more than any one of its orders asked for. (Types 1 and 2 also keep all but one order off the exchange
at a time; here nothing can fill twice at once, so that there is nothing to block.)
"""

import math
from dataclasses import replace

from gateway.simulator.broker.orders import Order

CANCEL = 1


def reduced(peer: Order, filled: Order, share: float) -> Order | None:
    """The peer after `share` of what remained of `filled` was traded; None if it is to be cancelled."""
    if filled.oca_type == CANCEL:
        return None
    left = peer.remaining * (1 - share)
    if peer.remaining == int(peer.remaining):
        left = float(math.floor(left + 1e-9))
    return replace(peer, quantity=peer.filled + left) if left > 1e-9 else None
