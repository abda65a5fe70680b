"""One drill: wait until all is well, break something at a random moment, and watch from outside."""

import math
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import httpx

from supervisor.drill.injections import INJECTIONS, Ends, Injection, Step
from supervisor.drill.records import WATCHKEEPER, Run
from supervisor.drill.report import agree
from supervisor.drill.stack import Stack, container_events, epoch, monotonic_of
from supervisor.faults import FAULTS, Rung
from tws.clock import Clock

POLL_SECONDS = 0.05
PATIENCE_SECONDS = 460.0
"""Longer than a start deadline (300 s), the ladder's waits before it and a login after it."""

PROBE_INTERVAL_SECONDS = 5.0
"""The supervisor's slowest rhythm: injections are spread over one of it."""

UNSEEN_SECONDS = 150.0
"""Longer than any bound on what nobody cures: by then it will not be seen, and is ended all the same."""

FRESH_SECONDS = 1.0
"""A market that is open ticks several times a second."""

_AGREEMENT_SECONDS = 30.0
"""The engine trades on meanwhile: an order under way is in one book before it is in the other."""
_LEFTOVER_SECONDS = 90.0
"""What the drill before has left is over by then: books that differ are reconciled at most a minute later."""
_BY_DOCKER = {Rung.CONTAINER_START, Rung.CONTAINER_RESTART, Rung.ENGINE_START, Rung.ENGINE_RESTART, Rung.ENGINE_STOP}
_THE_MACHINES = {"clock-skew", "slow"}
"""A clock that nobody keeps, or a machine with much to do, may be told of at any time: no sight of another fault."""
_BEFORE_SECONDS = 1.0
"""A stamp of the effect may be as much later than the effect."""
_ALWAYS_RIGHT = {Rung.ENGINE_RESYNC}
"""It reads and changes nothing at the broker: the right last step behind every gateway that is back."""


class AlreadyStands(Exception):
    """A fault that is there already cannot be seen to begin."""


class Taking(Protocol):
    """Whatever takes steps (`stack.Hands`)."""

    async def take(self, steps: Sequence[Step]) -> float: ...


@dataclass(frozen=True, slots=True)
class Label:
    """What every run of a drill says of itself."""

    profile: str
    server_version: int
    seed: int
    commit: str


@dataclass(slots=True)
class _Seen:
    """What was seen of one injection, in monotonic seconds."""

    effective: float
    new: list[dict[str, Any]] = field(default_factory=list)
    handed_over: float | None = None
    lifted: float | None = None
    ready: float | None = None
    over: float | None = None
    failed: bool = False


def phase(label: Label, injection: str, number: int) -> float:
    """The wait before an injection: random, and the same whenever the same shard goes on."""
    dice = random.Random(f"{label.seed}/{label.server_version}/{injection}/{number}")  # noqa: S311 (no secret)
    return dice.uniform(0, PROBE_INTERVAL_SECONDS)


def wrong_rungs(fault: str, rungs: Sequence[str]) -> list[str]:
    """The acts that the fault's row does not have."""
    right = {*FAULTS[fault].rungs, *_ALWAYS_RIGHT}
    return [rung for rung in rungs if Rung(rung) not in right]


class Drill:
    """The drills of one stack."""

    def __init__(self, stack: Stack, hands: Taking, client: httpx.AsyncClient, clock: Clock, label: Label) -> None:
        self._stack = stack
        self._hands = hands
        self._client = client
        self._clock = clock
        self._label = label

    async def run(self, name: str, number: int) -> Run:
        """Inject it once, at a random moment, and watch to the end.

        Raises:
            TimeoutError: it was not well before; there is nothing to measure then.
            AlreadyStands: the machine has this fault anyway, such as a clock that nobody keeps.
        """
        injection = INJECTIONS[name]
        if not await self._until(self._all_well, PATIENCE_SECONDS):
            raise TimeoutError(f"expected all to be well before {name}, found it is not after {PATIENCE_SECONDS:g} s")
        if not await self._until(lambda: self._is_over(injection.fault), _LEFTOVER_SECONDS):
            raise AlreadyStands(f"{name} is left out: {injection.fault} stands already, without our doing")
        known = {row["id"] for row in await self._incidents()}
        waited = phase(self._label, name, number)
        await self._clock.sleep(waited)
        at = self._clock.now()
        seen = _Seen(await self._hands.take(injection.steps))
        await self._watch(injection, known, seen)
        if seen.lifted is None:
            await self._hands.take(injection.undo)  # what was never seen is not left on for the drills after it
        agrees = seen.over is not None and await self._until(self._books_agree, _AGREEMENT_SECONDS)
        await self._hands.take(injection.after)
        return self._told(name, injection, number, waited, at, seen, agrees)

    async def _watch(self, injection: Injection, known: set[int], seen: _Seen) -> None:
        asked_at: float | None = None
        while seen.over is None and self._clock.monotonic() - seen.effective < PATIENCE_SECONDS:
            try:
                seen.new = [row for row in await self._incidents() if row["id"] not in known]
                tenant = await self._tenant()
                hears = await self._engine_hears() if tenant["engine"]["state"] == "TRADING" else False
            except (httpx.HTTPError, KeyError, TypeError, ValueError):
                await self._clock.sleep(POLL_SECONDS)
                continue
            now = self._clock.monotonic()  # after the answers: never earlier than they could be known
            told = any(row["fault"] == injection.fault for row in seen.new)
            if asked_at is None and (told or now - seen.effective > UNSEEN_SECONDS):
                asked_at = now
            # Cured under another name is cured; but not before its own name had its time.
            may_end = _is_told(injection.fault, seen.new) or now - seen.effective > _bound(injection.fault)
            due = asked_at is not None and now - asked_at >= injection.lasts
            if due and seen.lifted is None and injection.undo and _may_lift(injection, seen.new):
                seen.handed_over = now
                seen.lifted = await self._hands.take(injection.undo)
                continue
            lifted = injection.ends is Ends.TRADING or seen.lifted is not None
            if (seen.new or seen.lifted) and lifted and seen.ready is None and tenant["gateway"]["state"] == "READY":
                seen.ready = now
            if may_end and seen.ready is not None and hears and _over(injection.fault, seen.new, tenant):
                seen.over = now
            await self._clock.sleep(POLL_SECONDS)

    def _told(
        self, name: str, injection: Injection, number: int, waited: float, at: datetime, seen: _Seen, agrees: bool
    ) -> Run:
        """Everything in seconds from the effect."""

        def after(moment: float | None) -> float | None:
            return round(moment - seen.effective, 3) if moment is not None else None

        rows = sorted(seen.new, key=lambda row: row["id"])
        sights = (self._sight(row, injection.fault, seen.effective) for row in rows)
        acts = sorted((self._monotonic(act["at"]), act["rung"]) for row in rows for act in row["actions"])
        decided = acts[0] if acts else None
        rungs = [rung for _, rung in acts]
        # What a person who was called asks for is no answer of the supervisor's.
        by_hand_from = seen.handed_over if injection.ends is Ends.HANDED_OVER and seen.handed_over else math.inf
        return Run(
            keeper=WATCHKEEPER,
            injection=name,
            fault=injection.fault,
            profile=self._label.profile,
            server_version=self._label.server_version,
            seed=self._label.seed,
            number=number,
            commit=self._label.commit,
            at=at.isoformat(timespec="seconds"),
            phase_s=round(waited, 3),
            detect_s=after(min((at for at in sights if at is not None), default=None)),
            decide_s=after(decided[0]) if decided is not None else None,
            act_s=after(self._by_docker(*decided)) if decided is not None else None,
            lifted_s=after(seen.lifted),
            ready_s=after(seen.ready),
            trading_s=after(seen.over),
            censored=seen.over is None,
            agrees=agrees,
            named=[row["fault"] for row in rows],
            rungs=rungs,
            wrong=wrong_rungs(injection.fault, [rung for at, rung in acts if at < by_hand_from]),
        )

    def _sight(self, row: dict[str, Any], fault: str, effective: float) -> float | None:
        """When this incident told of the fault, under its own name or another; None if it tells of what came before.

        One that was open already was given the fault's name: by its next act that is known at the latest.
        """
        declared, begun = self._monotonic(row["declared_at"]), effective - _BEFORE_SECONDS
        if row["fault"] != fault:
            return declared if row["fault"] not in _THE_MACHINES and declared >= begun else None
        acts = [at for act in row["actions"] if (at := self._monotonic(act["at"])) >= begun]
        return min(acts) if declared < begun and acts else declared

    def _monotonic(self, stamp: str) -> float:
        return monotonic_of(epoch(stamp), self._clock)

    def _by_docker(self, decided: float, rung: str) -> float | None:
        """When Docker began to do it, by its own stamp."""
        if Rung(rung) not in _BY_DOCKER:
            return None
        role = "engine" if rung.startswith("engine") else "gateway"
        events = container_events([self._stack.container(role)], decided - 0.05, self._clock)
        return min((at for at, _, _ in events), default=None)

    async def _until(self, condition: Callable[[], Awaitable[bool]], seconds: float) -> bool:
        deadline = self._clock.monotonic() + seconds
        while True:
            try:
                if await condition():
                    return True
            except (httpx.HTTPError, KeyError, ValueError):
                pass  # a service that does not answer is waited for
            if self._clock.monotonic() > deadline:
                return False
            await self._clock.sleep(0.2)

    async def _all_well(self) -> bool:
        tenant = await self._tenant()
        return (
            tenant["gateway"]["state"] == "READY"
            and tenant["engine"]["state"] == "TRADING"
            and tenant["incident"] is None
        )

    async def _is_over(self, fault: str) -> bool:
        return all(row["closed_at"] is not None for row in await self._incidents() if row["fault"] == fault)

    async def _tenant(self) -> dict[str, Any]:
        answer = await self._client.get(f"{self._stack.supervisor}/api/v1/status")
        tenant: dict[str, Any] = answer.json()["tenants"][0]
        return tenant

    async def _incidents(self) -> list[dict[str, Any]]:
        answer = await self._client.get(f"{self._stack.supervisor}/api/v1/incidents")
        incidents: list[dict[str, Any]] = answer.raise_for_status().json()
        return incidents

    async def _engine_hears(self) -> bool:
        """Its word alone may be from before it noticed: TRADING on a session that is silent is not trading."""
        engine = (await self._client.get(f"{self._stack.engine}/api/v1/status")).json()
        age = engine["connection"]["inbound_age_seconds"]
        return age is not None and age < FRESH_SECONDS

    async def _books_agree(self) -> bool:
        book = (await self._client.get(f"{self._stack.simulator}/api/v1/book")).json()
        engine = (await self._client.get(f"{self._stack.engine}/api/v1/status")).json()
        return agree(book, engine)


def _may_lift(injection: Injection, new: Sequence[dict[str, Any]]) -> bool:
    """A person takes over only once everything was done that may be done."""
    if injection.ends is not Ends.HANDED_OVER:
        return True
    done = {act["rung"] for row in new for act in row["actions"] if act["outcome"] == "ok"}
    # Given up with less: what had ended by itself need not be stopped.
    return done >= set(FAULTS[injection.fault].rungs) or any(row["outcome"] == "gave_up" for row in new)


def _is_told(fault: str, new: Sequence[dict[str, Any]]) -> bool:
    """Whether it was seen, by its own name or as another one that a cure is sought for."""
    return any(row["fault"] == fault or not FAULTS[row["fault"]].standing for row in new)


def _bound(fault: str) -> float:
    """Seconds after which nobody will call it by its own name any more."""
    return 2 * (FAULTS[fault].seen or PROBE_INTERVAL_SECONDS)


def _over(fault: str, new: Sequence[dict[str, Any]], tenant: dict[str, Any]) -> bool:
    """What stands beside the fault, such as a sentinel with another client id, is told and hinders nobody."""
    hindering = [row for row in new if row["fault"] == fault or not FAULTS[row["fault"]].standing]
    closed = all(row["closed_at"] is not None for row in hindering)
    return closed and tenant["gateway"]["state"] == "READY" and tenant["engine"]["state"] == "TRADING"
