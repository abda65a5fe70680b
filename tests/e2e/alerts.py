"""One fault after the other on a stack, each of which must be told by its alerts before it is taken away.

What tests.e2e.trading_day records. When each alert must fire and end is worked out and judged by tests.e2e.tour.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from tests.e2e.causes import STANDING
from tests.e2e.day import Hands
from tests.e2e.person import Person, Silence
from tests.e2e.stack import Stack
from tests.e2e.witness import fired


@dataclass(frozen=True)
class Step:
    """One fault.

    Attributes:
        name: of the fault.
        begin: brings it about.
        end: takes it away.
        fires: the alert that must fire.
    """

    name: str
    begin: Callable[[], object]
    end: Callable[[], object]
    fires: str


def steps(stack: Stack, person: Person) -> Iterator[Step]:
    """The day."""
    do, silence = Hands(stack), Silence(stack, "EngineHalted")

    def nothing() -> None:
        """It ends by what the supervisor does."""

    yield Step("data-competed", do.inject("data-competed"), do.cure("data-competed"), "DataCompeted")
    yield Step("cache away", do.docker("pause", "redis-1"), do.docker("unpause", "redis-1"), "CacheDown")
    yield Step("clock", do.inject("clock-skew", seconds=10), do.cure("clock-skew"), "ClockSkew")
    yield Step("jvm-dead", do.inject("jvm-dead"), nothing, "GatewayHangs")
    yield Step("upstream", do.inject("upstream-lost"), do.cure("upstream-lost"), "UpstreamLost")
    yield Step("a farm", do.inject("market-farm", farm="usfarm"), do.cure("market-farm"), "MarketFarmDown")
    yield Step("a person stops it", do.docker("stop", "gateway"), do.docker("start", "gateway"), "GatewayDown")
    yield Step(
        "a halt, silenced",
        do.all_of(silence.begin, do.make("halt")),
        do.all_of(do.make("halt", "LIFT=1"), silence.end),
        "EngineHalted",
    )
    yield Step("nobody answers", person.refuses, person.accepts, "NotificationsFailing")
    proxy = do.docker("stop", "docker-api-1"), do.docker("start", "docker-api-1")
    yield Step("the proxy before Docker", *proxy, "SupervisorBlind")


class Record:
    """What Alertmanager knows."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def told(self, alert: str) -> dict[str, Any] | None:
        """What Alertmanager does with it."""
        rows = httpx.get(self._stack.url("alertmanager", "/api/v2/alerts"), timeout=10).raise_for_status().json()
        for row in rows:
            if row["labels"]["alertname"] == alert:
                names = [receiver["name"] for receiver in row["receivers"]]
                return {"receivers": names, "inhibited": bool(row["status"]["inhibitedBy"])}
        return None


def play(stack: Stack, step: Step, record: Record, stands: Callable[[], object] = lambda: None) -> None:
    """Bring the fault about, see its alert, take it away, see all of it end.

    Args:
        stack: the stack.
        step: the fault.
        record: of its Alertmanager.
        stands: called when its alert is told.

    Raises:
        AssertionError.
    """
    stack.until(stack.all_well, "all well before it", 300)
    began = time.time()
    step.begin()

    def firing() -> list[bool]:
        """Whether it fires still, of each severity that has fired."""
        rows = fired(stack, began)
        return [times[-1].over is None for key, times in rows.items() if key[0] == step.fires and key != STANDING]

    stack.until(firing, f"{step.fires} to fire", 240)
    stack.until(lambda: record.told(step.fires), f"{step.fires} in Alertmanager", 90)
    stands()
    step.end()
    stack.until(stack.all_well, "all well after it", 300)
    stack.until(lambda: not any(firing()), f"{step.fires} to end", 480)
