"""What checks may ask the machine beneath, from where the preflight runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from preflight.secret_files import Content
from preflight.sources.engine import About
from tws.timekeeping import Timekeeping


@dataclass(frozen=True, slots=True)
class Room:
    """How much of something is left, in bytes."""

    free: int
    total: int

    @property
    def share(self) -> float:
        """What is left, of all."""
        return self.free / self.total if self.total else 0.0

    def __str__(self) -> str:
        return f"{self.free / 2**30:.1f} of {self.total / 2**30:.1f} GiB free"


@dataclass(frozen=True, slots=True)
class OpenFiles:
    """The open files of the process that has most in the gateway's container, as its wrapper counted them at `at`."""

    open: int
    limit: int
    at: float


@dataclass(frozen=True, slots=True)
class DockerVersions:
    """Versions as Docker tells them; what does not answer is empty."""

    engine: str
    api: str
    compose: str


@dataclass(frozen=True, slots=True)
class SettingsVolume:
    """The volume in which the gateway keeps its settings; `zone` is that of its jts.ini, None where there is none."""

    name: str
    owner: int
    zone: str | None


class Host(Protocol):
    """The machine, as it is seen from here. Each method raises `NotSeen` where it cannot be."""

    async def disk(self) -> Room:
        """The disk that the containers write to."""
        ...

    async def memory(self) -> Room:
        """The machine's memory; Docker Desktop's machine on a Mac."""
        ...

    async def open_files(self) -> OpenFiles:
        """The gateway's open files."""
        ...

    async def timekeeping(self) -> Timekeeping:
        """What the kernel knows of its own clock."""
        ...

    async def addresses(self, name: str) -> tuple[str, ...]:
        """Every address of a host name, those of IPv4 first; none where it has none."""
        ...

    async def docker(self) -> DockerVersions:
        """Which Docker this machine has. From the machine itself."""
        ...

    async def taken_ports(self) -> Mapping[str, str]:
        """Who listens on ports that this stack would publish, by their variables; from the machine itself.

        What this stack's own containers listen on is not taken.
        """
        ...

    async def env_file(self) -> Mapping[str, str]:
        """What .env says, word for word. From the machine itself."""
        ...

    async def variables(self) -> Mapping[str, str]:
        """What the next `make up` would hand to compose.yaml. From the machine itself."""
        ...

    async def secrets(self) -> Mapping[str, Content]:
        """The secret files, by path. From the machine itself."""
        ...

    async def gateway_environment(self) -> frozenset[str]:
        """Names of the variables that are set in the gateway's container. From the machine itself."""
        ...

    async def engine_image(self) -> About:
        """What the engine's image is made of, whether or not an engine runs. From the machine itself."""
        ...

    async def settings_volume(self) -> SettingsVolume:
        """Looked at without changing anything in it. From the machine itself."""
        ...
