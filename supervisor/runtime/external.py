"""A gateway that is no container of ours: a TWS or a gateway of which only host and port are known.

It is taken for running, always; what it answers is all that can be known of it. Docker is asked for the engine alone,
where there is one, and is never told to do anything to the gateway.
"""

import asyncio
import os
import signal
from contextlib import suppress

from supervisor.errors import ActRefused, RuntimeTrouble
from supervisor.observation import Container, Look, Result, Status, Subject
from supervisor.runtime.docker import Runtime
from tws.clock import Clock

GATEWAY = Container("external", "external", Status.RUNNING, "")
"""What stands for it where containers are spoken of."""


class ExternalGateway:
    """A `Runtime` whose gateway is nobody's container. `engine`: where the engine's container lives, if it has one."""

    def __init__(self, engine: Runtime | None, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def look(self) -> tuple[Look, dict[Subject, Container]]:
        """The engine's container as it is, the gateway as it is taken to be."""
        if self._engine is None:
            return Look(Result.OK, self._clock.monotonic(), 0.0, "no container to look at"), {Subject.GATEWAY: GATEWAY}
        look, found = await self._engine.look()
        return look, found | {Subject.GATEWAY: GATEWAY}

    async def start(self, subject: Subject) -> None:
        """Start the engine. Raises: ActRefused."""
        await self._engines(subject).start(subject)

    async def stop(self, subject: Subject, grace: float) -> None:
        """Stop the engine. Raises: ActRefused."""
        await self._engines(subject).stop(subject, grace)

    async def restart(self, subject: Subject, grace: float) -> None:
        """Restart the engine. Raises: ActRefused."""
        await self._engines(subject).restart(subject, grace)

    async def log_tail(self, subject: Subject, lines: int) -> str:
        """Raises: RuntimeTrouble, for there is no log."""
        raise RuntimeTrouble("expected a container's log, found a gateway that is not ours")

    async def memory(self, subject: Subject) -> tuple[int, int]:
        """Raises: RuntimeTrouble, for there is no limit either."""
        raise RuntimeTrouble("expected a container's memory, found a gateway that is not ours")

    def _engines(self, subject: Subject) -> Runtime:
        if subject is Subject.GATEWAY or self._engine is None:
            raise ActRefused(f"expected a {subject} of ours to act on, found an external one; use RESTART_COMMAND")
        return self._engine


async def run_command(command: tuple[str, ...]) -> str:
    """Run RESTART_COMMAND, without a shell, in a process group of its own that ends with the caller's patience.

    Raises:
        ActRefused: it cannot be run, or its exit code is not 0.
    """
    quiet = asyncio.subprocess.DEVNULL
    try:
        child = await asyncio.create_subprocess_exec(
            *command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
        )
    except OSError as error:
        raise ActRefused(f"expected to run {command[0]}, found {error.strerror}; see RESTART_COMMAND") from error
    try:
        code = await child.wait()
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
    if code != 0:
        raise ActRefused(f"expected {command[0]} to end with 0, found {code}")
    return f"{command[0]} ended with 0"
