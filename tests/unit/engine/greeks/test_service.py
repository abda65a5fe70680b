"""The service in Nautilus' backtest engine: the same actor, view and selection that run live."""

from __future__ import annotations

import warnings
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from nautilus_trader.config import StrategyConfig
from nautilus_trader.model.data import CustomData
from nautilus_trader.model.greeks import GreeksCalculator
from nautilus_trader.trading.strategy import Strategy

from engine.greeks.data import FEED, LOCAL, FeedState, Greeks, TradeGreeks
from engine.greeks.service import GreeksService, GreeksServiceConfig
from engine.greeks.unusual_whales.client import CLIENT_ID, STATE_TYPE, trades_of
from engine.greeks.view import GreeksView
from tests.unit.engine.greeks import market
from tests.unit.engine.greeks.market import EXPIRY, SECOND, SPOT, STRIKES, option_id

if TYPE_CHECKING:
    from collections.abc import Iterator

HOUR = 3600 * SECOND
BEGIN = EXPIRY - HOUR


class Asking(Strategy):  # type: ignore[misc]
    """An ordinary strategy. Every second it notes what it can know."""

    def __init__(self) -> None:
        super().__init__(StrategyConfig())
        self.seen: list[dict[str, Any]] = []

    def on_start(self) -> None:
        self.options = GreeksView(self)
        for instrument in self.cache.instruments():
            self.subscribe_quote_ticks(instrument.id)
        self.clock.set_timer("ask", timedelta(seconds=1), callback=lambda _: self.ask())

    def ask(self) -> None:
        self.seen.append(
            {
                "at": self.clock.timestamp_ns(),
                "values": {i.id: self.options.of(i.id) for i in self.cache.instruments()},
                "call": self.options.by_delta(0.3, call=True),
                "put": self.options.by_delta(0.45, call=False),
                "source": self.options.source,
            }
        )


class Played:
    """One backtest: what the strategy saw, and what is left in the engine."""

    def __init__(
        self,
        data: list[Any],
        config: GreeksServiceConfig,
        venue: str = "ARCX",
        trades: Any = (),
        index: bool = False,
    ) -> None:
        self.engine = market.engine(venue, index)
        self.service = GreeksService(config)
        self.strategy = Asking()
        self.engine.add_actor(self.service)
        self.engine.add_strategy(self.strategy)
        self.engine.add_data(data)
        if trades:
            self.engine.add_data(list(trades), client_id=CLIENT_ID)
        with warnings.catch_warnings():
            # NautilusTrader's own, at the beginning and end of each run.
            warnings.filterwarnings("ignore", "Timestamp.utcnow")
            self.engine.run()
        self.seen = self.strategy.seen

    def value(self, index: int, strike: int, call: bool) -> Greeks | None:
        found: Greeks | None = self.seen[index]["values"][option_id(strike, call)]
        return found


@pytest.fixture(scope="module")
def hour_before() -> Iterator[Played]:
    played = Played(market.quotes(BEGIN, 10), GreeksServiceConfig(rate=market.RATE))
    yield played
    played.engine.dispose()


def test_every_option_is_valued_from_the_side_without_intrinsic_value(hour_before: Played) -> None:
    at = hour_before.seen[5]["at"]
    for strike in STRIKES:
        for call in (True, False):
            value, fair = hour_before.value(5, strike, call), market.fair(strike, call, at)
            if market.fair(strike, strike > SPOT, at).price < 0.001:
                continue  # quoted at a tick or not at all
            assert value is not None, (strike, call)
            assert value.source == LOCAL
            assert value.vol == pytest.approx(market.VOL, rel=0.02)
            assert value.delta == pytest.approx(fair.delta, abs=0.005)


def test_a_strike_is_chosen_by_its_delta(hour_before: Played) -> None:
    chosen = hour_before.seen[5]
    assert chosen["call"].delta == pytest.approx(0.3, abs=0.1)
    assert chosen["call"].is_call
    assert chosen["put"].delta == pytest.approx(-0.45, abs=0.1)
    assert not chosen["put"].is_call


def test_nautilus_own_calculator_finds_the_values(hour_before: Played) -> None:
    kernel = hour_before.engine.kernel
    found = GreeksCalculator(kernel.cache, kernel.clock).instrument_greeks(option_id(600, True), use_cached_greeks=True)
    # The strategy's last look was a second before the run's end.
    assert found.delta == pytest.approx(hour_before.value(-1, 600, True).delta, abs=1e-5)  # type: ignore[union-attr]
    assert (2 * found).delta == pytest.approx(2 * 100 * found.delta)


def test_the_same_hour_again_gives_the_same_values(hour_before: Played) -> None:
    again = Played(market.quotes(BEGIN, 10), GreeksServiceConfig(rate=market.RATE))
    assert repr(again.seen) == repr(hour_before.seen)
    again.engine.dispose()


def test_the_last_minutes_are_told_apart() -> None:
    played = Played(market.quotes(EXPIRY - 120 * SECOND, 118), GreeksServiceConfig(rate=market.RATE))
    for index in (5, 60, 100):
        value, fair = played.value(index, 600, True), market.fair(600, True, played.seen[index]["at"])
        assert value is not None
        assert value.delta == pytest.approx(fair.delta, abs=0.005)
        assert value.gamma == pytest.approx(fair.gamma, rel=0.1)
    assert played.value(5, 600, True).delta + 0.1 < played.value(100, 600, True).delta  # type: ignore[union-attr]
    played.engine.dispose()


def test_another_venue_for_the_options_is_no_obstacle() -> None:
    """Nautilus' calculator looks for the underlying at the option's venue, and finds nothing."""
    data = [q for q in market.quotes(BEGIN, 3, "XCBO") if q.instrument_id.symbol.value != "SPY"]
    spots = [q for q in market.quotes(BEGIN, 3) if q.instrument_id == market.SPY]
    played = Played(sorted([*data, *spots], key=lambda q: q.ts_init), GreeksServiceConfig(), venue="XCBO")
    assert played.seen[-1]["values"][option_id(600, True, "XCBO")] is not None
    played.engine.dispose()


def test_a_spot_that_is_no_longer_quoted_values_nothing() -> None:
    later = [q for q in market.quotes(BEGIN, 40) if q.instrument_id != market.SPY or q.ts_event < BEGIN + 5 * SECOND]
    played = Played(later, GreeksServiceConfig())
    assert played.value(4, 600, True) is not None
    assert played.value(-1, 600, True) is None
    assert played.seen[-1]["call"] is None
    played.engine.dispose()


def test_an_option_that_is_no_longer_quoted_has_no_value() -> None:
    quiet = {option_id(600, True), option_id(600, False)}
    data = [q for q in market.quotes(BEGIN, 40) if q.instrument_id not in quiet or q.ts_event < BEGIN + 5 * SECOND]
    played = Played(data, GreeksServiceConfig())
    assert played.value(4, 600, True) is not None
    assert played.value(-1, 600, True) is None
    assert played.value(-1, 601, True) is not None
    played.engine.dispose()


def test_an_index_has_values_and_no_quotes() -> None:
    played = Played(market.of_an_index(BEGIN, 5), GreeksServiceConfig(rate=market.RATE), index=True)
    found = played.value(3, 600, True)
    assert found is not None
    assert found.delta == pytest.approx(market.fair(600, True, played.seen[3]["at"]).delta, abs=0.005)
    played.engine.dispose()


def feed_trade(at_ns: int, delta: float, strike: int = 600) -> CustomData:
    """A trade of a call, as the feed's client hands it over."""
    trade = TradeGreeks(
        ts_event=at_ns,
        ts_init=at_ns,
        instrument_id=option_id(strike, True),
        underlying_price=SPOT,
        price=1.0,
        vol=0.19,
        delta=delta,
        gamma=0.1,
        vega=0.09,
        theta=-1.0,
    )
    return CustomData(trades_of("SPY"), trade)


def test_the_source_switches_with_the_feeds_age_and_says_so() -> None:
    """A feed that trades from second 5 to 20: ours, its own after a trial, ours again once it is stale."""
    states = [CustomData(STATE_TYPE, FeedState(ts_event=BEGIN, ts_init=BEGIN, connected=True, joined=1))]
    trades = [feed_trade(BEGIN + n * SECOND, 0.51) for n in range(5, 21)]
    trades.insert(5, feed_trade(BEGIN + 9 * SECOND, 0.25, strike=601))
    config = GreeksServiceConfig(feed=True, stale_after_seconds=8)
    played = Played(market.quotes(BEGIN, 60), config, trades=[*states, *trades])
    sources = [
        value.source if (value := played.value(index, 600, True)) is not None else None
        for index in range(len(played.seen))
    ]
    assert (sources[7], sources[15], sources[25], sources[40]) == (LOCAL, FEED, FEED, LOCAL)
    assert played.value(15, 600, True).delta == 0.51  # type: ignore[union-attr]
    # An option that the feed does not tell of, or no longer, has our value, and its own word for it.
    assert played.value(15, 602, True).source == LOCAL  # type: ignore[union-attr]
    assert [played.value(index, 601, True).source for index in (15, 20)] == [FEED, LOCAL]  # type: ignore[union-attr]
    assert [played.seen[index]["source"] for index in (7, 15, 40)] == ["", FEED, LOCAL]
    told = played.service.seen()
    assert dict(told.switches) == {FEED: 1, LOCAL: 1}
    assert "no trade from the feed for" in told.reason
    assert told.feed is not None
    assert told.feed.joined == 1
    played.engine.dispose()


def test_without_a_feed_the_source_is_ours_and_nobody_is_asked(hour_before: Played) -> None:
    told = hour_before.service.seen()
    assert (told.source, told.reason, told.feed) == (LOCAL, "no feed is configured", None)
    assert dict(told.options)[LOCAL] > 0
    assert dict(told.switches) == {FEED: 0, LOCAL: 0}
