"""One day replayed: NautilusTrader's simulated exchange, the strategy, greeks and exits as in a live run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.common.actor import Actor
from nautilus_trader.config import LoggingConfig
from nautilus_trader.model.enums import AccountType, InstrumentClass, OmsType, OrderSide
from nautilus_trader.model.identifiers import TraderId
from nautilus_trader.model.objects import Currency, Money

from engine.backtest.expiry import settled
from engine.backtest.venue import Commissions, OcaGroups
from engine.backtest.world import DayChain, OwnBooks, SimulatedTime
from engine.exits.broker import Desk
from engine.exits.keeper import Keeper, KeeperConfig
from engine.greeks.service import GreeksService, GreeksServiceConfig
from engine.observe import net_positions
from engine.settings import CLIENT
from engine.strategies.reference import Reference, ReferenceConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from nautilus_trader.trading.strategy import Strategy

    from engine.backtest.days import Day

TRADER = TraderId("BACKTEST-001")
# The reference strategy refuses every account but the stand-in's.
ACCOUNT = "DUSIM0001"
SAMPLE = timedelta(minutes=1)
# Quotes made of bars come every five seconds: more often there is nothing new to work out.
GREEKS_SECONDS = 5.0
_USD = Currency.from_str("USD")

type Make = Callable[[], Strategy]
"""Makes the user's strategy anew, as each day's start of a live engine does."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a day came to. Moments are nanoseconds since 1970."""

    balance: float
    fills: list[dict[str, Any]] = field(default_factory=list)
    equity: list[tuple[int, float]] = field(default_factory=list)
    held: dict[str, float] = field(default_factory=dict)


class Equity(Actor):  # type: ignore[misc]
    """Writes down once a minute what the account would be worth at the last quotes."""

    def __init__(self, venue: Any) -> None:
        super().__init__()
        self._venue = venue
        self.samples: list[tuple[int, float]] = []

    def on_start(self) -> None:
        """Look at every minute."""
        self.clock.set_timer("equity", SAMPLE, callback=lambda _: self.sample())

    def on_stop(self) -> None:
        """Look once more."""
        self.sample()
        self.clock.cancel_timers()

    def sample(self) -> None:
        """Write down balance, what was paid for options that are held, and open profit."""
        account = self.portfolio.account(self._venue)
        if account is not None:
            open_profit = self.portfolio.unrealized_pnls(self._venue).get(_USD)
            worth = account.balance_total(_USD).as_double() + (open_profit.as_double() if open_profit else 0.0)
            self.samples.append((self.clock.timestamp_ns(), round(worth + self._premiums(), 2)))

    def _premiums(self) -> float:
        # The balance is without them from the fill on; what is held for them is still there.
        held = [(one, self.cache.instrument(one.instrument_id)) for one in self.cache.positions_open()]
        return sum(
            float(position.signed_qty * position.avg_px_open) * float(instrument.multiplier)
            for position, instrument in held
            if instrument.instrument_class == InstrumentClass.OPTION
        )


def replay(day: Day, balance: float, make: Make | None, pause_seconds: float) -> Outcome:
    """Run one day from its first quote to its last; without `make` the reference strategy trades."""
    engine = BacktestEngine(
        BacktestEngineConfig(trader_id=TRADER, logging=LoggingConfig(bypass_logging=True), run_analysis=False)
    )
    try:
        return _run(engine, day, balance, make, pause_seconds)
    finally:
        engine.dispose()


def _run(engine: BacktestEngine, day: Day, balance: float, make: Make | None, pause_seconds: float) -> Outcome:
    venue, groups = day.underlying.id.venue, OcaGroups()
    engine.add_venue(
        venue,
        OmsType.NETTING,
        AccountType.MARGIN,
        [Money(balance, _USD)],
        base_currency=_USD,
        fee_model=Commissions(),
        modules=[groups],
        # Quotes alone fill orders: a bar is over before it is known.
        bar_execution=False,
        trade_execution=False,
    )
    for instrument in day.instruments:
        engine.add_instrument(instrument)
    engine.add_data(day.data, validate=False)
    engine.kernel.msgbus.subscribe("events.order.*", groups.on_fill)
    equity = Equity(venue)
    engine.add_actor(equity)
    engine.add_actor(GreeksService(GreeksServiceConfig(interval_seconds=GREEKS_SECONDS)))
    engine.add_strategy(make() if make is not None else _reference(engine, day, pause_seconds))
    engine.add_strategy(Keeper(KeeperConfig(), Desk(CLIENT, OwnBooks(engine.kernel.cache), lambda: True)))
    engine.run()
    cache = engine.kernel.cache
    account = engine.kernel.portfolio.account(venue)
    balance = account.balance_total(_USD).as_double()
    fills, samples = _fills(cache), equity.samples
    held = {str(name): quantity for name, quantity in sorted(net_positions(cache).items(), key=str)}
    spot = day.last_price()
    if held and spot is not None:
        ended, cash = settled(cache.positions_open(), cache, spot)
        balance = round(balance + cash, 2)
        fills += ended
        samples = [*samples, *((fill["at"], balance) for fill in ended[-1:])]
    return Outcome(balance, fills, samples, held)


def _reference(engine: BacktestEngine, day: Day, pause_seconds: float) -> Reference:
    clock = SimulatedTime(engine.kernel.clock)
    return Reference(
        ReferenceConfig(pause_seconds=pause_seconds),
        account=ACCOUNT,
        chain=DayChain(engine.kernel.cache, day.underlying.id, day.options, clock),  # type: ignore[arg-type]
        clock=clock,
        may_enter=lambda: True,
        settled=lambda: True,
    )


def _fills(cache: Any) -> list[dict[str, Any]]:
    """Return every fill in the order of time. Ids are left out: some are drawn at random."""
    found = [
        {
            "at": event.ts_event,
            "instrument": str(event.instrument_id),
            "side": "BUY" if event.order_side == OrderSide.BUY else "SELL",
            "quantity": event.last_qty.as_double(),
            "price": event.last_px.as_double(),
            "commission": event.commission.as_double(),
            "type": order.type_string(),
            "multiplier": cache.instrument(event.instrument_id).multiplier.as_double(),
        }
        for order in cache.orders()
        for event in order.events
        if type(event).__name__ == "OrderFilled"
    ]
    return sorted(found, key=lambda fill: (fill["at"], fill["instrument"], fill["side"], fill["price"]))
