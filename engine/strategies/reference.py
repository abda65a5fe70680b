"""The reference strategy: buys one call near the money under a bracket, and again after it has closed.

It exists so that the whole road carries a real trade. It refuses every account but the stand-in's.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from nautilus_trader.config import StrategyConfig
from nautilus_trader.model.enums import OrderSide
from nautilus_trader.trading.strategy import Strategy

from engine.errors import StrategyRefused
from engine.observe import net_positions, unfinished_orders
from engine.orders import bracket
from engine.settings import masked
from engine.strategies.plan import View, enters, exit_prices
from engine.timers import every

if TYPE_CHECKING:
    from collections.abc import Callable

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
    """Trades one call at a time. When is `plan.enters`' to say; how it ends, the exits' and the Keeper's."""

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

    def on_start(self) -> None:
        """Look at the books twice a second."""
        every(self.clock, "step", timedelta(milliseconds=STEP_MILLISECONDS), self._act)

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
        held = [instrument_id for instrument_id in net_positions(self.cache) if self._is_option(instrument_id)]
        ordered = [o.instrument_id for o in unfinished_orders(self.cache) if self._is_option(o.instrument_id)]
        target = next(iter(held + ordered), None) or self._chain.call()
        if target is None:
            return
        self._watch_quotes(target)
        view = View(
            busy=bool(held or ordered),
            resting=self._rest_until - self._time.monotonic(),
            may_enter=self._may_enter(),
            target_quoted=self._quote(target) is not None,
            settled=self._settled(),
        )
        if enters(view):
            self._enter(target)

    def _is_option(self, instrument_id: InstrumentId) -> bool:
        return self._chain.expires(instrument_id) is not None

    def _enter(self, instrument_id: InstrumentId) -> None:
        prices = self._exit_prices(instrument_id)
        if prices is None:
            return
        self._rest()
        profit, stop = prices
        self.submit_order_list(bracket(self, instrument_id, OrderSide.BUY, QUANTITY, take_profit=profit, stop=stop))

    def _exit_prices(self, instrument_id: InstrumentId) -> tuple[float, float] | None:
        quote, instrument = self._quote(instrument_id), self.cache.instrument(instrument_id)
        if quote is None or instrument is None:
            return None
        return exit_prices(float(quote.bid_price), float(quote.ask_price), float(instrument.price_increment))

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
