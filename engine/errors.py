"""What can fail in the engine.

EngineError
├── SettingsError      the environment or a secret file is unusable; exit code 2
├── VersionError       the installed NautilusTrader is not the one whose private names we use; exit code 2
├── PortError          the HTTP port cannot be bound; exit code 2
├── AccountError       the gateway serves another account than the one configured
├── StrategyRefused    the strategy may not trade this account; exit code 2
├── SnapshotRefused    a request for market data that costs money by itself; raised to the strategy that asked for it
├── OrderRefused       an order that would be wrong at the broker; raised to the strategy that asked for it
├── StrategyUnusable   the user's strategy cannot be imported, configured or created; exit code 2
├── InstrumentsMissing the gateway does not know what is to be loaded
├── GatewayAway        no gateway answers a command that needs one; exit code 2
└── ResyncRefused      nothing to resync in this state (HTTP 409)

RequestRefused is a ConnectionError: the gateway said no to one question, and the adapter has no other word for it.
"""

from __future__ import annotations


class EngineError(Exception):
    """An error that says what was expected, what was found and the one thing to do next."""

    def __init__(self, expected: str, found: str, remedy: str) -> None:
        super().__init__(f"expected {expected}; found {found}; {remedy}")
        self.expected = expected
        self.found = found
        self.remedy = remedy


class SettingsError(EngineError):
    """Some settings cannot be used; all of them are named at once."""


class VersionError(EngineError):
    """NautilusTrader changed under our feet."""


class PortError(EngineError):
    """Somebody else owns the port of the health server."""


class AccountError(EngineError):
    """The session is good, the account is not ours."""


class StrategyRefused(EngineError):
    """This strategy does not trade on this account."""


class OrderRefused(EngineError):
    """This order would be refused by the broker, or do harm there."""


class StrategyUnusable(EngineError):
    """The user's strategy, or its configuration, is not what Nautilus can run."""


class InstrumentsMissing(EngineError):
    """Something that the settings name cannot be loaded."""


class SnapshotRefused(EngineError):
    """This request for market data would be charged each time it is made."""


class ResyncRefused(EngineError):
    """A resync has no meaning in the present state."""


class GatewayAway(EngineError):
    """No gateway answers where one was expected."""


class RequestRefused(ConnectionError):
    """The gateway refused a request; `code` is IBKR's."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"refused by the gateway: {code} {text}")
        self.code = code
