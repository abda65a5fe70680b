"""One client's messages, kept under the gateway's limit."""

import asyncio

from preflight.sources.pace import Pace
from tests.unit.preflight.told import HandClock


async def test_no_second_has_more_messages_than_it_may() -> None:
    clock = HandClock()
    pace, sent = Pace(clock, 4), []

    async def send() -> None:
        await pace()
        sent.append(clock.monotonic())

    await asyncio.gather(*(send() for _ in range(11)))
    assert sent == [0.0] * 4 + [1.0] * 4 + [2.0] * 3


async def test_several_messages_at_once_count_each() -> None:
    clock = HandClock()
    pace = Pace(clock, 4)
    await pace(3)
    await pace(2)
    assert clock.monotonic() == 1.0
