"""The supervisor's audit over a real engine that trades through the stand-in: nothing is found in books that agree."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from supervisor import audit
from supervisor.diagnosis import Diagnosis
from supervisor.faults import FAULTS
from supervisor.observation import Subject
from supervisor.policy import Policy
from supervisor.probes.engine import EngineLink
from supervisor.probes.sentinel import Sentinel
from supervisor.rules import Rules
from tests.engine.rig import TOKEN
from tests.stand_in import ACCOUNT
from tws.clock import SystemClock
from tws.contracts import stock
from tws.session import Session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from supervisor.observation import EngineView
    from tests.engine.rig import Engine
    from tests.stand_in import StandIn

CLOCK, POLICY = SystemClock(), Policy()
RULES = Rules("sim", account=ACCOUNT)
JUDGES = {
    "second-engine": audit.second_engine,
    "order-unacked": audit.order_unacked,
    "exit-rejected": audit.exit_rejected,
    "naked-position": audit.naked_position,
    "unknown-position": audit.unknown_position,
    "late-position": audit.late_position,
}


class Audited:
    """Looks as the supervisor does, and declares what lasts as long as the table asks."""

    def __init__(self, sentinel: Sentinel, link: EngineLink) -> None:
        self._sentinel = sentinel
        self._link = link
        self._since: dict[str, float] = {}
        self.declared: dict[str, str] = {}

    async def until(self, true: Callable[[EngineView], object], seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while True:
                view = await self._link.look()
                for _ in range(4):
                    self._judge(view)
                    await asyncio.sleep(0.25)
                if true(view):
                    return

    def _judge(self, view: EngineView) -> None:
        now = CLOCK.monotonic()
        books = audit.word_of_broker(self._sentinel.view, now, POLICY)
        for name, judge in JUDGES.items():
            verdict = judge(books, view, now, RULES) if books is not None else None
            if isinstance(verdict, Diagnosis):
                if now - self._since.setdefault(name, now) >= FAULTS[name].patience:
                    self.declared.setdefault(name, verdict.why)
            else:
                self._since.pop(name, None)
        self._sentinel.audit_every(POLICY.fast_interval if self._since else POLICY.audit_exposed)


@asynccontextmanager
async def audited(engine: Engine, gateway: StandIn) -> AsyncIterator[Audited]:
    sentinel = Sentinel("127.0.0.1", gateway.api_port, Session.open, stock("SPY"), CLOCK, POLICY, lambda: None)
    with ThreadPoolExecutor(1) as pool:
        link = EngineLink(f"http://127.0.0.1:{engine.port}", TOKEN, CLOCK, pool, timeout=5.0)
        async with sentinel:
            yield Audited(sentinel, link)


def test_the_judges_are_those_of_the_account() -> None:
    assert set(JUDGES) == {fault.name for fault in FAULTS.values() if fault.subject is Subject.ACCOUNT}


async def test_books_of_an_engine_that_trades_are_left_alone(trading: Engine, gateway: StandIn) -> None:
    async with audited(trading, gateway) as seen:

        def traded(_: EngineView) -> bool:
            return len([fill for fill in gateway.book()["executions"] if fill["side"] == "SLD"]) >= 2

        await seen.until(traded, 240)
        assert seen.declared == {}


async def test_what_the_engine_is_refused_and_what_others_hold_is_found(trading: Engine, gateway: StandIn) -> None:
    async with audited(trading, gateway) as seen:
        await seen.until(lambda view: view.held and view.working, 60)
        assert seen.declared == {}
        gateway.post("/api/v1/orders", {"con_id": 756733, "action": "BUY", "quantity": 3})
        await seen.until(lambda _: "naked-position" in seen.declared, 30)
        assert "3 SPY (contract 756733) has exits for 0" in seen.declared["naked-position"]
        gateway.fault("read-only")
        await seen.until(lambda view: view.refused, 120)
