"""A session that may also send orders. Watchers take `tws.session`, which cannot."""

from decimal import Decimal

from ibapi.order import Order
from ibapi.order_cancel import OrderCancel

from tws.contracts import by_id
from tws.session import Session

MARKET = "MKT"


class OrderSession(Session):
    """One client's orders on top of what a watcher may ask."""

    _placed = 0

    def market(
        self,
        account: str,
        con_id: int,
        action: str,
        quantity: Decimal,
        *,
        oca_group: str = "",
        oca_type: int = 0,
        reference: str = "",
    ) -> int:
        """Send a market order for today, and return its id. What becomes of it is told by `open_orders`, `positions`
        and, where it is refused, by a notice with this id.

        Args:
            action: BUY or SELL.
            oca_group: the group that it joins; its fill ends the others.
            oca_type: the type that the group has (`tws.values.OpenOrder`).
            reference: stays with the order at the broker (`orderRef`).

        Raises:
            SessionClosed.
        """
        codec = self._require()
        contract, order = by_id(con_id), Order()
        contract.exchange = "SMART"
        order.account = account
        order.action = action
        order.orderType = MARKET
        order.totalQuantity = quantity
        order.tif = "DAY"
        order.orderRef = reference
        order.ocaGroup = oca_group
        order.ocaType = oca_type
        number = (self.next_order_id or 1) + self._placed
        self._placed += 1
        codec.placeOrder(number, contract, order)
        return number

    def cancel(self, order_id: int) -> None:
        """Ask for the end of an order of this client id. Its answer is that it is no longer open.

        Raises:
            SessionClosed.
        """
        self._require().cancelOrder(order_id, OrderCancel())
