"""One tenant's containers in Docker, through the proxy that lets through exactly the calls made here, by name.

Looks, acts and counts each have a connection and a thread of the tenant's own: a restart that takes its whole grace
must not delay a look, nor one tenant another. Whatever goes wrong with the asking is our own trouble, UNKNOWN.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Protocol

from supervisor.errors import ActRefused, RuntimeTrouble
from supervisor.observation import CONTAINERS, Container, Look, Result, Status, Subject
from supervisor.runtime.line import ROLE, TENANT, TROUBLE, Daemon, Line, Refused
from tws.clock import Clock

_NEVER_STARTED = "0001-01-01T00:00:00Z"
_NOT_FOUND = 404


class Runtime(Protocol):
    """What the supervisor needs of a place where containers live."""

    async def look(self) -> tuple[Look, dict[Subject, Container]]: ...
    async def start(self, subject: Subject) -> None: ...
    async def stop(self, subject: Subject, grace: float) -> None: ...
    async def restart(self, subject: Subject, grace: float) -> None: ...
    async def log_tail(self, subject: Subject, lines: int) -> str: ...
    async def memory(self, subject: Subject) -> tuple[int, int]: ...


class DockerRuntime:
    """The containers of one tenant."""

    def __init__(
        self, url: str, tenant: str, clock: Clock, *, timeout: float, roles: tuple[Subject, ...] = CONTAINERS
    ) -> None:
        """`roles` are those that the tenant has a container for."""
        self._tenant = tenant
        self._roles = roles
        self._clock = clock
        self._names: dict[Subject, str] = {}
        self._started: dict[Subject, str] = {}
        self._moments: dict[str, float] = {}
        self._with_terminal: set[Subject] = set()
        self._looking = Line(url, timeout)
        self._acting = Line(url, timeout)
        self._counting = Line(url, timeout)

    # -- looks ------------------------------------------------------------------------------------------------------

    async def look(self) -> tuple[Look, dict[Subject, Container]]:
        """Inspect this tenant's containers."""
        started = self._clock.monotonic()
        try:
            found = await self._looking.run(self._look)
            result, why = Result.OK, f"{len(found)} containers"
        except TROUBLE as error:
            found, result, why = {}, Result.UNKNOWN, f"the Docker API cannot be asked: {error}"
        now = self._clock.monotonic()
        return Look(result, now, now - started, why), found

    def _look(self, daemon: Daemon) -> dict[Subject, Container]:
        found: dict[Subject, Container] = {}
        known, self._moments = self._moments, {}
        for role in self._roles:
            name = self._called(daemon, role)
            try:
                inspected = daemon.get(f"/containers/{name}/json")
            except Refused as error:
                if error.status != _NOT_FOUND:
                    raise
                self._names.pop(role, None)
                continue
            labels = inspected["Config"]["Labels"] or {}
            if labels.get(TENANT) != self._tenant or labels.get(ROLE) != role:
                continue  # somebody else's, whatever it is called
            found[role] = self._read(inspected, known)
            self._names[role] = name
            self._started[role] = found[role].started_at
            (self._with_terminal.add if inspected["Config"].get("Tty") else self._with_terminal.discard)(role)
        return found

    def _called(self, _daemon: Daemon, role: Subject) -> str:
        """The name of its container of that role, whether there is one or not."""
        return f"watchkeeper-{self._tenant}-{role}"

    def _read(self, inspected: dict[str, Any], known: dict[str, float]) -> Container:
        state = inspected["State"]
        status = Status(state["Status"])
        up = status in (Status.RUNNING, Status.PAUSED)
        return Container(
            id=inspected["Id"],
            name=inspected["Name"].removeprefix("/"),
            status=status,
            started_at=state["StartedAt"],
            exit_code=int(state.get("ExitCode") or 0),
            up_since=self._monotonic(state["StartedAt"], known) if up else None,
            ended_at=None if up else self._monotonic(state.get("FinishedAt") or _NEVER_STARTED, known),
            restarts=int(inspected.get("RestartCount") or 0),
        )

    def _monotonic(self, stamp: str, known: dict[str, float]) -> float | None:
        """Docker's wall-clock stamp on our monotonic clock, both the same host's, as it was when first seen.

        A wall clock that jumps later makes no process older or younger.
        """
        if stamp == _NEVER_STARTED:
            return None
        moment = known[stamp] if stamp in known else self.at(parse_stamp(stamp))
        self._moments[stamp] = moment
        return moment

    def at(self, wall: float) -> float:
        """An epoch time on our monotonic clock."""
        return on_monotonic(self._clock, wall)

    async def log_tail(self, subject: Subject, lines: int) -> str:
        """The last lines that the present process has logged, each after Docker's stamp.

        Raises:
            RuntimeTrouble: the log cannot be read.
        """
        name, since = self._names.get(subject), self._started.get(subject)
        if name is None or since is None:
            raise RuntimeTrouble(f"expected a {subject} container, found none")
        # By a wall clock that was set back, what it logs now is stamped with times from before it began.
        started, up_since = parse_stamp(since), self._moments.get(since)
        begun = started if up_since is None else self._clock.now().timestamp() - (self._clock.monotonic() - up_since)
        set_back = begun < started - 1.0
        first = int(begun if set_back else started)
        asked = f"stderr=1&stdout=1&timestamps=1&follow=0&tail={lines}&since={first}"
        try:
            raw = await self._looking.run(lambda daemon: daemon.read(f"/containers/{name}/logs?{asked}"))
        except TROUBLE as error:
            raise RuntimeTrouble(f"expected the log of {name}, found {error}") from error
        log = str(raw if subject in self._with_terminal else b"".join(_payloads(raw)), "utf-8", "replace")
        return _from_stamp(log, int(started)) if set_back else log

    async def memory(self, subject: Subject) -> tuple[int, int]:
        """Bytes that the container uses, and how many it may; without a limit of its own that is the machine's memory.

        Raises:
            RuntimeTrouble: Docker cannot be asked, or the container does not run.
        """
        name = self._names.get(subject)
        if name is None:
            raise RuntimeTrouble(f"expected a {subject} container, found none")
        # One shot: without it Docker takes a second sample a second later, for a rate that nobody wants here.
        target = f"/containers/{name}/stats?stream=False&one-shot=True"
        try:
            found = await self._counting.run(lambda daemon: daemon.get(target))
            return memory_used(found["memory_stats"])
        except TROUBLE as error:
            raise RuntimeTrouble(f"expected the memory of {name}, found {error!r}") from error

    # -- acts -------------------------------------------------------------------------------------------------------

    async def start(self, subject: Subject) -> None:
        """Start a stopped container. Raises: ActRefused."""
        await self._act(subject, "start", 0)

    async def stop(self, subject: Subject, grace: float) -> None:
        """Stop a container: TERM, then KILL after `grace` seconds. Raises: ActRefused."""
        await self._act(subject, f"stop?t={int(grace)}", int(grace))

    async def restart(self, subject: Subject, grace: float) -> None:
        """Stop as `stop` does, then start. Raises: ActRefused."""
        await self._act(subject, f"restart?t={int(grace)}", int(grace))

    async def _act(self, subject: Subject, what: str, patience: int) -> None:
        name = self._names.get(subject)
        if name is None:
            raise ActRefused(f"expected a container labelled {ROLE}={subject}, found none")
        try:
            await self._acting.run(lambda daemon: daemon.post(f"/containers/{name}/{what}", patience=patience))
        except Refused as error:
            raise ActRefused(f"expected Docker to act on {name}, found {error}") from error
        except TROUBLE as error:
            raise ActRefused(f"expected the Docker API to answer for {name}, found {error}") from error

    def close(self) -> None:
        """Do nothing more. What is being done is not waited for."""
        for line in (self._looking, self._acting, self._counting):
            line.close()


def on_monotonic(clock: Clock, wall: float) -> float:
    """An epoch time on the monotonic clock; never one to come, which only a clock that jumped can tell of."""
    return clock.monotonic() - max(0.0, clock.now().timestamp() - wall)


def _from_stamp(log: str, started: int) -> str:
    """From the first line that is stamped `started` or later, however later ones are; without one all of it."""
    lines = log.splitlines(keepends=True)
    for number, line in enumerate(lines):
        stamp = line.partition(" ")[0]
        if stamp.endswith("Z") and parse_stamp(stamp) >= started:
            return "".join(lines[number:])
    return log


def _payloads(raw: bytes) -> Iterator[bytes]:
    """What both of a container's streams said: each piece comes after eight bytes, the last four its length."""
    at = 0
    while at + 8 <= len(raw):
        end = at + 8 + int.from_bytes(raw[at + 4 : at + 8], "big")
        yield raw[at + 8 : end]
        at = end


def memory_used(stats: dict[str, Any]) -> tuple[int, int]:
    """Used and allowed bytes, as `docker stats` counts them: what the page cache could give back is not in use.

    Raises:
        KeyError: the container does not run.
    """
    cache = stats.get("stats") or {}
    idle = cache.get("inactive_file", cache.get("total_inactive_file", 0))  # cgroup version 2, 1
    return max(int(stats["usage"]) - int(idle), 0), int(stats["limit"])


def parse_stamp(stamp: str) -> float:
    """Epoch seconds of Docker's RFC 3339 stamp, which has nine digits of fraction."""
    whole, _, fraction = stamp.rstrip("Z").partition(".")
    seconds = datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp()
    return seconds + (float(f"0.{fraction}") if fraction else 0.0)
