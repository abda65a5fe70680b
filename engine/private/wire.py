"""Where our own wire is put between the adapter's client and ibapi.

What is put in their place belongs to objects that ibapi makes for each client: `EClient`, which encodes and sends, and
`EWrapper`, which is told what was decoded. Their names are ibapi's documented interface, but replacing them is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.private.version import verify_client

if TYPE_CHECKING:
    from nautilus_trader.adapters.interactive_brokers.client import InteractiveBrokersClient

_ON_INSTANCE = ("_eclient", "unsubscribe_market_data", "unsubscribe_ticks")
_ON_ECLIENT = (
    "cancelHistoricalData",
    "conn",
    "reqHistoricalData",
    "reqMarketDataProtoBuf",
    "reqMktData",
    "sendMsg",
    "sendMsgProtoBuf",
    "wrapper",
)
_ON_WRAPPER = ("tickPrice", "tickSize")


def eclient(client: InteractiveBrokersClient) -> Any:
    """Return ibapi's client within the adapter's. Raises VersionError if either lacks a name that we need."""
    verify_client(client, _ON_INSTANCE)
    verify_client(client._eclient, _ON_ECLIENT)
    verify_client(client._eclient.wrapper, _ON_WRAPPER)
    return client._eclient
