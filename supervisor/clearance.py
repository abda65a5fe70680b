"""May the engine trade? Ours asks before it builds its node; for one that asks nobody, it is asked before its start.

Yes only when the gateway is verified ready, its account is the right one, and every check of the preflight goes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from supervisor.diagnosis import account_fault
from supervisor.rules import Rules
from supervisor.states import GatewayState
from tws.clock import Clock

_FRESH = 10.0
_SOON = 1.0
_LATER = 5.0


class Report(Protocol):
    """What the supervisor needs of `preflight.report.Report`."""

    @property
    def verdict(self) -> str: ...
    def as_json(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """Granted or not, why, and when to ask again."""

    granted: bool
    reason: str
    retry_after: float

    def as_json(self) -> dict[str, Any]:
        return {"granted": self.granted, "reason": self.reason, "retry_after_seconds": self.retry_after}


def before_checks(
    state: GatewayState, accounts: tuple[str, ...], configured: str, live: bool, asked_for: str | None
) -> Answer | None:
    """The part of the decision that needs no preflight. None: nothing speaks against it."""
    if asked_for and configured and asked_for != configured:
        return Answer(False, f"expected account {configured}, found {asked_for} in the engine's settings", _LATER)
    wrong = account_fault(accounts, configured, live)
    if wrong is not None:
        return Answer(False, wrong, _LATER)
    if state is not GatewayState.READY:
        return Answer(False, f"the gateway is {state}, not READY", _SOON)
    return None


def unwatched(accounts: tuple[str, ...], rules: Rules, asked_for: Sequence[str]) -> Answer | None:
    """What speaks against the further accounts: one that nobody would watch, or that the gateway does not serve."""
    if strangers := [account for account in asked_for if not rules.traded(account)]:
        found = ", ".join(strangers)
        wanted = ",".join((*rules.further_accounts, *strangers))
        return Answer(False, f"the engine trades {found}, which is not watched; set FURTHER_ACCOUNTS={wanted}", _LATER)
    wrong = next(filter(None, (account_fault(accounts, one, rules.live) for one in rules.further_accounts)), None)
    return Answer(False, wrong, _LATER) if wrong is not None else None


def goes(report: Report) -> bool:
    """Only `go` is yes: what could not be asked is not known to be well."""
    return str(report.verdict) == "go"


def bad(told: Mapping[str, Any]) -> str:
    """What speaks against a start, by a report's JSON: what failed, else what had to be known and is not."""
    failed = [check for check in told["checks"] if check["result"] == "fail"]
    blind = [check for check in told["checks"] if check["result"] == "skipped" and check["vital"]]
    return "; ".join(f"{check['name']}: {check['found']}" for check in failed or blind)


def after_checks(report: Report) -> Answer:
    """The preflight's word."""
    if goes(report):
        return Answer(True, "the gateway is ready and preflight goes", 0.0)
    return Answer(False, f"preflight: {report.verdict}; {bad(report.as_json())}", _LATER)


async def _unknown(moment: datetime) -> None:
    return None


class Preflights:
    """Runs the preflight, one at a time, and keeps the last report. An answer up to 10 s old is good enough."""

    def __init__(
        self,
        run: Callable[[], Awaitable[Report]],
        clock: Clock,
        has_session: Callable[[datetime], Awaitable[bool | None]] = _unknown,
        at_once: asyncio.Semaphore | None = None,
    ) -> None:
        """`has_session` tells whether the exchange holds a session on the day of a moment; None: it does not know.

        `at_once` is how many may run in this process, of all tenants.
        """
        self.has_session = has_session
        self._at_once = at_once if at_once is not None else asyncio.Semaphore()
        self._run = run
        self._clock = clock
        self._lock = asyncio.Lock()
        self._at = float("-inf")
        self._heard: list[Callable[[Report], None]] = []
        self.last: Report | None = None

    def listen(self, heard: Callable[[Report], None]) -> None:
        """Have every new report told to `heard`, whoever asked for it."""
        self._heard.append(heard)

    async def report(self, *, not_before: float | None = None) -> Report:
        """A fresh report. `not_before` refuses an older one, such as one from before the gateway was ready."""
        async with self._lock:
            oldest = max(self._clock.monotonic() - _FRESH, not_before if not_before is not None else float("-inf"))
            if self.last is None or self._at < oldest:
                async with self._at_once:
                    self.last = await self._run()
                self._at = self._clock.monotonic()
                for heard in self._heard:
                    heard(self.last)
            return self.last
