"""What the gateway's container uses of what it may: memory by Docker, open files and clients by the wrapper inside it.

The JVM's heap grows and its file descriptors leak for days before either kills it.
"""

import json
from pathlib import Path

from supervisor.errors import RuntimeTrouble
from supervisor.observation import Look, ResourcesView, Result, Subject
from supervisor.runtime.docker import Runtime
from tws.clock import Clock

_STALE = 180.0  # the wrapper counts once a minute


class Resources:
    """One gateway's."""

    def __init__(self, runtime: Runtime, mailbox: Path, clock: Clock) -> None:
        self._runtime = runtime
        self._file = mailbox / "resources"
        self._clock = clock

    async def look(self) -> ResourcesView:
        """One look. UNKNOWN when Docker cannot be asked; open files are None where nobody counts them."""
        started = self._clock.monotonic()
        memory: tuple[int | None, int | None] = (None, None)
        result, why = Result.OK, "counted"
        try:
            memory = await self._runtime.memory(Subject.GATEWAY)
        except RuntimeTrouble as error:
            result, why = Result.UNKNOWN, str(error)
        now = self._clock.monotonic()
        return ResourcesView(Look(result, now, now - started, why), *memory, *self._inside())

    def _inside(self) -> tuple[int | None, int | None, int | None]:
        """What the wrapper wrote: open files of the process in there that has most, its limit, and API clients."""
        try:
            note = json.loads(self._file.read_text())
            age = self._clock.now().timestamp() - float(note["at"])
            clients = int(note["clients"]) if "clients" in note else None  # a wrapper of before did not count them
            found = int(note["open_files"]), int(note["open_files_limit"]), clients
        except (OSError, ValueError, KeyError, TypeError):
            return None, None, None
        return found if age <= _STALE else (None, None, None)
