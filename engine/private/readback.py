"""Orders that are read back from the broker, as after a restart without a cache, stay what they were.

The adapter reads a DAY order as AT_THE_CLOSE: reconciliation dies of a stop that says so, and a limit is turned into a
limit-on-close by its next change. And it leaves an order's OCA group, conditions and times out of what it reads, so
that the next change would send the order without them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nautilus_trader.adapters.interactive_brokers import execution
from nautilus_trader.adapters.interactive_brokers.common import IBOrderTags
from nautilus_trader.adapters.interactive_brokers.execution import InteractiveBrokersExecutionClient
from nautilus_trader.live.execution_engine import LiveExecutionEngine
from nautilus_trader.model.enums import TimeInForce
from nautilus_trader.model.events import OrderInitialized
from nautilus_trader.model.orders import OrderUnpacker

if TYPE_CHECKING:
    from nautilus_trader.execution.reports import OrderStatusReport
    from nautilus_trader.model.orders import Order

ON_CLIENT = ("_parse_ib_order_to_order_status_report",)
ON_ENGINE = ("_generate_order",)

# IBKR's numbers of the conditions, with the adapter's names of them and of what each holds.
_CONDITIONS = {
    1: ("price", ("conId", "exchange", "isMore", "price", "triggerMethod")),
    3: ("time", ("isMore", "time")),
    4: ("margin", ("isMore", "percent")),
    5: ("execution", ("symbol", "secType", "exchange")),
    6: ("volume", ("conId", "exchange", "isMore", "volume")),
    7: ("percent_change", ("conId", "exchange", "isMore", "changePercent")),
}


def keep_order_terms() -> None:
    """Make the adapter and the execution engine above it read orders back whole. Called once in a process."""
    # On-close orders are known by their type, so that nothing else is meant by DAY.
    execution.ib_to_nautilus_time_in_force["DAY"] = TimeInForce.DAY
    parse = InteractiveBrokersExecutionClient._parse_ib_order_to_order_status_report
    generate = LiveExecutionEngine._generate_order

    async def parsed(client: InteractiveBrokersExecutionClient, written: Any) -> OrderStatusReport:
        report = await parse(client, written)
        report.ib_tags = tags(written)
        return report

    def generated(engine: LiveExecutionEngine, report: OrderStatusReport, is_external: bool = True) -> Order | None:
        order = generate(engine, report, is_external)
        found = getattr(report, "ib_tags", [])
        if order is None or not found:
            return order
        event = OrderInitialized.to_dict(order.init_event)
        event["tags"] = [*(order.tags or ()), *found]
        return OrderUnpacker.from_init(OrderInitialized.from_dict(event))

    InteractiveBrokersExecutionClient._parse_ib_order_to_order_status_report = parsed
    LiveExecutionEngine._generate_order = generated


def tags(written: Any) -> list[str]:
    """Return what an order of the broker's says that only tags can carry; empty for a plain one."""
    group = written.ocaGroup or ""
    found = IBOrderTags(
        ocaGroup=group,
        ocaType=int(written.ocaType or 0) if group else 0,
        allOrNone=bool(written.allOrNone),
        goodAfterTime=written.goodAfterTime or "",
        outsideRth=bool(written.outsideRth),
        hidden=bool(written.hidden),
        conditions=[_condition(condition) for condition in written.conditions or ()],
        conditionsCancelOrder=bool(written.conditionsCancelOrder),
    )
    return [found.value] if found != IBOrderTags() else []


def _condition(condition: Any) -> dict[str, Any]:
    kind, names = _CONDITIONS[int(condition.condType)]
    joined = "and" if condition.isConjunctionConnection else "or"
    found = {name: getattr(condition, name) for name in names}
    if kind == "margin":
        # Read as a fraction up to server version 200, though only whole numbers may be written.
        found["percent"] = int(found["percent"])
    return {"type": kind, "conjunction": joined, **found}
