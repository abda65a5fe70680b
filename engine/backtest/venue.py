"""What a broker does and NautilusTrader's simulated exchange does not: OCA groups, and IBKR's commissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nautilus_trader.backtest.config import SimulationModuleConfig
from nautilus_trader.backtest.models import FeeModel
from nautilus_trader.backtest.modules import SimulationModule
from nautilus_trader.model.enums import InstrumentClass
from nautilus_trader.model.objects import Currency, Money

from engine.orders import OcaType, oca_of

if TYPE_CHECKING:
    from nautilus_trader.model.events import OrderFilled

# IBKR's fixed prices for SMART routing in US dollars, without what exchanges and regulators add.
PER_CONTRACT, PER_SHARE, AT_LEAST = 0.65, 0.005, 1.0
_USD = Currency.from_str("USD")


class Commissions(FeeModel):  # type: ignore[misc]
    """So much a contract or a share, and at least a dollar an order."""

    def get_commission(self, order: Any, fill_qty: Any, fill_px: Any, instrument: Any) -> Money:
        """Return what a fill adds to the order's cost so far."""
        rate = PER_CONTRACT if instrument.instrument_class == InstrumentClass.OPTION else PER_SHARE
        before = float(order.filled_qty)
        cost = max(AT_LEAST, rate * (before + float(fill_qty)))
        return Money(cost - (max(AT_LEAST, rate * before) if before else 0.0), _USD)


class OcaGroups(SimulationModule):  # type: ignore[misc]
    """One cancels all, by the group that an order's tags name.

    A bracket's exits know each other in NautilusTrader and are left to it. Orders that joined later are only known to
    be one group by their tags, which the simulated exchange does not read.
    """

    def __init__(self) -> None:
        super().__init__(SimulationModuleConfig())
        self._filled: list[OrderFilled] = []

    def on_fill(self, event: Any) -> None:
        """Remember a fill; listens to every order's events."""
        if type(event).__name__ == "OrderFilled":
            self._filled.append(event)

    def process(self, ts_now: int) -> None:
        """Act once all that this moment holds is settled."""
        filled, self._filled = self._filled, []
        for event in filled:
            order = self.exchange.cache.order(event.client_order_id)
            group = oca_of(order)
            if group is None:
                continue
            for other in self.exchange.cache.orders_open(instrument_id=order.instrument_id):
                named = oca_of(other)
                if other is order or named is None or named.group != group.group:
                    continue
                engine = self.exchange.get_matching_engine(other.instrument_id)
                rest = float(other.leaves_qty) - float(event.last_qty)
                if group.type is OcaType.CANCEL or rest <= 0 or order.is_closed:
                    engine.cancel_order(other, cancel_contingencies=False)
                elif other.client_order_id not in (order.linked_order_ids or ()):
                    left = other.quantity.as_double() - float(event.last_qty)
                    quantity = self.exchange.cache.instrument(other.instrument_id).make_qty(left)
                    engine.update_order(other, quantity, _price(other), _trigger(other), update_contingencies=False)

    def pre_process(self, data: Any) -> None:
        """Nothing to do before a tick."""

    def log_diagnostics(self, logger: Any) -> None:
        """Nothing to tell at the end."""

    def reset(self) -> None:
        """Forget fills."""
        self._filled = []


def _price(order: Any) -> Any:
    return order.price if order.has_price else None


def _trigger(order: Any) -> Any:
    return order.trigger_price if order.has_trigger_price else None
