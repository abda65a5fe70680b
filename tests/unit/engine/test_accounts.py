"""Which account an order goes to, in NautilusTrader's own backtest with two execution clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from nautilus_trader.execution.messages import CancelOrder, ModifyOrder, SubmitOrder
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.enums import AccountType, OrderSide
from nautilus_trader.model.identifiers import AccountId, ClientId
from nautilus_trader.test_kit.mocks.exec_clients import MockExecutionClient
from nautilus_trader.test_kit.stubs.events import TestEventStubs

from engine.accounts import Router
from engine.observe import client_of, held_in
from tests.unit.engine.test_gate import STOCK, House, Stranger

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.filterwarnings("ignore:Timestamp.utcnow is deprecated")


class Routed(House):
    """The gate's house with a router behind it, and what passes the router."""

    def __init__(self, venues: dict[str, tuple[str, ...]] | None = None) -> None:
        super().__init__()
        self.unsettled: set[str] = set()
        router = Router(
            self.engine.kernel,
            venues or {"IB": (), "IB_TWO": ()},
            lambda name: name not in self.unsettled,
        )
        self.passed: list[Any] = []
        router._onward = self.passed.append
        self.gate._onward = router.execute


@pytest.fixture
def house() -> Iterator[Routed]:
    made = Routed()
    yield made
    made.engine.dispose()


def buy(client: str | None = None) -> Any:
    def step(strategy: Stranger) -> None:
        order = strategy.order_factory.market(STOCK.id, OrderSide.BUY, STOCK.make_qty(10))
        strategy.submit_order(order, client_id=ClientId(client) if client else None)

    return step


def went_to(house: Routed) -> list[str]:
    return [command.client_id.value for command in house.passed if isinstance(command, SubmitOrder)]


def test_an_order_without_a_wish_goes_to_the_first(house: Routed) -> None:
    house.run(buy())
    assert went_to(house) == ["IB"]


def test_an_order_goes_to_the_account_of_its_venue_unless_it_names_another() -> None:
    house = Routed({"IB": (), "IB_TWO": ("XNAS",)})
    house.run(buy())
    assert went_to(house) == ["IB_TWO"]
    house.engine.dispose()
    house = Routed({"IB": (), "IB_TWO": ("XNAS",)})
    house.run(buy("IB"))
    assert went_to(house) == ["IB"]
    house.engine.dispose()


def test_what_is_on_its_way_to_one_account_is_not_sent_to_another(house: Routed) -> None:
    stranger = house.run(buy("IB_TWO"), buy(), buy("IB"))
    assert went_to(house) == ["IB_TWO", "IB_TWO"]
    [why] = stranger.said("OrderDenied")
    assert why.startswith("IB_TWO holds or works it")


def test_an_account_whose_books_are_not_proven_takes_no_order(house: Routed) -> None:
    house.unsettled = {"IB_TWO"}
    stranger = house.run(buy("IB_TWO"))
    assert went_to(house) == []
    assert stranger.said("OrderDenied") == ["the books of IB_TWO are not yet the broker's on this session"]


def test_an_unknown_account_is_named(house: Routed) -> None:
    stranger = house.run(buy("IB_THREE"))
    assert stranger.said("OrderDenied") == ["no execution client IB_THREE; there are IB, IB_TWO"]


def test_an_order_that_was_read_back_is_moved_and_cancelled_in_its_own_account(house: Routed) -> None:
    """Such an order has no account of its own in NautilusTrader, only its events have one."""

    def read_back(strategy: Stranger) -> None:
        strategy.loss = strategy.order_factory.limit(
            STOCK.id, OrderSide.SELL, STOCK.make_qty(10), STOCK.make_price(110)
        )
        strategy.loss.apply(TestEventStubs.order_accepted(strategy.loss, account_id=AccountId("IB_TWO-DUSIM0002")))
        strategy.cache.add_order(strategy.loss)
        strategy.cache.update_order(strategy.loss)

    stranger = house.run(
        read_back,
        lambda strategy: strategy.modify_order(strategy.loss, price=STOCK.make_price(105)),
        lambda strategy: strategy.cancel_order(strategy.loss),
    )
    assert stranger.loss.account_id is None
    assert client_of(house.engine.cache, stranger.loss) == "IB_TWO"
    assert held_in(house.engine.cache, STOCK.id) == "IB_TWO"
    moved, cancelled = house.passed
    assert isinstance(moved, ModifyOrder)
    assert (moved.client_id.value, moved.price) == ("IB_TWO", STOCK.make_price(105))
    assert isinstance(cancelled, CancelOrder)
    assert cancelled.client_id.value == "IB_TWO"


def test_nautilus_own_engine_refuses_a_second_client_without_a_venue(house: Routed) -> None:
    """The adapter's have none. Where this fails, its own configuration may do for what we add around it."""
    engine = house.engine.kernel.exec_engine

    def client(name: str) -> MockExecutionClient:
        kernel = house.engine.kernel
        return MockExecutionClient(
            ClientId(name), None, AccountType.MARGIN, USD, kernel.msgbus, kernel.cache, kernel.clock
        )

    engine.register_client(client("IB"))
    with pytest.raises(ValueError, match="default"):
        engine.register_client(client("IB_TWO"))
