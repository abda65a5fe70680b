"""Docker's restart policy, a TCP health check as people write it, and a restarter that looks for `unhealthy`.

The check is what `nc -z` does, from inside the container: every 30 s, unhealthy after 5 failures in a row. The
restarter looks every 5 s and restarts what is unhealthy, as the image willfarrell/autoheal does by default. Both are
played here, since a container's health check cannot be changed while it runs; the commands and the times are theirs.
"""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from supervisor.drill.baselines.engine import engine_trades
from supervisor.drill.stack import Stack, docker
from tws.clock import Clock

CHECK_SECONDS = 30.0
RETRIES = 5
RESTARTER_SECONDS = 5.0
STOP_SECONDS = 10
_PORT = 4004
"""Where a client of paper trading connects: socat's."""


class Health:
    """A container's health as Docker counts it. Starts healthy."""

    def __init__(self) -> None:
        self.failures = 0

    def looked(self, ok: bool) -> None:
        self.failures = 0 if ok else self.failures + 1

    @property
    def unhealthy(self) -> bool:
        return self.failures >= RETRIES


@asynccontextmanager
async def keeping(stack: Stack, profile: str, clock: Clock) -> AsyncIterator[Callable[[float], Awaitable[bool]]]:
    """Check and restart until the end."""
    health = Health()
    gateway = stack.container("gateway")
    tasks = [asyncio.create_task(_check(gateway, health, clock)), asyncio.create_task(_heal(gateway, health, clock))]
    try:
        yield engine_trades(stack, clock)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _check(gateway: str, health: Health, clock: Clock) -> None:
    connect = f"exec 3<>/dev/tcp/127.0.0.1/{_PORT}"
    while True:
        await clock.sleep(CHECK_SECONDS)
        if not await _runs(gateway):
            continue  # Docker checks only what runs
        health.looked(await _did("exec", gateway, "timeout", "5", "bash", "-c", connect))


async def _heal(gateway: str, health: Health, clock: Clock) -> None:
    while True:
        await clock.sleep(RESTARTER_SECONDS)
        if health.unhealthy and await _runs(gateway):
            await _did("restart", "--time", str(STOP_SECONDS), gateway)
            health.failures = 0  # a new process begins as `starting`


async def _runs(gateway: str) -> bool:
    try:
        said = await asyncio.to_thread(docker, "inspect", "--format", "{{.State.Running}}", gateway)
    except subprocess.CalledProcessError:
        return False
    return said.strip() == "true"


async def _did(*arguments: str) -> bool:
    try:
        await asyncio.to_thread(docker, *arguments)
    except subprocess.CalledProcessError:
        return False
    return True
