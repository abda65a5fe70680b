import asyncio
from typing import Any

import pytest

from supervisor.clearance import Preflights, after_checks, before_checks, unwatched
from supervisor.rules import Rules
from supervisor.states import GatewayState
from tws.clock import SystemClock


class Report:
    def __init__(self, verdict: str, result: str = "pass") -> None:
        self.verdict = verdict
        self._result = result

    def as_json(self) -> dict[str, Any]:
        return {"verdict": self.verdict, "checks": [{"name": "utc", "found": "New York", "result": self._result}]}


READY = GatewayState.READY


@pytest.mark.parametrize("state", [state for state in GatewayState if state is not READY])
def test_only_behind_a_ready_gateway(state: GatewayState) -> None:
    answer = before_checks(state, ("DU1",), "DU1", False, "DU1")
    assert answer is not None
    assert not answer.granted
    assert state in answer.reason


@pytest.mark.parametrize(
    ("accounts", "configured", "live", "asked"),
    [
        (("U1",), "DU1", False, None),
        (("U1",), "", False, None),
        (("DU1",), "", True, None),
        (("DU1",), "DU1", False, "DU2"),
    ],
)
def test_only_for_the_right_account(accounts: tuple[str, ...], configured: str, live: bool, asked: str | None) -> None:
    answer = before_checks(READY, accounts, configured, live, asked)
    assert answer is not None
    assert not answer.granted


def test_nothing_against_it() -> None:
    assert before_checks(READY, ("DU1", "DU2"), "DU2", False, "DU2") is None


def test_no_account_is_traded_that_nobody_watches() -> None:
    rules = Rules("paper", account="DU1", further_accounts=("DU2",))
    assert unwatched(("DU1", "DU2"), rules, ("DU2",)) is None
    answer = unwatched(("DU1", "DU2", "DU3"), rules, ("DU2", "DU3"))
    assert answer is not None
    assert answer.reason == "the engine trades DU3, which is not watched; set FURTHER_ACCOUNTS=DU2,DU3"
    away = unwatched(("DU1",), rules, ())
    assert away is not None
    assert away.reason == "expected account DU2, found DU1"


@pytest.mark.parametrize(("verdict", "granted"), [("go", True), ("no-go", False), ("unknown", False)])
def test_only_go_is_yes(verdict: str, granted: bool) -> None:
    assert after_checks(Report(verdict, "fail")).granted is granted


def test_a_no_names_the_check() -> None:
    assert "utc: New York" in after_checks(Report("no-go", "fail")).reason


async def test_askers_share_a_fresh_report() -> None:
    runs = []

    async def run() -> Report:
        runs.append(1)
        await asyncio.sleep(0.01)
        return Report("go")

    clock = SystemClock()
    preflights = Preflights(run, clock)
    await asyncio.gather(*(preflights.report() for _ in range(5)))
    assert len(runs) == 1
    await preflights.report(not_before=clock.monotonic())
    assert len(runs) == 2


@pytest.mark.parametrize(("places", "most"), [(2, 2), (5, 3)])
async def test_of_all_tenants_only_so_many_run_at_once(places: int, most: int) -> None:
    """A hundred gateways that come back together would run a hundred preflights; each tenant gets its own."""
    running: list[int] = []
    highest = 0

    async def run() -> Report:
        nonlocal highest
        running.append(1)
        highest = max(highest, len(running))
        await asyncio.sleep(0.01)
        running.pop()
        return Report("go")

    at_once = asyncio.Semaphore(places)
    tenants = [Preflights(run, SystemClock(), at_once=at_once) for _ in range(3)]
    reports = await asyncio.gather(*(tenant.report() for tenant in tenants))
    assert [report.verdict for report in reports] == ["go"] * 3
    assert highest == most
