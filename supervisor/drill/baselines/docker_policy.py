"""Docker's restart policy alone: the gateway's container has `unless-stopped`, and nobody else looks."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from supervisor.drill.baselines.engine import engine_trades
from supervisor.drill.stack import Stack
from tws.clock import Clock


@asynccontextmanager
async def keeping(stack: Stack, profile: str, clock: Clock) -> AsyncIterator[Callable[[float], Awaitable[bool]]]:
    """Nothing to do: it is how compose.yaml starts the gateway."""
    yield engine_trades(stack, clock)
