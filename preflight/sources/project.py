"""The project as it lies on this machine: its settings, and what a stack of them is called."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values
from pydantic import ValidationError

from preflight.errors import NotSeen
from preflight.secret_files import Content, read_secrets
from preflight.sources import docker, machine
from preflight.sources.engine import About
from preflight.sources.host import SettingsVolume
from preflight.variables import published

_LOOKER = "watchkeeper/supervisor:local"
"""An image that every stack has built; it lends its shell."""
_ENGINE = "watchkeeper/engine:local"
_LOOK = "stat -c %u /settings; sed -n 's/^TimeZone=//p' /settings/jts.ini 2>/dev/null"


@dataclass(frozen=True, slots=True)
class Project:
    """One tenant's stack. `variables` are those that the next `make up` would hand to compose.yaml."""

    root: Path
    variables: Mapping[str, str]

    @property
    def name(self) -> str:
        """What compose calls the stack."""
        return f"watchkeeper-{self.variables['TENANT']}"

    def env_file(self) -> dict[str, str]:
        """`.env`, without what is empty."""
        return {name: value for name, value in dotenv_values(self.root / ".env").items() if value}

    def secrets(self) -> dict[str, Content]:
        """The secret files by path. Raises: NotSeen."""
        try:
            return dict(read_secrets(self.root, self.variables))
        except OSError as error:
            raise NotSeen(f"{error.filename} cannot be read: {error.strerror}") from error

    async def gateway_environment(self) -> frozenset[str]:
        """Names of what is set in the gateway's container. Raises: NotSeen."""
        name = f"{self.name}-gateway"
        done = await docker.docker("inspect", "--type", "container", "--format", "{{json .Config.Env}}", name)
        if done.code:
            raise NotSeen(f"there is no container {name}")
        pairs = (word.partition("=") for word in json.loads(done.out) or ())
        return frozenset(name for name, _, value in pairs if value)

    async def engine_image(self) -> About:
        """Told by the image itself, in a container without network or rights. Raises: NotSeen."""
        rights = ["--network", "none", "--cap-drop", "ALL", "--read-only", "--tmpfs", "/tmp", "--env", "HOME=/tmp"]  # noqa: S108
        command = ["--pull", "never", *rights, _ENGINE, "python", "-m", "engine.about"]
        done = await docker.docker("run", "--rm", *command)
        try:
            return About.model_validate_json(done.out.strip().rpartition("\n")[2])
        except ValidationError as error:
            said = (done.err or done.out).strip().rpartition("\n")[2]
            raise NotSeen(f"image {_ENGINE} does not tell what it is made of: {said}") from error

    async def settings_volume(self) -> SettingsVolume:
        """Seen by a container that may only read it. Raises: NotSeen."""
        name = f"{self.name}_gateway-{'state' if self.variables['MODE'] == 'sim' else 'settings'}"
        # Without this question the next command would make the volume.
        if (await docker.docker("volume", "inspect", name)).code:
            raise NotSeen(f"there is no volume {name} yet")
        rights = ["--cap-drop", "ALL", "--cap-add", "DAC_READ_SEARCH", "--user", "0:0", "--network", "none"]
        mount = f"type=volume,source={name},target=/settings,readonly,volume-nocopy"
        look = ["--pull", "never", "--read-only", *rights, "--mount", mount, "--entrypoint", "sh", _LOOKER, "-c", _LOOK]
        done = await docker.docker("run", "--rm", *look)
        owner, *zone = done.out.split() or [""]
        if not owner.isdigit():
            raise NotSeen(f"volume {name} cannot be looked at: {done.err.strip()}")
        return SettingsVolume(name, int(owner), zone[0] if zone else None)

    async def taken_ports(self) -> dict[str, str]:
        """Who else listens where this stack would, by variables. Raises: NotSeen."""
        publishers = await docker.publishers()
        taken = {}
        for variable, port in published(self.variables).items():
            if port in publishers:
                if not publishers[port].startswith(f"{self.name}-"):
                    taken[variable] = publishers[port]
            elif not machine.is_free(port):
                taken[variable] = "a program outside Docker"
        return taken
