"""From process start to an open API, and how it ends: boot, login, serving, soft restart, death of the JVM."""

import asyncio
import uuid
from collections.abc import Callable
from typing import Literal

from gateway.simulator.api.gateway import Gateway
from gateway.simulator.api.server import ApiServer
from gateway.simulator.broker.store import Store
from gateway.simulator.command_server import CommandServer
from gateway.simulator.narrate import say

Phase = Literal["booting", "login", "serving", "jvm-dead"]

_RESTART_SOON = 0.05
"""Between the acknowledged RESTART and the end of the sessions."""


class Lifecycle:
    """One run of the process."""

    def __init__(self, gateway: Gateway, server: ApiServer, store: Store) -> None:
        self._gateway = gateway
        self._server = server
        self._store = store
        self._command_server = CommandServer(gateway.settings.command_port, self._command)
        self._restarting: asyncio.Task[None] | None = None
        self.boot_id = uuid.uuid4().hex
        self.started_at = gateway.host.now()
        self.phase: Phase = "booting"
        self._tell: list[Callable[[], None]] = []
        self.finished: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        """The process's exit code, once it is to end."""

    @property
    def logins(self) -> int:
        """Full logins ever made with this record: each would cost a real user a push."""
        return int(self._store.get("logins") or 0)

    @property
    def command_port(self) -> int:
        return self._command_server.port

    def when_restarted(self, call: Callable[[], None]) -> None:
        """Have something called whenever a soft restart has ended every session."""
        self._tell.append(call)

    async def start(self) -> None:
        """Boot, log in, open the API.

        Raises:
            PortTaken: a port is not free.
        """
        profile = self._gateway.profile
        await self._wait(profile.jvm)
        await self._command_server.open()
        self._say("Starting Gateway")
        self.phase = "login"
        await self._wait(profile.login)
        self._store.set("logins", str(self.logins + 1))
        await self._server.open()
        self.phase = "serving"
        self._say("Login has completed")
        self._say("Configuration tasks completed")

    async def die(self) -> None:
        """The JVM ends without its container: API and command server are gone for good."""
        if self._restarting is not None:
            self._restarting.cancel()
        self.phase = "jvm-dead"
        await self._command_server.close()
        await self._server.close()

    def finish(self, code: int) -> None:
        """End the process with that exit code."""
        if not self.finished.done():
            self.finished.set_result(code)

    async def close(self) -> None:
        """Close what is open."""
        if self._restarting is not None:
            self._restarting.cancel()
        await self._command_server.close()
        await self._server.close()

    async def _wait(self, seconds: float) -> None:
        if seconds:
            await self._gateway.host.sleep(seconds)

    def _say(self, text: str) -> None:
        say(self._gateway.host.now(), text)

    def _command(self, word: str) -> str:
        """Do what IBC's command server would and return its reply."""
        self._say(f"CommandServer received command: {word}")
        match word:
            case "STOP":
                self.finish(0)
                return "OK Shutting down"
            case "PAUSE":
                self._say("IBC is paused")
                self.finish(0)
                return "OK Pausing"
            case "RESTART":
                return self._soft_restart()
            case "RECONNECTDATA" | "RECONNECTACCOUNT":
                return "OK "
            case "ENABLEAPI":
                return "ERROR ENABLEAPI is not valid for the IB Gateway"
            case _:
                return "ERROR Command invalid"

    def _soft_restart(self) -> str:
        if self._restarting is not None:
            return "ERROR RESTART already in progress"
        if self.phase != "serving":
            return "ERROR RESTART is not possible before login"
        self._restarting = asyncio.get_running_loop().create_task(self._restart())
        at = self._gateway.writer.clock(self._gateway.now())
        return f"OK RESTART at {at}"

    async def _restart(self) -> None:
        """Close, wait, open again; nobody has to log in by hand."""
        await self._gateway.host.sleep(_RESTART_SOON)
        self.phase = "booting"
        self._say("autorestart file found: authentication will not be required")
        await self._server.close()
        for call in self._tell:
            call()
        await self._gateway.host.sleep(self._gateway.profile.soft_restart)
        await self._server.open()
        self.phase = "serving"
        self._restarting = None
        self._say("Login has completed")
        self._say("Configuration tasks completed")
