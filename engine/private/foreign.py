"""Orders of others that NautilusTrader cannot book: they are left out of its books, instead of ending reconciliation.

Where the orders of all clients are fetched, a person's order in TWS (it carries no reference) or one of a type that the
adapter has no word for (`MIDPRICE`) raises while the adapter reads it, and the engine never comes to trade (seen). By
itself the adapter begins to fetch them all as soon as its client id is in use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from nautilus_trader.adapters.interactive_brokers.client import InteractiveBrokersClient
from nautilus_trader.adapters.interactive_brokers.execution import InteractiveBrokersExecutionClient
from nautilus_trader.model.identifiers import ClientOrderId

if TYPE_CHECKING:
    from nautilus_trader.execution.reports import OrderStatusReport

ON_CLIENT = ("get_open_orders",)
ON_EXECUTION = ("_parse_ib_order_to_order_status_report", "generate_order_status_reports")

log = structlog.get_logger("books")

every_open_order = InteractiveBrokersClient.get_open_orders
"""The adapter's own question, whose answer leaves nothing out."""


class _Unbookable(Exception):
    """An order of somebody else's that the adapter cannot read."""


def leave_foreign_orders_out() -> None:
    """Make the adapter go on without them. Called once in a process."""
    parse = InteractiveBrokersExecutionClient._parse_ib_order_to_order_status_report
    report = InteractiveBrokersExecutionClient.generate_order_status_reports
    left_out: set[int] = set()

    async def asked(client: InteractiveBrokersClient, account_id: str) -> list[Any] | None:
        found: list[Any] | None = await every_open_order(client, account_id)
        return None if found is None else [order for order in found if order.permId not in left_out]

    async def parsed(client: InteractiveBrokersExecutionClient, written: Any) -> OrderStatusReport:
        try:
            return await parse(client, written)
        except Exception as error:
            if _is_ours(client, written):
                raise
            left_out.add(written.permId)
            log.warning(
                "an order of somebody else's is left out of our books",
                perm_id=written.permId,
                reference=written.orderRef,
                order_type=written.orderType,
                contract=written.contract.localSymbol or written.contract.symbol,
                error=repr(error),
            )
            raise _Unbookable from error

    async def reported(client: InteractiveBrokersExecutionClient, command: Any) -> list[OrderStatusReport]:
        while True:
            try:
                found: list[OrderStatusReport] = await report(client, command)
                return found
            except _Unbookable:
                # Left out from now on; each further round is for another one.
                continue

    InteractiveBrokersClient.get_open_orders = asked
    InteractiveBrokersExecutionClient._parse_ib_order_to_order_status_report = parsed
    InteractiveBrokersExecutionClient.generate_order_status_reports = reported


def _is_ours(client: Any, written: Any) -> bool:
    return bool(written.orderRef) and client._cache.order(ClientOrderId(written.orderRef)) is not None
