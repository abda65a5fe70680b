"""Begins and ends faults: at once or later, for a while or until somebody says so."""

import asyncio
import datetime as dt
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gateway.simulator.api.gateway import Gateway
from gateway.simulator.api.server import ApiServer
from gateway.simulator.faults.catalogue import FAULTS
from gateway.simulator.faults.fault import Site
from gateway.simulator.faults.reading import Wish, described, wish
from gateway.simulator.lifecycle import Lifecycle


@dataclass(slots=True, eq=False)
class Case:
    """One fault that is to come, or is on."""

    number: int
    wish: Wish
    begins: dt.datetime
    """World time."""
    ends: dt.datetime | None
    """World time, as far as it is known."""
    is_on: bool = False
    has_begun: bool = False
    task: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return self.wish.fault.name

    def told(self) -> dict[str, Any]:
        """For a listing."""
        return {
            "id": self.number,
            "name": self.name,
            "on": self.is_on,
            "begins": self.begins.isoformat(),
            "ends": None if self.ends is None else self.ends.isoformat(),
            "parameters": described(self.wish),
            "hit_at_monotonic_ns": None if (hit := self.wish.fault.hit_at) is None else int(hit * 1e9),
        }


class Faults:
    """All faults of one stand-in. Each is effective when the method that begins or ends it returns."""

    def __init__(self, gateway: Gateway, server: ApiServer, lifecycle: Lifecycle) -> None:
        self._gateway = gateway
        self._server = server
        self._lifecycle = lifecycle
        self._cases: list[Case] = []
        self._begun = 0
        lifecycle.when_restarted(self.restarted)
        lifecycle.when_reconnected(self.reconnected)

    @property
    def names(self) -> list[str]:
        """Every fault there is."""
        return list(FAULTS)

    @property
    def active(self) -> set[str]:
        """Names of those that are on."""
        return {case.name for case in self._cases if case.is_on}

    @property
    def cases(self) -> list[Case]:
        """Those that are on or to come."""
        return list(self._cases)

    def momentary(self, name: str) -> bool:
        """Whether it is over as soon as it has happened."""
        return FAULTS[name].momentary

    def curable(self, name: str) -> bool:
        """Whether it can be ended without a restart of the container."""
        return FAULTS[name].curable and not FAULTS[name].momentary

    async def begin(self, name: str, asked: Mapping[str, Any] | None = None) -> Case:
        """Begin a fault, or see to it that it begins later.

        Raises:
            FaultRefused: it cannot be as it was asked for; nothing has changed.
        """
        return await self.take(wish(name, asked or {}))

    async def take(self, wished: Wish) -> Case:
        """Begin what was read before. What is on already, with the same parameters, is not begun again."""
        now = self._gateway.now()
        delay = wished.delay
        wait = max((delay - now).total_seconds(), 0.0) if isinstance(delay, dt.datetime) else delay
        begins = now + dt.timedelta(seconds=wait)
        ends = None if wished.duration is None else begins + dt.timedelta(seconds=wished.duration)
        case = Case(self._begun + 1, wished, begins, ends)
        if not wait and (same := self._same(wished)) is not None:
            self._count(same.name)
            return same
        self._begun += 1
        self._cases.append(case)
        if wait:
            case.task = asyncio.get_running_loop().create_task(
                self._later(case, self._gateway.clock.monotonic() + wait)
            )
        else:
            await self._switch_on(case)
            if case.is_on and wished.duration is not None:
                until = self._gateway.clock.monotonic() + wished.duration
                case.task = asyncio.get_running_loop().create_task(self._expire(case, until))
        return case

    def end(self, name: str) -> list[Case]:
        """End every case of a fault, and forget those to come; nothing happens if there is none.

        Raises:
            KeyError: there is no such fault.
        """
        if name not in FAULTS:
            raise KeyError(name)
        return self._end(case for case in self._cases if case.name == name)

    def end_all(self) -> list[Case]:
        """End everything that can be ended, and forget everything to come."""
        return self._end(case for case in self._cases if not case.is_on or self.curable(case.name))

    def restarted(self) -> None:
        """A soft restart has cured what lives in the JVM."""
        self._end(case for case in self._cases if case.is_on and case.wish.fault.lives_in_jvm)

    def reconnected(self, what: Literal["data", "account"]) -> None:
        """IBC's command server was told RECONNECTDATA or RECONNECTACCOUNT: cures what says that it does."""
        cures = (f"RECONNECT{what.upper()}", "either")
        self._end(case for case in self._cases if case.is_on and getattr(case.wish.fault, "cured_by", "") in cures)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _same(self, wished: Wish) -> Case | None:
        if wished.fault.momentary:
            return None
        return next(
            (
                case
                for case in self._cases
                if case.is_on and case.name == wished.fault.name and case.wish.asked == wished.asked
            ),
            None,
        )

    def _count(self, name: str) -> None:
        injected = self._gateway.tally.faults
        injected[name] = injected.get(name, 0) + 1

    async def _later(self, case: Case, begins: float) -> None:
        clock = self._gateway.clock
        await clock.sleep(begins - clock.monotonic())
        await self._switch_on(case)
        if case.is_on and case.wish.duration is not None:
            await self._expire(case, begins + case.wish.duration)

    async def _expire(self, case: Case, ends: float) -> None:
        clock = self._gateway.clock
        await clock.sleep(ends - clock.monotonic())
        case.task = None
        self._end([case])

    async def _switch_on(self, case: Case) -> None:
        fault = case.wish.fault
        fault.site = Site(
            self._gateway,
            self._server,
            self._lifecycle,
            case.wish.scope,
            random.Random(f"{case.name} {case.wish.seed}"),  # noqa: S311 (a seeded draw, no secret)
            self._withdraw,
        )
        self._count(case.name)
        case.has_begun = True
        if fault.momentary:
            self._cases.remove(case)
            await fault.begin()
            return
        case.is_on = True
        self._gateway.trouble.hang(fault)
        await fault.begin()

    def _end(self, cases: Iterable[Case]) -> list[Case]:
        ended = list(cases)
        for case in ended:
            self._drop(case)
            if case.is_on:
                case.is_on = False
                case.wish.fault.end()
        return ended

    def _withdraw(self, name: str) -> None:
        for case in [one for one in self._cases if one.is_on and one.name == name]:
            self._drop(case)
            case.is_on = False

    def _drop(self, case: Case) -> None:
        self._cases.remove(case)
        self._gateway.trouble.take_off(case.wish.fault)
        if case.task is not None:
            case.task.cancel()
