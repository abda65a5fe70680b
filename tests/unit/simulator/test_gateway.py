"""What the gateway itself answers for: whose clock is asked too often, who is logged in, whether it may write."""

from pathlib import Path

import pytest

from tests.unit.simulator.raw import RawClient
from tests.unit.simulator.rig import HandClock
from tests.unit.simulator.run import serving


@pytest.mark.parametrize(
    ("whose", "same", "other"), [("gateway", False, False), ("client", False, True), ("off", True, True)]
)
async def test_whose_clock_is_asked_too_often(
    whose: str, same: bool, other: bool, tmp_path: Path, clock: HandClock
) -> None:
    async with (
        serving(tmp_path, clock, SIM_TIME_THROTTLE=whose) as (_, server),
        RawClient(server.port) as first,
        RawClient(server.port) as second,
    ):
        await first.start(1)
        await second.start(2)
        assert await first.answer("49", "1", end="49")
        for client, told in ((first, same), (second, other)):
            client.send("49", "1")
            client.send("8", "1", "1")
            heard = [(await client.receive())[0]]
            if heard == ["49"]:
                heard.append((await client.receive())[0])
            assert (heard == ["49", "9"]) is told
        clock.turn(1.0)
        assert await first.answer("49", "1", end="49")
