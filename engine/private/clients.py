"""The node's execution clients by their names: several of them, and one of them asked without the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nautilus_trader.model.identifiers import ClientId

if TYPE_CHECKING:
    from nautilus_trader.live.execution_engine import LiveExecutionEngine

ON_ENGINE = ("_clients",)


def add_execution_client(engine: LiveExecutionEngine, client: Any) -> None:
    """Register a further client beside the default one, which `register_client` refuses."""
    engine._clients[client.id] = client


def execution_client(engine: LiveExecutionEngine, name: str) -> Any:
    """Return the execution client of that name."""
    return engine._clients[ClientId(name)]
