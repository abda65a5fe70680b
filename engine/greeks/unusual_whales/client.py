"""The feed as a data-only client of Nautilus: subscribe to `TradeGreeks` of a root (`SPY`, `SPXW`), and it joins."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nautilus_trader.live.config import LiveDataClientConfig
from nautilus_trader.live.data_client import LiveDataClient
from nautilus_trader.live.factories import LiveDataClientFactory
from nautilus_trader.model.data import CustomData, DataType
from nautilus_trader.model.identifiers import ClientId, InstrumentId

from engine.clock import SystemClock
from engine.greeks.data import FEED, FeedState, TradeGreeks
from engine.greeks.options import option_symbol, root_of
from engine.greeks.unusual_whales.feed import Feed
from engine.greeks.unusual_whales.frames import Print, channel_of

if TYPE_CHECKING:
    import asyncio

    from nautilus_trader.cache.cache import Cache
    from nautilus_trader.common.component import LiveClock, MessageBus
    from nautilus_trader.data.messages import SubscribeData, UnsubscribeData

CLIENT = "UNUSUAL_WHALES"
CLIENT_ID = ClientId(CLIENT)
HAND_OVER_SECONDS = 0.25
TELL_EVERY = 4
STATE_TYPE = DataType(FeedState, metadata={"feed": FEED})


class UnusualWhalesDataClientConfig(LiveDataClientConfig, frozen=True, kw_only=True):  # type: ignore[misc, call-arg]
    """The token is a file's content, never a value in here: Nautilus writes configurations into its log."""

    url: str
    token_file: str


def trades_of(root: str) -> DataType:
    """Return the data type to subscribe for the trades of all options of a root."""
    return DataType(TradeGreeks, metadata={"root": root})


class UnusualWhalesDataClient(LiveDataClient):  # type: ignore[misc]
    """Hands over the newest trade of each loaded option four times a second, and once a second how the feed is."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        msgbus: MessageBus,
        cache: Cache,
        clock: LiveClock,
        config: UnusualWhalesDataClientConfig,
    ) -> None:
        super().__init__(
            loop=loop, client_id=CLIENT_ID, venue=None, msgbus=msgbus, cache=cache, clock=clock, config=config
        )
        self._time = SystemClock()
        self._ids: dict[str, InstrumentId] = {}
        self._feed = Feed(config.url, Path(config.token_file), self._time, wanted=self._ids.__contains__)

    async def _connect(self) -> None:
        # Connected at once, whatever the feed does: the node must not wait for it.
        self.create_task(self._feed.run(), log_msg="feed")
        self.create_task(self._hand_over(), log_msg="hand over")

    async def _disconnect(self) -> None:
        """Nothing to do: the base class cancels the tasks, and the socket closes with its task."""

    async def _subscribe(self, command: SubscribeData) -> None:
        if (root := command.data_type.metadata.get("root")) is not None:
            await self._feed.join(channel_of(root))

    async def _unsubscribe(self, command: UnsubscribeData) -> None:
        if (root := command.data_type.metadata.get("root")) is not None:
            await self._feed.leave(channel_of(root))

    async def _hand_over(self) -> None:
        rounds = 0
        while True:
            if rounds % TELL_EVERY == 0:
                self._learn_symbols()
                self._tell()
                await self._feed.hang_up_if_silent()
            rounds += 1
            for trade in self._feed.take():
                if (instrument_id := self._ids.get(trade.symbol)) is not None:
                    self._handle_data(
                        CustomData(trades_of(root_of(trade.symbol)), self._translate(instrument_id, trade))
                    )
            await self._time.sleep(HAND_OVER_SECONDS)

    def _learn_symbols(self) -> None:
        self._ids.clear()
        for instrument in self._cache.instruments():
            if (symbol := option_symbol(instrument)) is not None:
                self._ids[symbol] = instrument.id

    def _translate(self, instrument_id: InstrumentId, trade: Print) -> TradeGreeks:
        now = self._clock.timestamp_ns()
        return TradeGreeks(
            # A clock that runs ahead of ours must not make a trade look fresh for longer than it is.
            ts_event=min(trade.executed_ns, now),
            ts_init=now,
            instrument_id=instrument_id,
            underlying_price=trade.underlying_price,
            price=trade.price,
            vol=trade.vol,
            delta=trade.delta,
            gamma=trade.gamma,
            vega=trade.vega,
            theta=trade.theta,
        )

    def _tell(self) -> None:
        feed, now = self._feed, self._clock.timestamp_ns()
        counts = feed.counts
        state = FeedState(
            ts_event=now,
            ts_init=now,
            connected=feed.connected,
            joined=len(feed.joined & feed.channels),
            wanted=len(feed.channels),
            sessions=counts.sessions,
            prints=counts.prints,
            conflated=counts.conflated,
            unknown=counts.unknown,
            implausible=counts.implausible,
            undecodable=counts.undecodable,
            trouble=feed.trouble,
        )
        self._handle_data(CustomData(STATE_TYPE, state))


class UnusualWhalesLiveDataClientFactory(LiveDataClientFactory):  # type: ignore[misc]
    """Builds the client for a TradingNode."""

    @staticmethod
    def create(
        loop: asyncio.AbstractEventLoop,
        name: str,
        config: UnusualWhalesDataClientConfig,
        msgbus: MessageBus,
        cache: Cache,
        clock: LiveClock,
    ) -> UnusualWhalesDataClient:
        """Create it; `name` is always `UNUSUAL_WHALES`."""
        return UnusualWhalesDataClient(loop, msgbus, cache, clock, config)
