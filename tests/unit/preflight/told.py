"""A gateway that says what a test tells it to, and a check asked about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from preflight.check import Answer, Check, Site
from preflight.settings import Settings
from preflight.sources.gateway import Word
from preflight.sources.host import Host
from preflight.sources.local import LocalHost, LocalHouse
from tws.handshake import Greeting
from tws.times import TimeMode, parse_connection_time
from tws.values import Bar, Config

NOW = datetime(2026, 11, 22, 15, 0, 0, tzinfo=UTC)


class HandClock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self._now = 0.0

    def monotonic(self) -> float:
        return self._now

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self._now)

    async def sleep(self, seconds: float) -> None:
        self._now += seconds


@dataclass
class Told:
    """A gateway that answers what a test tells it to."""

    time: str = "20261122 15:00:00 UTC"
    managed: tuple[str, ...] = ("DUSIM0001",)
    bar_times: Sequence[str] = ("20261122-14:00:00",)
    time_mode: TimeMode | None = None
    read_only: bool | None = None
    refuses: bool = False

    async def greeting(self) -> Greeting:
        return Greeting(200, self.time, parse_connection_time(self.time), 0.003)

    async def accounts(self) -> tuple[str, ...]:
        return self.managed

    async def bars(self) -> list[Bar]:
        return [Bar(time, 1, 1, 1, 1, Decimal(1)) for time in self.bar_times]

    async def word(self) -> Word:
        if self.time_mode is None and self.read_only is None:
            return Word(None, "found server version 200")
        return Word(Config(self.time_mode, self.read_only, 4002, None, False, (), None, None))

    async def is_read_only(self) -> bool:
        return self.refuses


def settings(**changes: Any) -> Settings:
    return Settings(**{"ib_account": "DUSIM0001", "mode": "sim", **changes})


async def ask(check: Check, told: Told | None = None, host: Host | None = None, **changes: Any) -> Answer:
    given = settings(**changes)
    answer = await check.ask(Site(given, told or Told(), host or LocalHost(given), LocalHouse(), NOW))
    assert set(answer.remedies) <= set(check.remedies), "a remedy that docs/preflight.md does not know"
    return answer


def remedy(answer: Answer) -> str:
    return "; ".join(remedy.text for remedy in answer.remedies)
