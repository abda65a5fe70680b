"""A machine that says what a test tells it to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from preflight.errors import NotSeen
from preflight.secret_files import Content
from preflight.sources.engine import About
from preflight.sources.host import DockerVersions, OpenFiles, Room, SettingsVolume
from preflight.variables import PORTS
from tests.unit.preflight.told import NOW
from tws.timekeeping import Timekeeping

GIB = 2**30
PAPER = {
    "TENANT": "paper",
    "MODE": "paper",
    "ENGINE": "on",
    "COMPOSE_FILE": "compose.yaml:compose/ibkr.yaml:compose/publish-api.yaml",
    "TIME_ZONE": "Etc/UTC",
    "GATEWAY_PORT": "4004",
    "GATEWAY_IMAGE": "ghcr.io/gnzsnz/ib-gateway:10.45.1j@sha256:" + "a" * 64,
    "BASE_IMAGE": "watchkeeper/base:trixie",
    "AUTO_RESTART_TIME": "11:45 PM",
    **{name: str(port) for name, port in PORTS.items()},
}
"""What `make up PAPER=1` would start with."""
_DISK = Room(50 * GIB, 100 * GIB)
_MEMORY = Room(4 * GIB, 8 * GIB)
_FILES = OpenFiles(300, 10_000, NOW.timestamp() - 30)
_CLOCK = Timekeeping(True, 0.05, 0.001)
_VOLUME = SettingsVolume("watchkeeper-paper_gateway-settings", 1000, "Etc/UTC")
_DOCKER = DockerVersions("28.3.3", "1.51", "2.39.1")


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
    env: Mapping[str, str] = field(default_factory=lambda: {"IB_ACCOUNT": "DU1234567"})
    more: Mapping[str, str] = field(default_factory=dict)
    secret_files: Mapping[str, Content] = field(default_factory=lambda: {"secrets/tws_password": ("hunter2", 0o600)})
    inside: frozenset[str] | None = frozenset({"TWS_PASSWORD_FILE", "TIME_ZONE"})
    volume: SettingsVolume | None = _VOLUME
    image: About | None = None

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

    async def env_file(self) -> Mapping[str, str]:
        return self.env

    async def variables(self) -> Mapping[str, str]:
        return {**PAPER, **self.more}

    async def secrets(self) -> Mapping[str, Content]:
        return self.secret_files

    async def gateway_environment(self) -> frozenset[str]:
        if self.inside is None:
            raise NotSeen("there is no container watchkeeper-paper-gateway")
        return self.inside

    async def engine_image(self) -> About:
        if self.image is None:
            raise NotSeen("no such image")
        return self.image

    async def settings_volume(self) -> SettingsVolume:
        if self.volume is None:
            raise NotSeen("there is no volume")
        return self.volume
