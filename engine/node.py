"""The TradingNode: its configuration from the settings, and its clients around a session that already stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ibapi.common import MarketDataTypeEnum
from nautilus_trader.adapters.interactive_brokers.client import InteractiveBrokersClient
from nautilus_trader.adapters.interactive_brokers.config import (
    InteractiveBrokersDataClientConfig,
    InteractiveBrokersExecClientConfig,
    InteractiveBrokersInstrumentProviderConfig,
)
from nautilus_trader.adapters.interactive_brokers.factories import (
    IB_CLIENTS,
    InteractiveBrokersLiveDataClientFactory,
    InteractiveBrokersLiveExecClientFactory,
    get_cached_interactive_brokers_instrument_provider,
)
from nautilus_trader.cache.config import CacheConfig
from nautilus_trader.config import (
    DatabaseConfig,
    LiveExecEngineConfig,
    LoggingConfig,
    RoutingConfig,
    TradingNodeConfig,
)
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.identifiers import TraderId

from engine.instruments import SYMBOL, UNDERLYING_CONTRACT, VENUE
from engine.settings import MarketData, Settings

if TYPE_CHECKING:
    import asyncio

    from nautilus_trader.adapters.interactive_brokers.providers import InteractiveBrokersInstrumentProvider

CLIENT = "IB"
# One answer of the gateway. An unanswered request blocks its name for this long, so 60 s (the default) is too much.
REQUEST_SECONDS = 15
# The adapter waits for a session that stands already; the kernel above it must not give up before its parts do:
# instruments and account are two answers each.
ADAPTER_CONNECT_SECONDS = 20
KERNEL_CONNECT_SECONDS = ADAPTER_CONNECT_SECONDS + 2 * REQUEST_SECONDS + 5
RECONCILE_SECONDS = 2 * REQUEST_SECONDS + 5

MARKET_DATA_TYPES = {
    MarketData.REALTIME: MarketDataTypeEnum.REALTIME,
    MarketData.FROZEN: MarketDataTypeEnum.FROZEN,
    MarketData.DELAYED: MarketDataTypeEnum.DELAYED,
    MarketData.DELAYED_FROZEN: MarketDataTypeEnum.DELAYED_FROZEN,
}


def provider_config() -> InteractiveBrokersInstrumentProviderConfig:
    """Return the one provider configuration; data and execution share the provider because it is equal."""
    return InteractiveBrokersInstrumentProviderConfig(
        load_contracts=frozenset([UNDERLYING_CONTRACT]), symbol_to_mic_venue={SYMBOL: VENUE}
    )


def config(settings: Settings) -> TradingNodeConfig:
    """Translate the settings. The execution client books net positions (OMS NETTING is fixed in the adapter)."""
    common = {
        "ibg_host": settings.ib_host,
        "ibg_port": settings.ib_port,
        "ibg_client_id": settings.ib_client_id,
        "connection_timeout": ADAPTER_CONNECT_SECONDS,
        "request_timeout_secs": REQUEST_SECONDS,
        "instrument_provider": provider_config(),
        "routing": RoutingConfig(default=True),
    }
    return TradingNodeConfig(
        trader_id=TraderId(settings.trader_id),
        logging=LoggingConfig(log_level=settings.log_level, log_colors=False),
        cache=CacheConfig(database=_database(settings)) if settings.redis_host else None,
        exec_engine=LiveExecEngineConfig(
            reconciliation=True,
            # It calls an order that nobody acknowledged rejected after half a minute, also while the gateway is
            # away and the order may rest at the broker. The guardian asks the broker instead.
            inflight_check_interval_ms=0,
            # A stack left running for weeks must not grow: what has ended is forgotten after an hour, also in Redis.
            purge_closed_orders_interval_mins=10,
            purge_closed_orders_buffer_mins=60,
            purge_closed_positions_interval_mins=10,
            purge_closed_positions_buffer_mins=60,
            purge_account_events_interval_mins=10,
            purge_account_events_lookback_mins=60,
            purge_from_database=True,
        ),
        data_clients={
            CLIENT: InteractiveBrokersDataClientConfig(
                market_data_type=MARKET_DATA_TYPES[settings.market_data_type], **common
            )
        },
        exec_clients={CLIENT: InteractiveBrokersExecClientConfig(account_id=settings.ib_account, **common)},
        timeout_connection=float(KERNEL_CONNECT_SECONDS),
        timeout_reconciliation=float(RECONCILE_SECONDS),
        timeout_portfolio=10.0,
        # Together below the 15 s in which SIGTERM must end us: nothing is cancelled at the broker on the way out.
        timeout_post_stop=0.5,
        timeout_disconnection=3.0,
        timeout_shutdown=2.0,
    )


def create(settings: Settings, loop: asyncio.AbstractEventLoop) -> TradingNode:
    """Create the node, not yet built. Takes the loop's signal handlers; the caller puts its own back."""
    node = TradingNode(config(settings), loop=loop)
    node.add_data_client_factory(CLIENT, InteractiveBrokersLiveDataClientFactory)
    node.add_exec_client_factory(CLIENT, InteractiveBrokersLiveExecClientFactory)
    return node


def create_client(settings: Settings, node: TradingNode, loop: asyncio.AbstractEventLoop) -> InteractiveBrokersClient:
    """Create the adapter's client before `node.build()` does and leave it where the factories look for it.

    Called on the running loop, so that connecting is a task. Left to `build()` it would block, for ever by default,
    until the gateway answers, and a first SIGTERM would go unheard.
    """
    key = (settings.ib_host, settings.ib_port, settings.ib_client_id)
    client = InteractiveBrokersClient(
        loop=loop,
        msgbus=node.kernel.msgbus,
        cache=node.kernel.cache,
        clock=node.kernel.clock,
        host=settings.ib_host,
        port=settings.ib_port,
        client_id=settings.ib_client_id,
        request_timeout_secs=REQUEST_SECONDS,
    )
    IB_CLIENTS[key] = client
    return client


def provider(client: InteractiveBrokersClient, node: TradingNode) -> InteractiveBrokersInstrumentProvider:
    """Return the instrument provider that the node's clients will use."""
    return get_cached_interactive_brokers_instrument_provider(client, node.kernel.clock, provider_config())


def _database(settings: Settings) -> DatabaseConfig:
    password = settings.redis_password.get_secret_value() if settings.redis_password else None
    # Few retries: Redis answered a moment ago, and in here it blocks the whole process.
    return DatabaseConfig(
        type="redis",
        host=settings.redis_host,
        port=settings.redis_port,
        username=settings.redis_username if password else None,
        password=password,
        connection_timeout=5,
        response_timeout=5,
        number_of_retries=1,
    )
