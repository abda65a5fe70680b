"""A machine that says what a test tells it to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from preflight.errors import NotSeen
from preflight.sources.host import DockerVersions, OpenFiles, Room
from tests.unit.preflight.told import NOW
from tws.timekeeping import Timekeeping

GIB = 2**30
_DISK = Room(50 * GIB, 100 * GIB)
_MEMORY = Room(4 * GIB, 8 * GIB)
_FILES = OpenFiles(300, 10_000, NOW.timestamp() - 30)
_CLOCK = Timekeeping(True, 0.05, 0.001)
_DOCKER = DockerVersions("27.5.1", "1.47", "2.32.4")


@dataclass
class Machine:
    """All is well, but for what a test changes."""

    disk_: Room = _DISK
    memory_: Room = _MEMORY
    files: OpenFiles | None = _FILES
    clock: Timekeeping = _CLOCK
    names: tuple[str, ...] = ("10.90.0.2",)
    versions: DockerVersions = _DOCKER
    taken: Mapping[str, str] = field(default_factory=dict)

    async def disk(self) -> Room:
        return self.disk_

    async def memory(self) -> Room:
        return self.memory_

    async def open_files(self) -> OpenFiles:
        if self.files is None:
            raise NotSeen("no mailbox")
        return self.files

    async def timekeeping(self) -> Timekeeping:
        return self.clock

    async def addresses(self, name: str) -> tuple[str, ...]:
        return self.names

    async def docker(self) -> DockerVersions:
        return self.versions

    async def taken_ports(self) -> Mapping[str, str]:
        return self.taken
