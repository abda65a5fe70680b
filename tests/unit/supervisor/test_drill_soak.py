"""A soak is good once all is well and every book agrees; a difference that passes is none, and one that stays is."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from supervisor.drill.soak import Soak
from supervisor.drill.stack import Stack
from tests.unit.supervisor.test_drill_runner import HandClock

STACK = Stack("test", "http://supervisor", "http://engine", "http://simulator", 4002, Path("token"))


def answers(clock: HandClock, agrees_at: float) -> Any:
    def answer(request: httpx.Request) -> httpx.Response:
        where = (request.url.host, request.url.path.removeprefix("/api/v1/"))
        held = [] if clock.at >= agrees_at else [{"con_id": 5, "quantity": 1.0}]
        tenant = {"gateway": {"state": "READY"}, "engine": {"state": "TRADING"}, "incident": None}
        said: dict[tuple[str, str], Any] = {
            ("supervisor", "status"): {"tenants": [tenant]},
            ("supervisor", "incidents"): [],
            ("simulator", "book"): {"positions": [], "orders": [], "executions": []},
            ("engine", "status"): {"positions": held, "orders": []},
        }
        return httpx.Response(200, json=said[where])

    return answer


@pytest.mark.parametrize(("agrees_at", "expected"), [(3.0, True), (1000.0, False)])
async def test_the_reckoning_waits_for_books_that_agree_but_not_for_ever(agrees_at: float, expected: bool) -> None:
    clock = HandClock()
    async with httpx.AsyncClient(transport=httpx.MockTransport(answers(clock, agrees_at))) as client:
        settled, found = await Soak(STACK, client, clock, seed=1)._settled(60.0)
    assert settled is expected
    assert bool(found["books_disagree"]) is not expected
