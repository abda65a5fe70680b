"""The TradingNode: its configuration from the settings, and its clients around a session that already stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ibapi.common import MarketDataTypeEnum
from nautilus_trader.adapters.interactive_brokers.client import InteractiveBrokersClient
from nautilus_trader.adapters.interactive_brokers.common import IBContract
from nautilus_trader.adapters.interactive_brokers.config import (
    InteractiveBrokersDataClientConfig,
    InteractiveBrokersExecClientConfig,
    InteractiveBrokersInstrumentProviderConfig,
    SymbologyMethod,
)
from nautilus_trader.adapters.interactive_brokers.factories import (
    IB_CLIENTS,
    IB_INSTRUMENT_PROVIDERS,
    InteractiveBrokersLiveDataClientFactory,
    InteractiveBrokersLiveExecClientFactory,
    get_cached_interactive_brokers_instrument_provider,
)
from nautilus_trader.cache.config import CacheConfig
from nautilus_trader.config import (
    DatabaseConfig,
    LiveExecEngineConfig,
    RoutingConfig,
    TradingNodeConfig,
)
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.identifiers import InstrumentId, TraderId

from engine import logs
from engine.greeks.unusual_whales import client as unusual_whales
from engine.instruments import UNDERLYINGS
from engine.private import add_execution_client
from engine.private.bonds import BOND, bond_number
from engine.settings import CLIENT, Account, MarketData, Settings, Symbology, feed_token_file

if TYPE_CHECKING:
    import asyncio

    from nautilus_trader.adapters.interactive_brokers.providers import InteractiveBrokersInstrumentProvider

MARKET_DATA_TYPES = {
    MarketData.REALTIME: MarketDataTypeEnum.REALTIME,
    MarketData.FROZEN: MarketDataTypeEnum.FROZEN,
    MarketData.DELAYED: MarketDataTypeEnum.DELAYED,
    MarketData.DELAYED_FROZEN: MarketDataTypeEnum.DELAYED_FROZEN,
}


SYMBOLOGY = {
    Symbology.SIMPLIFIED: SymbologyMethod.IB_SIMPLIFIED,
    Symbology.RAW: SymbologyMethod.IB_RAW,
}


def provider_config(settings: Settings) -> InteractiveBrokersInstrumentProviderConfig:
    """Return the one provider configuration; data and execution share the provider because it is equal."""
    underlying = UNDERLYINGS[settings.underlying]
    contracts = (IBContract(**wanted.model_dump()) for wanted in settings.load_contracts)
    # The adapter reads no bond's name: its number is in it, and that is a contract.
    numbers = {name: bond_number(name) for name in settings.load_ids}
    bonds = (IBContract(secType=BOND, conId=number, exchange="SMART") for number in numbers.values() if number)
    return InteractiveBrokersInstrumentProviderConfig(
        load_ids=frozenset(InstrumentId.from_str(name) for name, number in numbers.items() if not number),
        load_contracts=frozenset([underlying.contract, *contracts, *bonds]),
        symbology_method=SYMBOLOGY[settings.symbology_method],
        convert_exchange_to_mic_venue=settings.convert_exchange_to_mic_venue,
        # The first that fits is taken: the underlying and its options stay on one venue, whatever else is wished.
        symbol_to_mic_venue={underlying.symbol: underlying.venue, **settings.symbol_to_mic_venue},
        filter_sec_types=frozenset(settings.filter_sec_types),
        filter_callable=settings.filter_callable,
    )


def config(settings: Settings) -> TradingNodeConfig:
    """Translate the settings. The execution client books net positions (OMS NETTING is fixed in the adapter)."""
    first = {**_link(settings), "routing": RoutingConfig(default=True)}
    execution = InteractiveBrokersExecClientConfig(account_id=settings.ib_account, **first, **_orders(settings))
    return TradingNodeConfig(
        trader_id=TraderId(settings.trader_id),
        logging=logs.nautilus(settings.log_level),
        cache=CacheConfig(database=_database(settings)) if settings.redis_host else None,
        exec_engine=LiveExecEngineConfig(
            reconciliation=True,
            # It calls an order that nobody acknowledged rejected after half a minute, also while the gateway is
            # away and the order may rest at the broker. The guardian asks the broker instead.
            inflight_check_interval_ms=0,
            # Nautilus' own repeated checks of orders and positions stay off (their default): asked while the gateway
            # is away, each blocks its kind of question for REQUEST_TIMEOUT_SECONDS after it is back. The guardian
            # compares the books on sessions that stand, every BOOKS_CHECK_SECONDS.
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
                market_data_type=MARKET_DATA_TYPES[settings.market_data_type],
                use_regular_trading_hours=settings.use_regular_trading_hours,
                ignore_quote_tick_size_updates=settings.ignore_quote_tick_size_updates,
                **first,
            ),
            **_greeks_feed(settings),
        },
        # A read-only gateway refuses orders and, as many report, does not end its answer about open ones either:
        # reconciliation would wait for it, fail, and leave a zombie. Without an execution client nothing is asked.
        exec_clients={} if settings.read_only_api else {CLIENT: execution},
        timeout_connection=float(settings.kernel_timeout),
        timeout_reconciliation=float(settings.reconciliation_timeout),
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
    node.add_data_client_factory(unusual_whales.CLIENT, unusual_whales.UnusualWhalesLiveDataClientFactory)
    node.add_exec_client_factory(CLIENT, InteractiveBrokersLiveExecClientFactory)
    return node


def add_accounts(settings: Settings, node: TradingNode, loop: asyncio.AbstractEventLoop) -> None:
    """Add an execution client for each further account to a node that is built.

    Left in the node's configuration they stop its build: the execution engine takes every client without a venue, as
    the adapter's are, for the default, and refuses a second one.
    """
    for one in settings.accounts:
        config = InteractiveBrokersExecClientConfig(account_id=one.account, **_link(settings, one), **_orders(settings))
        kernel = node.kernel
        client = InteractiveBrokersLiveExecClientFactory.create(
            loop, one.name, config, kernel.msgbus, kernel.cache, kernel.clock
        )
        add_execution_client(kernel.exec_engine, client)


def create_clients(
    settings: Settings, node: TradingNode, loop: asyncio.AbstractEventLoop
) -> dict[tuple[str, int, int], InteractiveBrokersClient]:
    """Create the adapter's clients before `node.build()` does and leave them where the factories look: one a session.

    Called on the running loop, so that connecting is a task. Left to `build()` it would block, for ever by default,
    until the gateway answers, and a first SIGTERM would go unheard. Accounts with equal links share a session, and all
    of them share the first one's instruments, so that what is loaded while they run is known to each.
    """
    made = {link: _client(settings, node, loop, link) for link in map(settings.link, (None, *settings.accounts))}
    IB_CLIENTS.update(made)
    wanted = provider_config(settings)
    first = provider(settings, made[settings.link()], node)
    IB_INSTRUMENT_PROVIDERS.update({(link, hash(wanted)): first for link in made})
    return made


def provider(
    settings: Settings, client: InteractiveBrokersClient, node: TradingNode
) -> InteractiveBrokersInstrumentProvider:
    """Return the instrument provider that the node's clients will use."""
    return get_cached_interactive_brokers_instrument_provider(client, node.kernel.clock, provider_config(settings))


def _greeks_feed(settings: Settings) -> dict[str, unusual_whales.UnusualWhalesDataClientConfig]:
    token_file = feed_token_file()
    if token_file is None:
        return {}
    wanted = unusual_whales.UnusualWhalesDataClientConfig(url=settings.greeks_feed_url, token_file=str(token_file))
    return {unusual_whales.CLIENT: wanted}


def _client(
    settings: Settings, node: TradingNode, loop: asyncio.AbstractEventLoop, link: tuple[str, int, int]
) -> InteractiveBrokersClient:
    host, port, client_id = link
    return InteractiveBrokersClient(
        loop=loop,
        msgbus=node.kernel.msgbus,
        cache=node.kernel.cache,
        clock=node.kernel.clock,
        host=host,
        port=port,
        client_id=client_id,
        request_timeout_secs=settings.request_timeout_seconds,
    )


def _link(settings: Settings, account: Account | None = None) -> dict[str, Any]:
    host, port, client_id = settings.link(account)
    return {
        "ibg_host": host,
        "ibg_port": port,
        "ibg_client_id": client_id,
        "connection_timeout": settings.connection_timeout_seconds,
        "request_timeout_secs": settings.request_timeout_seconds,
        "instrument_provider": provider_config(settings),
    }


def _orders(settings: Settings) -> dict[str, Any]:
    return {
        "fetch_all_open_orders": settings.fetch_all_open_orders,
        "track_option_exercise_from_position_update": settings.track_option_exercise_from_position_update,
    }


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
