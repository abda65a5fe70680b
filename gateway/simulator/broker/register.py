"""The orders there are: by key, and by whom they belong to."""

import datetime as dt
from collections.abc import Iterable

from gateway.simulator.broker.orders import Order, Status

type Key = tuple[int, int]


class Register:
    """All orders of an account, of every client."""

    def __init__(self) -> None:
        self.orders: dict[Key, Order] = {}
        self.highest: dict[int, int] = {}
        """The highest order id each client has used."""
        self.changed: set[Key] = set()
        """Keys of orders that differ from what was last recorded."""
        self._live: dict[Key, None] = {}
        self._groups: dict[str, dict[Key, None]] = {}
        """Live orders by OCA group."""
        self._families: dict[int, dict[Key, None]] = {}
        """Live orders by their parent's permId."""

    def restore(self, orders: Iterable[Order], highest: dict[int, int]) -> None:
        """Take up the record of an earlier run."""
        for order in orders:
            self._put(order)
        self.highest.update(highest)
        self.changed.clear()

    def begin_ids_anew(self) -> None:
        """Every id is free again but for those up to a client's highest one that is on a live order."""
        for client_id in self.highest:
            self.highest[client_id] = max((number for client, number in self._live if client == client_id), default=0)

    def live(self) -> list[Order]:
        """Orders that are not over, held ones too, in the order they were placed."""
        return [self.orders[key] for key in self._live]

    def working(self) -> list[Order]:
        """Live orders that were transmitted: what open-order requests show."""
        return [order for order in self.live() if order.status is not Status.UNTRANSMITTED]

    def find(self, client_id: int, order_id: int) -> Order | None:
        """The client's own order of that id, else anybody's (a client may cancel what another one placed)."""
        own = self.orders.get((client_id, order_id))
        if own is not None:
            return own
        others = [order for (_, number), order in self.orders.items() if number == order_id]
        return next((o for o in others if not o.status.is_over), others[-1] if others else None)

    def forget(self, before: dt.datetime) -> None:
        """Drop orders that were over by then; what was recorded of them stays on record."""
        for key, order in list(self.orders.items()):
            if order.completed_at is not None and order.completed_at < before and key not in self.changed:
                del self.orders[key]

    def _put(self, order: Order) -> Order:
        """Take up an order as it is now; it comes back."""
        key = order.key
        before = self.orders.get(key)
        self.orders[key] = order
        self.changed.add(key)
        if before is not None and before.oca_group != order.oca_group:
            self._groups.get(before.oca_group, {}).pop(key, None)
        if order.status.is_over:
            self._live.pop(key, None)
            self._groups.get(order.oca_group, {}).pop(key, None)
            self._families.get(order.parent_perm_id, {}).pop(key, None)
        else:
            self._live.setdefault(key)
            if order.oca_group:
                self._groups.setdefault(order.oca_group, {}).setdefault(key)
            if order.parent_perm_id:
                self._families.setdefault(order.parent_perm_id, {}).setdefault(key)
        return order

    def _children(self, parent: Order) -> list[Order]:
        return [self.orders[key] for key in self._families.get(parent.perm_id, {})]

    def _peers(self, order: Order) -> list[Order]:
        group = self._groups.get(order.oca_group, {}) if order.oca_group else {}
        peers = [self.orders[key] for key in group if key != order.key]
        return [peer for peer in peers if peer.status is not Status.UNTRANSMITTED]
