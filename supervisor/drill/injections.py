"""How each fault is brought about; every one returns when the fault is effective."""

import asyncio
import subprocess
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import httpx


@dataclass(frozen=True, slots=True)
class Stack:
    """Where a drill's stack listens (base URLs), and its gateway container's name."""

    supervisor: str
    engine: str
    simulator: str
    gateway: str


Injection = Callable[[Stack, httpx.AsyncClient], Awaitable[None]]


async def _kill_container(stack: Stack, client: httpx.AsyncClient) -> None:
    await asyncio.to_thread(_docker, "kill", stack.gateway)


def _stand_in(fault: str) -> Injection:
    async def inject(stack: Stack, client: httpx.AsyncClient) -> None:
        (await client.post(f"{stack.simulator}/api/v1/faults/{fault}")).raise_for_status()

    return inject


def _docker(*arguments: str) -> None:
    subprocess.run(["docker", *arguments], check=True, stdout=subprocess.DEVNULL)  # noqa: S603, S607


INJECTIONS: Mapping[str, Injection] = {
    "container-exit": _kill_container,
    "jvm-dead": _stand_in("jvm-dead"),
    "soft-dead": _stand_in("hang"),
}
