"""The reference strategy: buys one call near the money under a bracket, and again after it has closed.

It exists so that the whole road carries a real trade. It refuses every account but the stand-in's.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from nautilus_trader.adapters.interactive_brokers.common import IBOrderTags
from nautilus_trader.config import StrategyConfig
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.trading.strategy import Strategy

from engine.errors import StrategyRefused
from engine.hours import CUT_OFF
from engine.observe import closes, net_positions, unfinished_orders
from engine.settings import masked
from engine.strategies.plan import Step, View, exit_prices, next_step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nautilus_trader.model.events import OrderEvent
    from nautilus_trader.model.identifiers import InstrumentId

    from engine.chain.loader import Chain
    from engine.clock import Clock

ACCOUNT_PREFIX = "DUSIM"
STEP_MILLISECONDS = 500
QUANTITY = 1


class ReferenceConfig(StrategyConfig, frozen=True, kw_only=True):  # type: ignore[misc, call-arg]
    """`pause_seconds`: rest between the end of one trade and the next entry."""

    pause_seconds: float = 5.0


class Reference(Strategy):  # type: ignore[misc]
    """Trades one call at a time. All decisions are `plan.next_step`'s."""

    def __init__(
        self,
        config: ReferenceConfig,
        account: str,
        chain: Chain,
        clock: Clock,
        may_enter: Callable[[], bool],
        settled: Callable[[], bool],
    ) -> None:
        """Raises StrategyRefused for any account but the stand-in's (`DUSIM…`: letters no real account has)."""
        refuse_real_account(account)
        super().__init__(config)
        self._pause = config.pause_seconds
        self._chain = chain
        self._time = clock
        self._may_enter = may_enter
        self._settled = settled
        self._watched: InstrumentId | None = None
        self._rest_until = 0.0
        self._flatten_id: Any = None

    def on_start(self) -> None:
        """Look at the books twice a second; whatever the cache recovered is taken up where it was."""
        self.clock.set_timer("step", timedelta(milliseconds=STEP_MILLISECONDS), callback=lambda _: self._act())

    def on_stop(self) -> None:
        """Leave exits where they protect: at the broker."""
        self.clock.cancel_timers()

    def on_order_filled(self, event: OrderEvent) -> None:
        """Rest after an exit."""
        if event.order_side == OrderSide.SELL:
            self._rest()

    def on_order_rejected(self, event: OrderEvent) -> None:
        """Rest after a refusal: asking again at once would only be refused again."""
        self._rest()

    def on_order_denied(self, event: OrderEvent) -> None:
        """Rest after Nautilus' own risk engine said no."""
        self._rest()

    def _rest(self) -> None:
        self._rest_until = self._time.monotonic() + self._pause

    def _act(self) -> None:
        held = {i: q for i, q in net_positions(self.cache).items() if self._chain.expires(i) is not None}
        orders = unfinished_orders(self.cache)
        options = [order for order in orders if self._chain.expires(order.instrument_id) is not None]
        # One instrument at a time: what is held comes first, then what has orders, then the next to trade.
        instrument_id = next(iter(held), None) or next((o.instrument_id for o in options), None)
        target = instrument_id or self._chain.call()
        if target is None:
            return
        self._watch_quotes(target)
        own = [order for order in options if order.instrument_id == target]
        view = self._view(target, held.get(target, 0.0), own)
        match next_step(view, CUT_OFF.total_seconds()):
            case Step.ENTER:
                self._enter(target)
            case Step.ARM_EXITS:
                self._arm_exits(target, view.quantity)
            case Step.CANCEL_ORDERS:
                for order in own:
                    if order.is_open and not order.is_pending_cancel:
                        self.cancel_order(order)
            case Step.FLATTEN:
                self._flatten(target, view.quantity)
            case Step.WAIT:
                pass

    def _view(self, target: InstrumentId, quantity: float, own: Sequence[Any]) -> View:
        expires = self._chain.expires(target)
        flattening = [order for order in own if order.client_order_id == self._flatten_id]
        exits = [order for order in own if order.side == OrderSide.SELL and order not in flattening]
        return View(
            quantity=quantity,
            expires_in=(expires - self._time.now()).total_seconds() if expires is not None else None,
            exits=len([order for order in exits if closes(order, target, quantity or 1.0)]),
            entries=len([order for order in own if order.side == OrderSide.BUY]),
            flattening=bool(flattening),
            resting=self._rest_until - self._time.monotonic(),
            may_enter=self._may_enter(),
            target_quoted=self._quote(target) is not None,
            settled=self._settled(),
        )

    def _enter(self, instrument_id: InstrumentId) -> None:
        prices = self._exit_prices(instrument_id)
        if prices is None:
            return
        # All orders keep Nautilus' default, GTC: read back from IBKR, the adapter takes a DAY order for
        # AT_THE_CLOSE, and reconciliation dies of a stop order that says so.
        entry_id = self.order_factory.generate_client_order_id()
        group = self._group(entry_id.value)
        bracket = self.order_factory.bracket(
            instrument_id=instrument_id,
            order_side=OrderSide.BUY,
            quantity=self.cache.instrument(instrument_id).make_qty(QUANTITY),
            entry_client_order_id=entry_id,
            tp_price=prices[0],
            # True is Nautilus' default, and this adapter rejects the whole list for it.
            tp_post_only=False,
            tp_tags=group,
            sl_trigger_price=prices[1],
            sl_tags=group,
        )
        self._rest()
        self.submit_order_list(bracket)

    def _arm_exits(self, instrument_id: InstrumentId, quantity: float) -> None:
        prices = self._exit_prices(instrument_id)
        if prices is None:
            return
        size = self.cache.instrument(instrument_id).make_qty(abs(quantity))
        first_id = self.order_factory.generate_client_order_id()
        group = self._group(first_id.value)
        common = {"instrument_id": instrument_id, "order_side": OrderSide.SELL, "quantity": size, "tags": group}
        profit = self.order_factory.limit(price=prices[0], client_order_id=first_id, **common)
        stop = self.order_factory.stop_market(trigger_price=prices[1], **common)
        self.log.warning(f"position of {quantity:g} {instrument_id} has no exit; arming a new pair")
        # The stop goes first: it is the one that must not be missing.
        self.submit_order(stop)
        self.submit_order(profit)

    def _flatten(self, instrument_id: InstrumentId, quantity: float) -> None:
        order = self.order_factory.market(
            instrument_id=instrument_id,
            order_side=OrderSide.SELL if quantity > 0 else OrderSide.BUY,
            quantity=self.cache.instrument(instrument_id).make_qty(abs(quantity)),
        )
        self._flatten_id = order.client_order_id
        self.log.info(f"flattening {quantity:g} {instrument_id}")
        self.submit_order(order)

    def _group(self, name: str) -> list[str]:
        # Explicit, because the adapter passes no contingency on: without it both exits could fill.
        return [IBOrderTags(ocaGroup=f"WK-{name}", ocaType=1).value]

    def _exit_prices(self, instrument_id: InstrumentId) -> tuple[Any, Any] | None:
        quote, instrument = self._quote(instrument_id), self.cache.instrument(instrument_id)
        if quote is None or instrument is None:
            return None
        profit, stop = exit_prices(float(quote.bid_price), float(quote.ask_price), float(instrument.price_increment))
        return instrument.make_price(profit), instrument.make_price(stop)

    def _quote(self, instrument_id: InstrumentId) -> Any:
        quote = self.cache.quote_tick(instrument_id)
        # A quote from before a reconnect, or a market without a bid, prices nothing.
        if quote is None or float(quote.bid_price) <= 0 or not self._settled():
            return None
        age = (self.clock.timestamp_ns() - quote.ts_event) / 1e9
        return quote if age < 10.0 else None

    def _watch_quotes(self, instrument_id: InstrumentId) -> None:
        if instrument_id == self._watched:
            return
        if self._watched is not None:
            self.unsubscribe_quote_ticks(self._watched)
        self._watched = instrument_id
        self.subscribe_quote_ticks(instrument_id)


def refuse_real_account(account: str) -> None:
    """Raise StrategyRefused unless the account can only be the stand-in's."""
    if not account.startswith(ACCOUNT_PREFIX):
        raise StrategyRefused(
            f"an account {ACCOUNT_PREFIX}… for STRATEGY=reference", masked(account), "set STRATEGY=none"
        )
