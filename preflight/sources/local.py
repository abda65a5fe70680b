"""Host and house as they are seen from this process."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from preflight.errors import NotSeen
from preflight.secret_files import Content
from preflight.settings import Settings
from preflight.sources import docker, engine, lines, machine, supervision
from preflight.sources.engine import About, Health
from preflight.sources.host import DockerVersions, OpenFiles, Room, SettingsVolume
from preflight.sources.once import Once
from preflight.sources.project import Project
from preflight.sources.supervision import Supervision
from tws.timekeeping import Timekeeping, timekeeping


class LocalHost:
    """This machine; and, where `project` is given, what lies on it."""

    def __init__(self, settings: Settings, project: Project | None = None) -> None:
        self._settings = settings
        self._given = project
        self._once = Once()

    async def disk(self) -> Room:
        """Where this process runs; in a container that is where Docker keeps its images and volumes."""
        return await asyncio.to_thread(machine.disk, Path("/"))

    async def memory(self) -> Room:
        """This machine's memory."""
        return await asyncio.to_thread(machine.memory)

    async def open_files(self) -> OpenFiles:
        """The gateway's, by its container's own count."""
        return await asyncio.to_thread(machine.open_files, self._settings.mailbox_dir)

    async def timekeeping(self) -> Timekeeping:
        """This machine's clock."""
        found = await asyncio.to_thread(timekeeping)
        if found is None:
            raise NotSeen("the kernel does not tell here how its clock is kept")
        return found

    async def addresses(self, name: str) -> tuple[str, ...]:
        """As programs beside this one resolve it."""
        return await asyncio.to_thread(machine.addresses, name)

    async def docker(self) -> DockerVersions:
        """By its command."""
        return await docker.versions()

    async def taken_ports(self) -> Mapping[str, str]:
        """By Docker's word, and by trying."""
        return await self._project.taken_ports()

    async def env_file(self) -> Mapping[str, str]:
        """The project's."""
        return await asyncio.to_thread(self._project.env_file)

    async def variables(self) -> Mapping[str, str]:
        """As they were worked out."""
        return self._project.variables

    async def secrets(self) -> Mapping[str, Content]:
        """The project's."""
        return await asyncio.to_thread(self._project.secrets)

    async def gateway_environment(self) -> frozenset[str]:
        """By Docker's word."""
        return await self._project.gateway_environment()

    async def engine_image(self) -> About:
        """By a container that ends at once."""
        return await self._project.engine_image()

    async def settings_volume(self) -> SettingsVolume:
        """Asked once: a container has to be started for it."""
        return await self._once("settings_volume", self._project.settings_volume)

    @property
    def _project(self) -> Project:
        if self._given is None:
            raise NotSeen("asked by `make preflight`, which knows the project on this machine")
        return self._given


class LocalHouse:
    """The tenant's supervisor and engine."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._once = Once()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._once.aclose()

    async def supervision(self) -> Supervision:
        """What the supervisor knows of the gateway. Raises: NotSeen."""
        return await self._once("supervision", self._ask_supervisor)

    async def engine_health(self) -> Health:
        """As it answers now. Raises: NotSeen."""
        return await engine.health(self._engine_url, self._settings.preflight_timeout_seconds)

    async def about_engine(self) -> About:
        """Asked once: the engine asks its cache for it. Raises: NotSeen."""
        return await self._once("about_engine", self._ask_engine)

    @property
    def _engine_url(self) -> str:
        s = self._settings
        if s.engine != "on":
            raise NotSeen(f"ENGINE={s.engine}: no engine of ours is here")
        if s.engine_url is None:
            raise NotSeen("no engine is configured: ENGINE_URL is not set")
        return s.engine_url

    async def _ask_engine(self) -> About:
        return await engine.about(self._engine_url, self._settings.preflight_timeout_seconds)

    async def _ask_supervisor(self) -> Supervision:
        s = self._settings
        return await supervision.ask(s.supervisor_url, s.tenant, s.preflight_timeout_seconds)

    async def engine_lines(self) -> int:
        """Market data lines that the engine holds. Raises: NotSeen."""
        return await self._once("engine lines", lambda: lines.engine_lines(self._settings))
