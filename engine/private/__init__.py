"""Every private name of NautilusTrader and of ibapi that we touch: one file a subject, all checked at start.

A subject's file lists the names that it uses; `verify_version` looks for those that classes carry, and each object
that is wrapped is looked at when it is wrapped.
"""

import nautilus_trader
from nautilus_trader.adapters.interactive_brokers.client import InteractiveBrokersClient

from engine.private import session
from engine.private.session import Adapter, CodeListener
from engine.private.version import PINNED, verify

__all__ = ["PINNED", "Adapter", "CodeListener", "verify_version"]


def verify_version(found: str = nautilus_trader.__version__) -> None:
    """Raise VersionError unless NautilusTrader is the version whose private names we know."""
    verify(InteractiveBrokersClient, session.ON_CLASS, found)
