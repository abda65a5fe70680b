"""Several stacks side by side, since most of a drill is waiting: each takes the next injection that nobody has.

A stack speaks one server version. Where its list is empty it goes, and another comes up for the version with the most
left. A stack that is not well again is replaced; one that never was ends the drill.
"""

import asyncio
import json
import os
import sys
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import httpx

from supervisor.drill.house import commit, house
from supervisor.drill.records import WATCHKEEPER, Run, Shard
from supervisor.drill.runner import AlreadyStands, Label
from supervisor.drill.stack import Stack, logs
from supervisor.errors import RuntimeTrouble
from tws.clock import Clock, SystemClock
from tws.handshake import probe

MOST_JOBS = 16
"""Each takes a subnet of its own and about 1 GiB of memory."""

_STORY_LINES = 2000


@dataclass(frozen=True, slots=True)
class Bench:
    """What one run is made with."""

    stack: Stack
    client: httpx.AsyncClient
    clock: Clock
    label: Label


class Crew[Wanted]:
    """The stacks of one drill.

    Args:
        wanted: what is to be done at each server version, in order.
        play: does one of them.
        profile: how slow the stand-in is.
        seed: of the phases.
        shard: where every run is written at once.
        directory: where the story of a run that went wrong is kept.
    """

    def __init__(
        self,
        wanted: Mapping[int, Sequence[Wanted]],
        play: Callable[[Bench, Wanted], Awaitable[Run]],
        profile: str,
        seed: int,
        shard: Shard,
        directory: Path,
    ) -> None:
        self._left = {version: deque(rows) for version, rows in wanted.items()}
        self._most = sum(map(len, wanted.values()))
        self._play = play
        self._profile = profile
        self._seed = seed
        self._shard = shard
        self._directory = directory
        self._at_work: Counter[int] = Counter()
        self._standing = 0
        self._built = asyncio.Event()

    async def work(self, jobs: int) -> None:
        """Bring up so many stacks, do what is wanted, take them away.

        Raises:
            ExceptionGroup: of RuntimeTrouble and TimeoutError: what kept a stack from being of use.
        """
        async with asyncio.TaskGroup() as group:
            for place in range(min(jobs, self._most)):
                group.create_task(self._stacks(place))

    def next_version(self) -> int | None:
        """The version with the most left to do for each stack that is at it; None when nothing is left."""
        versions = [version for version, left in self._left.items() if left]
        return max(versions, key=lambda one: len(self._left[one]) / (1 + self._at_work[one]), default=None)

    async def _stacks(self, place: int) -> None:
        """One after the other."""
        if place:
            await self._built.wait()  # the images, by the first
        while (version := self.next_version()) is not None:
            self._at_work[version] += 1
            async with house(self._most, self._profile, version, place) as stack:
                self._built.set()
                self._standing += 1
                try:
                    await self._drill(stack, version)
                finally:
                    self._standing -= 1
                    self._at_work[version] -= 1

    async def _drill(self, stack: Stack, version: int) -> None:
        spoken = (await probe("127.0.0.1", stack.api_port, timeout=10)).server_version
        if spoken != version:
            raise RuntimeTrouble(f"expected a gateway of server version {version}, found {spoken}")
        left, of_use = self._left[version], False
        label = Label(self._profile, version, self._seed, commit())
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            bench = Bench(stack, client, SystemClock(), label)
            while left:
                one = left.popleft()
                try:
                    run = await self._play(bench, one)
                except AlreadyStands as error:
                    _say(str(error))
                    continue
                except TimeoutError as error:
                    left.appendleft(one)
                    if not of_use:
                        raise
                    _say(f"{error}; another stack takes its place")
                    return
                of_use = True
                run = replace(run, beside=self._standing - 1, load=round(os.getloadavg()[0], 1))
                self._shard.append(run)
                print(json.dumps(asdict(run)), file=sys.stderr, flush=True)
                if run.keeper == WATCHKEEPER and run.went_wrong:
                    await asyncio.to_thread(self._keep, run, stack)

    def _keep(self, run: Run, stack: Stack) -> None:
        """What its containers said, for whoever asks why."""
        self._directory.mkdir(parents=True, exist_ok=True)
        name = f"{run.keeper}-{run.injection}-{run.server_version}-{run.seed}-{run.number}"
        for role in ("gateway", "engine", "supervisor"):
            (self._directory / f"{name}-{role}.log").write_text(logs(stack.container(role), _STORY_LINES))
        _say(f"what its containers said is in {self._directory}/{name}-*.log")


def _say(what: str) -> None:
    print(f"drill: {what}", file=sys.stderr, flush=True)
