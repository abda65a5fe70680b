"""Samples of what `wire.answers.orders` makes."""

from gateway.simulator.broker.broker import Broker
from gateway.simulator.broker.orders import Leg, Status
from gateway.simulator.wire.answers import orders as answers
from gateway.simulator.wire.open_order import CompletedOrder, OpenOrder
from tests.unit.simulator.rig import AAPL, NOON, SPY, fill, order, spy_call, stock, ticket
from tests.unit.simulator.samples.sample import Samples


def samples(version: int, broker: Broker) -> Samples:
    call, spy, aapl = spy_call(), stock(SPY), stock(AAPL)
    rich = ticket(
        con_id=call.con_id,
        order_type="STP LMT",
        limit_price=1.05,
        stop_price=1.1,
        tif="GTD",
        oca_group="group",
        oca_type=1,
        order_ref="O-1:5",
        parent_id=4,
        raw={
            "exchange": "SMART",
            "goodTillDate": "20261231 22:00:00 UTC",
            "minQty": "1",
            "hedgeType": "D",
            "hedgeParam": "x",
            "scaleInitLevelSize": "1",
            "scalePriceIncrement": "0.5",
            "algoStrategy": "Adaptive",
            "deltaNeutralOrderType": "LMT",
            "conditionsIgnoreRth": "1",
            "outsideRth": "1",
            "trailStopPrice": "1.7976931348623157E308",
            "percentOffset": "0.1",
            "duration": "2147483647",
            "submitter": "paper-user",
        },
        conditions=(("1", "a", "1", "600.0", "756733", "SMART", "0"), ("3", "o", "1", "20261201 10:00:00 UTC")),
        algo_params=(("adaptivePriority", "Normal"),),
    )
    orders = [
        order(),
        order(ticket=rich, oca_group="group", oca_type=1, parent_perm_id=12, waits_for_parent=True),
        order(
            status=Status.FILLED,
            filled=1.0,
            average_price=257.95,
            last_price=257.95,
            commission=1.0,
            completed_at=NOON,
            completed_status="Filled Size: 1",
        ),
        order(
            ticket=ticket(
                con_id=call.con_id,
                order_type="TRAIL LIMIT",
                limit_price=None,
                legs=(Leg(call.con_id, 1, "BUY", "SMART"), Leg(SPY, 2, "SELL", "SMART")),
                combo=(
                    (str(call.con_id), "1", "BUY", "SMART", "0", "0", "", "-1") * 2,
                    ("1.0", "2.0"),
                    ("NonGuaranteed", "1"),
                ),
                raw={
                    "exchange": "SMART",
                    "auxPrice": "0.5",
                    "deltaNeutralContract": "1",
                    "deltaNeutralContractId": "5",
                    "deltaNeutralContractDelta": "0.5",
                    "deltaNeutralContractPrice": "1.5",
                },
            ),
            status=Status.INACTIVE,
            completed_status="Order rejected - reason:no",
            stop=1.0,
            limit=0.9,
        ),
    ]
    made: Samples = {
        "OrderStatus": [answers.OrderStatus(sample) for sample in orders],
        "OrderBound": [answers.OrderBound(order(client_id=0, order_id=-1))],
        "OpenOrderEnd": [answers.OpenOrderEnd()],
        "CompletedOrdersEnd": [answers.CompletedOrdersEnd()],
        "Execution": [
            answers.Execution(-1, instrument, fill(), "20261118-17:00:00", "paper-user") for instrument in (aapl, call)
        ],
        "ExecutionsEnd": [answers.ExecutionsEnd(9)],
        "CommissionReport": [answers.CommissionReport(fill()), answers.CommissionReport(fill(realized=-2.49))],
        "OpenOrder": [
            *(OpenOrder(sample, call if sample.ticket is rich else aapl) for sample in orders),
            OpenOrder(orders[0], spy, broker.preview(ticket(con_id=SPY))),
        ],
        "CompletedOrder": [CompletedOrder(sample, call, "20261118-17:00:00") for sample in orders],
    }
    return made
