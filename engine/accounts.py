"""Further accounts beside the first: one instrument is traded in one account at a time.

NautilusTrader 1.231 names a net position by instrument and strategy, not by account: the same instrument in two
accounts would be booked as one position, and an exit for it could sell in one account what the other one holds. So
every order passes here on its way to the execution engine: one without a wish goes to the account that holds or works
its instrument, else to the one that its venue is given to, else to the first; one that would bring an instrument into
a second account is denied, and so is one to an account whose books are not proven.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nautilus_trader.execution.messages import CancelOrder, ModifyOrder, SubmitOrder, SubmitOrderList
from nautilus_trader.model.identifiers import ClientId

from engine import messages
from engine.observe import client_of, held_in
from engine.settings import CLIENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class Router:
    """The last step before the execution engine, where there are further accounts. Lives on the node's loop."""

    def __init__(self, kernel: Any, venues: Mapping[str, Iterable[str]], settled: Callable[[str], bool]) -> None:
        """`venues` are those of each execution client, whose instruments are its own where an order names none.

        `settled` tells whether an account's books were proven against the broker's on its present session.
        """
        self._kernel = kernel
        self._names = frozenset(venues)
        self._homes = {venue: name for name, own in venues.items() for venue in own}
        self._settled = settled
        self._onward = kernel.exec_engine.execute

    def execute(self, command: Any) -> None:
        """Send an order on its way, to the account where it belongs."""
        if isinstance(command, ModifyOrder | CancelOrder):
            order = self._kernel.cache.order(command.client_order_id)
            self._onward(command if order is None else _of(command, client_of(self._kernel.cache, order)))
            return
        if not isinstance(command, SubmitOrder | SubmitOrderList):
            self._onward(command)
            return
        orders = [command.order] if isinstance(command, SubmitOrder) else command.order_list.orders
        instrument_id = orders[0].instrument_id
        home = self._homes.get(instrument_id.venue.value, CLIENT)
        holder = held_in(self._kernel.cache, instrument_id, home)
        wish = command.client_id.value if command.client_id is not None else None
        name = wish or holder or home
        if (why := self._refusal(name, holder)) is not None:
            messages.deny(self._kernel, orders, why)
        else:
            self._onward(command if wish is not None else _for(command, name))

    def _refusal(self, name: str, holder: str | None) -> str | None:
        if name not in self._names:
            return f"no execution client {name}; there are {', '.join(sorted(self._names))}"
        if holder not in (None, name):
            return f"{holder} holds or works it; NautilusTrader would book both accounts as one position"
        if not self._settled(name):
            return f"the books of {name} are not yet the broker's on this session"
        return None


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


def _of(command: Any, name: str) -> Any:
    """Name the account of what follows an order: the engine knows none for one that was read back from a broker."""
    shared = {
        "trader_id": command.trader_id,
        "strategy_id": command.strategy_id,
        "instrument_id": command.instrument_id,
        "client_order_id": command.client_order_id,
        "venue_order_id": command.venue_order_id,
        "command_id": command.id,
        "ts_init": command.ts_init,
        "client_id": ClientId(name),
        "params": command.params,
    }
    if isinstance(command, CancelOrder):
        return CancelOrder(**shared)
    levels = {"quantity": command.quantity, "price": command.price, "trigger_price": command.trigger_price}
    return ModifyOrder(**shared, **levels)
