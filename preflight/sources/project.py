"""The project as it lies on this machine: its settings, and what a stack of them is called."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from preflight.sources import docker, machine
from preflight.variables import published


@dataclass(frozen=True, slots=True)
class Project:
    """One tenant's stack. `variables` are those that the next `make up` would hand to compose.yaml."""

    root: Path
    variables: Mapping[str, str]

    @property
    def name(self) -> str:
        """What compose calls the stack."""
        return f"watchkeeper-{self.variables['TENANT']}"

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
