"""What checks may ask the machine beneath, from where the preflight runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

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
