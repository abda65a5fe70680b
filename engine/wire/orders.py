"""Working orders as the gateway tells them, with times that the adapter reads: one that it cannot ends its reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.wire.times import good_till, offset_of

if TYPE_CHECKING:
    from datetime import timedelta

    from engine.clock import Clock


class Orders:
    """Hears on the thread that decodes."""

    def __init__(self, wrapper: Any, clock: Clock) -> None:
        """Put itself before the wrapper's own handler."""
        self._clock = clock
        self._offset: timedelta | None = None
        self._handle = wrapper.openOrder
        wrapper.openOrder = self._order

    def handshake(self, told: str) -> None:
        """Note the wall time that the gateway told when the session began."""
        self._offset = offset_of(told, self._clock.now())

    def _order(self, orderId: int, contract: Any, order: Any, orderState: Any) -> None:
        if order.goodTillDate:
            order.goodTillDate = good_till(order.goodTillDate, self._offset)
        self._handle(orderId, contract, order, orderState)
