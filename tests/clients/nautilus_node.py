"""A node of NautilusTrader for the scripts beside this file: a client for data, one for orders where it trades."""

from typing import Any

from nautilus_trader.adapters.interactive_brokers.common import IBContract
from nautilus_trader.adapters.interactive_brokers.config import (
    InteractiveBrokersDataClientConfig,
    InteractiveBrokersExecClientConfig,
    InteractiveBrokersInstrumentProviderConfig,
)
from nautilus_trader.adapters.interactive_brokers.factories import (
    InteractiveBrokersLiveDataClientFactory,
    InteractiveBrokersLiveExecClientFactory,
)
from nautilus_trader.cache.config import CacheConfig
from nautilus_trader.config import LoggingConfig, TradingNodeConfig
from nautilus_trader.live.node import TradingNode
from nautilus_trader.trading.strategy import Strategy

from tests.stand_in import ACCOUNT

NAME = "INTERACTIVE_BROKERS"


def make_node(
    port: int,
    provider: InteractiveBrokersInstrumentProviderConfig,
    *,
    trades: bool = True,
    log_level: str = "ERROR",
    cache: CacheConfig | None = None,
    **data: Any,
) -> TradingNode:
    """A node with client id 1 on that port; `data` goes into the data client's configuration."""
    link = {"ibg_host": "127.0.0.1", "ibg_port": port, "ibg_client_id": 1, "instrument_provider": provider}
    orders = {NAME: InteractiveBrokersExecClientConfig(**link, account_id=ACCOUNT)} if trades else {}
    node = TradingNode(
        TradingNodeConfig(
            trader_id="TEST-001",
            cache=cache,
            logging=LoggingConfig(log_level=log_level, log_colors=False),
            data_clients={NAME: InteractiveBrokersDataClientConfig(**link, **data)},
            exec_clients=orders,
            timeout_post_stop=1,
        )
    )
    node.add_data_client_factory(NAME, InteractiveBrokersLiveDataClientFactory)
    if trades:
        node.add_exec_client_factory(NAME, InteractiveBrokersLiveExecClientFactory)
    return node


def run(node: TradingNode, strategy: Strategy) -> None:
    """Run it until the strategy stops it."""
    node.trader.add_strategy(strategy)
    node.build()
    node.run()
    node.dispose()


def two_stocks_and_a_chain(expiry: str) -> InteractiveBrokersInstrumentProviderConfig:
    """Load SPY with its options that expire on a date (YYYYMMDD), and QQQ."""
    chain = {"build_options_chain": True, "lastTradeDateOrContractMonth": expiry}
    spy = IBContract(secType="STK", symbol="SPY", exchange="SMART", primaryExchange="ARCA", **chain)
    qqq = IBContract(secType="STK", symbol="QQQ", exchange="SMART", primaryExchange="NASDAQ")
    return InteractiveBrokersInstrumentProviderConfig(load_contracts=frozenset([spy, qqq]))
