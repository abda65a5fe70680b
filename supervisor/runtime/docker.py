"""Docker, through the proxy that lets through exactly the calls made here, by name.

The SDK is blocking, so looks, acts and events each have a client and a thread of their own: a restart that takes its
whole grace must not delay a look. Whatever goes wrong with the asking is our own trouble, UNKNOWN.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog
from docker import APIClient
from docker.errors import APIError, DockerException, NotFound
from requests.exceptions import RequestException

from supervisor.errors import ActRefused, RuntimeTrouble
from supervisor.observation import Container, ContainerEvent, Look, Result, Status, Subject
from tws.clock import Clock

API_VERSION = "auto"  # the engine's own: old engines speak 1.41, new ones refuse it
ROLE = "watchkeeper.role"
TENANT = "watchkeeper.tenant"
_EVENTS_AGAIN = 1.0
_NEVER_STARTED = "0001-01-01T00:00:00Z"
_TROUBLE = (DockerException, RequestException, OSError, ValueError, KeyError)

log = structlog.get_logger("docker")


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

    def __init__(self, url: str, tenant: str, clock: Clock, *, timeout: int) -> None:
        self._url = url
        self._tenant = tenant
        self._clock = clock
        self._timeout = timeout
        self._names: dict[Subject, str] = {}
        self._started: dict[Subject, str] = {}
        self._moments: dict[str, float] = {}
        self._looking = ThreadPoolExecutor(1, thread_name_prefix="docker-look")
        self._acting = ThreadPoolExecutor(1, thread_name_prefix="docker-act")
        self._counting = ThreadPoolExecutor(1, thread_name_prefix="docker-count")
        self._clients: dict[str, Any] = {}

    # -- looks ------------------------------------------------------------------------------------------------------

    async def look(self) -> tuple[Look, dict[Subject, Container]]:
        """List and inspect this tenant's containers."""
        started = self._clock.monotonic()
        try:
            found = await self._run(self._looking, self._look)
            result, why = Result.OK, f"{len(found)} containers"
        except _TROUBLE as error:
            found, result, why = {}, Result.UNKNOWN, f"the Docker API cannot be asked: {error}"
        now = self._clock.monotonic()
        return Look(result, now, now - started, why), found

    def _look(self) -> dict[Subject, Container]:
        client = self._client("look")
        found: dict[Subject, Container] = {}
        known, self._moments = self._moments, {}
        for row in client.containers(all=True, filters={"label": [ROLE]}):
            labels = row.get("Labels") or {}
            role = labels.get(ROLE)
            if labels.get(TENANT) != self._tenant or role not in list(Subject):
                continue
            name = row["Names"][0].removeprefix("/")
            try:
                found[Subject(role)] = self._read(client.inspect_container(name), known)
            except NotFound:
                continue  # removed between the list and the look
            self._names[Subject(role)] = name
            self._started[Subject(role)] = found[Subject(role)].started_at
        return found

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
        """An epoch time on our monotonic clock; never one to come, which only a clock that jumped can tell of."""
        return self._clock.monotonic() - max(0.0, self._clock.now().timestamp() - wall)

    async def log_tail(self, subject: Subject, lines: int) -> str:
        """The last lines that the present process has logged, each after Docker's stamp.

        Raises:
            RuntimeTrouble: the log cannot be read.
        """
        name, since = self._names.get(subject), self._started.get(subject)
        if name is None or since is None:
            raise RuntimeTrouble(f"expected a {subject} container, found none")
        try:
            raw = await self._run(
                self._looking,
                lambda: self._client("look").logs(
                    name, stdout=True, stderr=True, timestamps=True, tail=lines, since=int(parse_stamp(since))
                ),
            )
        except _TROUBLE as error:
            raise RuntimeTrouble(f"expected the log of {name}, found {error}") from error
        return str(raw, "utf-8", "replace")

    async def memory(self, subject: Subject) -> tuple[int, int]:
        """Bytes that the container uses, and how many it may; without a limit of its own that is the machine's memory.

        Raises:
            RuntimeTrouble: Docker cannot be asked, or the container does not run.
        """
        name = self._names.get(subject)
        if name is None:
            raise RuntimeTrouble(f"expected a {subject} container, found none")
        try:
            # One shot: without it Docker takes a second sample a second later, for a rate that nobody wants here.
            found = await self._run(
                self._counting, lambda: self._client("count").stats(name, stream=False, one_shot=True)
            )
            return memory_used(found["memory_stats"])
        except _TROUBLE as error:
            raise RuntimeTrouble(f"expected the memory of {name}, found {error!r}") from error

    # -- acts -------------------------------------------------------------------------------------------------------

    async def start(self, subject: Subject) -> None:
        """Start a stopped container. Raises: ActRefused."""
        await self._act(subject, lambda client, name: client.start(name))

    async def stop(self, subject: Subject, grace: float) -> None:
        """Stop a container: TERM, then KILL after `grace` seconds. Raises: ActRefused."""
        await self._act(subject, lambda client, name: client.stop(name, timeout=int(grace)))

    async def restart(self, subject: Subject, grace: float) -> None:
        """Stop as `stop` does, then start. Raises: ActRefused."""
        await self._act(subject, lambda client, name: client.restart(name, timeout=int(grace)))

    async def _act(self, subject: Subject, call: Callable[[Any, str], Any]) -> None:
        name = self._names.get(subject)
        if name is None:
            raise ActRefused(f"expected a container labelled {ROLE}={subject}, found none")
        try:
            await self._run(self._acting, lambda: call(self._client("act"), name))
        except APIError as error:
            raise ActRefused(f"expected Docker to act on {name}, found {error.explanation or error}") from error
        except _TROUBLE as error:
            raise ActRefused(f"expected the Docker API to answer for {name}, found {error}") from error

    async def _run[T](self, pool: ThreadPoolExecutor, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, call)

    def _client(self, use: str) -> Any:
        if use not in self._clients:
            self._clients[use] = APIClient(base_url=self._url, version=API_VERSION, timeout=self._timeout)
        return self._clients[use]

    # -- events -----------------------------------------------------------------------------------------------------

    def listen(self, heard: Callable[[ContainerEvent], None], deaf: Callable[[bool], None]) -> None:
        """Hear events for ever, in a thread that ends with the process.

        Args:
            heard: called on the event loop with each event of this tenant.
            deaf: called on the event loop with True when the stream is lost, False when it is there.
        """
        loop = asyncio.get_running_loop()

        def tell(call: Callable[[Any], None], value: Any) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(call, value)

        def run() -> None:
            pause = threading.Event()
            while not loop.is_closed():
                try:
                    client = APIClient(base_url=self._url, version=API_VERSION, timeout=self._timeout)
                    stream = client.events(filters={"label": [ROLE]}, decode=True)
                    tell(deaf, False)
                    for raw in stream:
                        event = self._event(raw)
                        if event is not None:
                            tell(heard, event)
                except _TROUBLE as error:
                    log.warning("event stream lost", error=str(error))
                except RuntimeError:
                    return  # the loop has gone
                tell(deaf, True)
                pause.wait(_EVENTS_AGAIN)

        threading.Thread(target=run, name="docker-events", daemon=True).start()

    def _event(self, raw: dict[str, Any]) -> ContainerEvent | None:
        if raw.get("Type") != "container":
            return None
        attributes = raw["Actor"]["Attributes"]
        role = attributes.get(ROLE)
        if attributes.get(TENANT) != self._tenant or role not in list(Subject):
            return None
        signal, code = attributes.get("signal"), attributes.get("exitCode")
        return ContainerEvent(
            Subject(role),
            str(raw["Action"]),
            self.at(raw["timeNano"] / 1e9),
            int(signal) if signal else None,
            int(code) if code else None,
            raw["Actor"]["ID"],
        )

    def close(self) -> None:
        """Let go of the threads; what they are doing is not waited for."""
        self._looking.shutdown(wait=False, cancel_futures=True)
        self._acting.shutdown(wait=False, cancel_futures=True)
        self._counting.shutdown(wait=False, cancel_futures=True)


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
