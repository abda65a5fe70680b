"""Further accounts beside the first: one instrument is traded in one account at a time.

NautilusTrader 1.231 names a net position by instrument and strategy, not by account: the same instrument in two
accounts would be booked as one position, and an exit for it could sell in one account what the other one holds. So
every order passes here on its way to the execution engine: one without a wish goes to the account that holds or works
its instrument, else to the first; one that would bring an instrument into a second account is denied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nautilus_trader.execution.messages import SubmitOrder, SubmitOrderList
from nautilus_trader.model.identifiers import ClientId

from engine import messages
from engine.observe import unfinished_orders
from engine.settings import CLIENT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nautilus_trader.model.identifiers import InstrumentId


def client_of(cache: Any, order: Any) -> str:
    """Return the name of the execution client that an order belongs to, also before it was sent."""
    if order.account_id is not None:
        return str(order.account_id.get_issuer())
    client_id = cache.client_id(order.client_order_id)
    return str(client_id) if client_id is not None else CLIENT


def held_in(cache: Any, instrument_id: InstrumentId) -> str | None:
    """Return the execution client whose account holds or works this instrument, or None."""
    for position in cache.positions_open(instrument_id=instrument_id):
        return str(position.account_id.get_issuer())
    orders = (order for order in unfinished_orders(cache) if order.instrument_id == instrument_id)
    return next((client_of(cache, order) for order in orders), None)


class Router:
    """The last step before the execution engine, where there are further accounts. Lives on the node's loop."""

    def __init__(self, kernel: Any, names: Iterable[str]) -> None:
        """`names` are the execution clients."""
        self._kernel = kernel
        self._names = frozenset(names)
        self._onward = kernel.exec_engine.execute

    def execute(self, command: Any) -> None:
        """Send an order on its way, to the account where it belongs."""
        if not isinstance(command, SubmitOrder | SubmitOrderList):
            self._onward(command)
            return
        orders = [command.order] if isinstance(command, SubmitOrder) else command.order_list.orders
        holder = held_in(self._kernel.cache, orders[0].instrument_id)
        wish = command.client_id.value if command.client_id is not None else None
        if wish is not None and wish not in self._names:
            messages.deny(
                self._kernel, orders, f"no execution client {wish}; there are {', '.join(sorted(self._names))}"
            )
        elif wish is not None and holder is not None and wish != holder:
            messages.deny(
                self._kernel,
                orders,
                f"{holder} holds or works it; NautilusTrader would book both accounts as one position",
            )
        elif wish is None and holder not in (None, CLIENT):
            self._onward(_for(command, holder))
        else:
            self._onward(command)


def _for(command: Any, name: str | None) -> Any:
    kind, what = (SubmitOrder, "order") if isinstance(command, SubmitOrder) else (SubmitOrderList, "order_list")
    return kind(
        trader_id=command.trader_id,
        strategy_id=command.strategy_id,
        command_id=command.id,
        ts_init=command.ts_init,
        position_id=command.position_id,
        client_id=ClientId(name),
        params=command.params,
        **{what: getattr(command, what)},
    )
