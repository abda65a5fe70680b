"""An order that a real client writes is the same order in either encoding, and is shown to it as the same."""

import dataclasses
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.simulator.broker.orders import Leg
from gateway.simulator.wire.open_order import CompletedOrder, OpenOrder
from gateway.simulator.wire.place_order import LEG, WrittenOrder
from gateway.simulator.wire.requests import reader
from gateway.simulator.wire.requests.orders import PlaceOrder
from tests.unit.simulator.asks import IBAPI, filled
from tests.unit.simulator.offline import Encoder
from tests.unit.simulator.reading import sense
from tests.unit.simulator.rig import AAPL, NOON, order, stock, ticket
from tests.unit.simulator.test_conformance import _known, _told

TEXT, NEWEST = 200, 223
NOT_IN_BOTH = {
    # Not the client's to write, or not written by it.
    *("orderId", "clientId", "permId", "submitter", "autoCancelDate", "filledQuantity", "refFuturesConId"),
    *("shareholder", "parentPermId", "bondAccruedInterest", "basisPoints", "basisPointsType"),
    # Protobuf has no place for it.
    "auctionStrategy",
    # Text has none for these, which came later.
    *("deactivate", "postOnly", "allowPreOpen", "ignoreOpenAuction", "routeMarketableToBbo", "seekPriceImprovement"),
    *("whatIfType", "slOrderId", "slOrderType", "ptOrderId", "ptOrderType", "hedgeMaxSize"),
}
texts = st.one_of(st.just(""), st.text("abcXYZ019 /.:-", max_size=8).map("x{}".format))
whole_numbers = st.integers(1, 2**31 - 2)
prices = st.floats(-1e6, 1e6)
flags = st.booleans()
tags = st.dictionaries(texts.filter(bool), texts, max_size=3).map(lambda found: sorted(found.items()))
"""In their order, which protobuf does not keep."""


def things(kind: Any, **values: Any) -> st.SearchStrategy[Any]:
    """Instances of a class of the client's with such values."""
    return st.fixed_dictionaries(values).map(lambda found: filled(kind(), **found))


def _values_of(default: Any) -> st.SearchStrategy[Any]:
    if isinstance(default, bool):
        return flags
    if isinstance(default, str):
        return texts
    if isinstance(default, float):
        return st.one_of(st.just(default), prices)
    return st.one_of(st.just(default), whole_numbers)


PLAIN = {
    name: _values_of(default)
    for name, default in vars(IBAPI.Order()).items()
    if name not in NOT_IN_BOTH and isinstance(default, bool | int | float | str)
}
of_contract = {"conId": whole_numbers, "exchange": texts, "isMore": flags}
conditions = st.one_of(
    things(IBAPI.PriceCondition, **of_contract, price=prices, triggerMethod=st.integers(0, 8)),
    things(IBAPI.TimeCondition, isMore=flags, time=texts),
    things(IBAPI.MarginCondition, isMore=flags, percent=st.integers(1, 100)),
    things(IBAPI.ExecutionCondition, secType=texts, exchange=texts, symbol=texts),
    things(IBAPI.VolumeCondition, **of_contract, volume=whole_numbers),
    things(IBAPI.PercentChangeCondition, **of_contract, changePercent=prices),
).flatmap(lambda made: flags.map(lambda both: filled(made, isConjunctionConnection=both)))
orders = things(
    IBAPI.Order,
    **PLAIN
    | {
        "totalQuantity": st.decimals(0, 10**6, places=2).map(Decimal),
        "orderType": st.sampled_from(("LMT", "MKT", "PEG BENCH", "PEG MID", "PEG BEST")),
        "competeAgainstBestOffset": st.sampled_from((0.02, float("inf"), IBAPI.Order().competeAgainstBestOffset)),
        "usePriceMgmtAlgo": st.sampled_from((None, True, False)),
        "conditions": st.lists(conditions, max_size=3),
        "algoParams": tags.map(lambda found: [IBAPI.TagValue(*pair) for pair in found]),
        "smartComboRoutingParams": tags.map(lambda found: [IBAPI.TagValue(*pair) for pair in found]),
        "softDollarTier": st.builds(IBAPI.SoftDollarTier, texts, texts),
    },
)
legs = things(
    IBAPI.ComboLeg,
    conId=whole_numbers,
    ratio=st.integers(1, 9),
    action=st.sampled_from(("BUY", "SELL")),
    exchange=texts,
    openClose=st.integers(0, 3),
    shortSaleSlot=st.integers(0, 2),
    designatedLocation=texts,
    exemptCode=st.integers(-1, 5),
)
contracts = things(
    IBAPI.Contract,
    symbol=texts,
    secType=st.sampled_from(("STK", "OPT", "BAG")),
    exchange=st.sampled_from(("SMART", "IBKRATS")),
    comboLegs=st.lists(legs, max_size=3),
    deltaNeutralContract=st.one_of(
        st.none(), things(IBAPI.DeltaNeutralContract, conId=whole_numbers, delta=prices, price=prices)
    ),
)


def written(version: int, contract: Any, one: Any) -> WrittenOrder:
    encoder = Encoder(version)
    encoder.placeOrder(17, contract, one)
    [payload] = encoder.conn.payloads
    request = reader.read(payload, version)
    assert isinstance(request, PlaceOrder)
    return request.order


def priced(contract: Any, one: Any, each: list[float]) -> Any:
    """With a price for each leg, or for none: protobuf has nothing between the two."""
    made = [filled(IBAPI.OrderComboLeg(), price=price) for price in each[: len(contract.comboLegs)]]
    one.orderComboLegs = made if len(made) == len(contract.comboLegs) else []
    return one


@given(contracts, orders, st.lists(prices, max_size=3), st.integers(203, NEWEST))
@settings(max_examples=150, deadline=None)
def test_an_order_reads_the_same_in_both_encodings(contract: Any, one: Any, each: list[float], version: int) -> None:
    one = priced(contract, one, each)
    assert sense(written(version, contract, one)) == sense(written(TEXT, contract, one))


@given(contracts, orders, st.lists(prices, min_size=3, max_size=3))
@settings(max_examples=100, deadline=None)
def test_an_order_is_shown_the_same_in_both_encodings(contract: Any, one: Any, each: list[float]) -> None:
    said = written(TEXT, contract, priced(contract, one, each))
    leg_fields = said.combo[0] if said.combo else ()
    parts = [leg_fields[at : at + len(LEG)] for at in range(0, len(leg_fields), len(LEG))]
    kept = ticket(
        raw={name: value for name, value in said.fields.items() if value} | {"exchange": "SMART"},
        conditions=said.conditions,
        algo_params=said.algo_params,
        combo=said.combo,
        legs=tuple(Leg(int(con_id), int(ratio), action, where) for con_id, ratio, action, where, *_ in parts),
    )
    placed = order(ticket=kept)
    done = dataclasses.replace(placed, completed_at=NOON, completed_status="Filled Size: 1")
    for answer in (OpenOrder(placed, stock(AAPL)), CompletedOrder(done, stock(AAPL), "20261118-17:00:00")):
        name = type(answer).__name__
        shown = [_tags_in_order(_known(name, NEWEST, _told(answer, version))) for version in (TEXT, NEWEST)]
        assert shown[0] == shown[1]


def _tags_in_order(calls: list[Any]) -> list[Any]:
    for _, values in calls:
        for kind, fields in (value for value in values if isinstance(value, tuple)):
            if kind == "Order":
                for name in ("algoParams", "smartComboRoutingParams"):
                    fields[name] = sorted(fields[name] or [], key=str)
    return calls
