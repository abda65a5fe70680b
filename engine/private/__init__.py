"""Every private name of NautilusTrader and of ibapi that we touch: one file a subject, all checked at start.

A subject's file lists the names that it uses; `verify_version` looks for those that classes carry, and each object
that is wrapped is looked at when it is wrapped.
"""

import nautilus_trader
from ibapi.connection import Connection
from nautilus_trader.adapters.interactive_brokers.client import InteractiveBrokersClient
from nautilus_trader.adapters.interactive_brokers.client.wrapper import InteractiveBrokersEWrapper
from nautilus_trader.adapters.interactive_brokers.execution import InteractiveBrokersExecutionClient
from nautilus_trader.adapters.interactive_brokers.providers import InteractiveBrokersInstrumentProvider
from nautilus_trader.live.execution_engine import LiveExecutionEngine

from engine.private import bonds, children, clients, foreign, readback, reader, session
from engine.private.bonds import load_bonds
from engine.private.children import send_children_alone
from engine.private.clients import add_execution_client, execution_client
from engine.private.foreign import leave_foreign_orders_out
from engine.private.readback import keep_order_terms
from engine.private.reader import read_in_pieces
from engine.private.session import Adapter, CodeListener
from engine.private.version import PINNED, verify

__all__ = [
    "PINNED",
    "Adapter",
    "CodeListener",
    "add_execution_client",
    "execution_client",
    "keep_order_terms",
    "leave_foreign_orders_out",
    "load_bonds",
    "read_in_pieces",
    "send_children_alone",
    "verify_version",
]


def verify_version(found: str = nautilus_trader.__version__) -> None:
    """Raise VersionError unless NautilusTrader is the version whose private names we know."""
    verify(InteractiveBrokersClient, (*session.ON_CLASS, *children.ON_CLIENT, *foreign.ON_CLIENT), found)
    verify(InteractiveBrokersExecutionClient, (*readback.ON_CLIENT, *foreign.ON_EXECUTION), found)
    verify(LiveExecutionEngine, (*readback.ON_ENGINE, *clients.ON_ENGINE), found)
    verify(InteractiveBrokersInstrumentProvider, session.ON_PROVIDER, found)
    verify(InteractiveBrokersEWrapper, bonds.ON_WRAPPER, found)
    verify(Connection, reader.ON_CLASS, found)
