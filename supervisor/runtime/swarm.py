"""One tenant's containers on a node of a Docker Swarm, which are tasks: Swarm names them, and starts the next one.

A task's container is only ever stopped. If it were started again, Swarm would not know that it runs, and would run a
second one beside it at the next update: two gateways with one IBKR user (docs/swarm.md).
"""

from typing import Any, override

from supervisor.observation import Subject
from supervisor.runtime.docker import DockerRuntime
from supervisor.runtime.line import LIST, ROLE, TENANT, Daemon


class SwarmRuntime(DockerRuntime):
    """The newest of them, of each role."""

    @override
    def _called(self, daemon: Daemon, role: Subject) -> str:
        ours = [row for row in daemon.get(LIST) if self._is(row, role)]
        newest = max(ours, key=lambda row: (row["State"] == "running", row["Created"]), default=None)
        return super()._called(daemon, role) if newest is None else str(newest["Names"][0]).removeprefix("/")

    def _is(self, row: dict[str, Any], role: Subject) -> bool:
        return (row["Labels"].get(TENANT), row["Labels"].get(ROLE)) == (self._tenant, role)

    @override
    async def start(self, subject: Subject) -> None:
        """Do nothing: its restart policy has the next one started within seconds."""

    @override
    async def restart(self, subject: Subject, grace: float) -> None:
        """Stop it, upon which the next one is started. Raises: ActRefused."""
        await self.stop(subject, grace)
