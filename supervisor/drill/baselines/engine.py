"""The engine's own word, for the keepers behind which it runs."""

from collections.abc import Awaitable, Callable

import httpx

from supervisor.drill.stack import Stack, epoch, monotonic_of
from tws.clock import Clock


def engine_trades(stack: Stack, clock: Clock) -> Callable[[float], Awaitable[bool]]:
    """Whether the engine is TRADING, and became so after that monotonic second."""

    async def traded(since: float) -> bool:
        try:
            async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
                status = (await client.get(f"{stack.engine}/api/v1/status")).json()
        except (httpx.HTTPError, ValueError):
            return False
        return status["state"] == "TRADING" and monotonic_of(epoch(status["since"]), clock) > since

    return traded
