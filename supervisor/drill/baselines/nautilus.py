"""NautilusTrader's own reconnect: the engine alone, before a gateway that nobody starts again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from supervisor.drill.baselines.engine import engine_trades
from supervisor.drill.stack import Stack, docker
from tws.clock import Clock


@asynccontextmanager
async def keeping(stack: Stack, profile: str, clock: Clock) -> AsyncIterator[Callable[[float], Awaitable[bool]]]:
    """Take the gateway's restart policy away meanwhile."""
    gateway = stack.container("gateway")
    await asyncio.to_thread(docker, "update", "--restart=no", gateway)
    try:
        yield engine_trades(stack, clock)
    finally:
        await asyncio.to_thread(docker, "update", "--restart=unless-stopped", gateway)
