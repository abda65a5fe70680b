"""The loop: senses feed it, the machine decides, the hands act. All the input and output around `machine.step`.

Each sense has its own pace and never delays another. Events and notices only wake the loop; what it decides by is
what it reads. Acts run beside it, one at a time.
"""

import asyncio
import json
import traceback
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog

from supervisor import audit, clearance, login, machine, schedule, status
from supervisor.alerts import NO_GO
from supervisor.clearance import Answer, Preflights, Report
from supervisor.diagnosis import exposure
from supervisor.errors import ActRefused, JournalUnusable, RuntimeTrouble
from supervisor.evidence import evidence
from supervisor.faults import Rung
from supervisor.hands import Hands
from supervisor.journal import Journal
from supervisor.memory import Act, Action, Amend, Close, Incident, Memory, Moved, Open, Remember, Tell, Withheld
from supervisor.metrics import Metrics
from supervisor.next_step import next_step
from supervisor.notify import Notifier
from supervisor.observation import (
    Ask,
    ContainerEvent,
    LedgerView,
    LoginView,
    Look,
    Observation,
    OpenWindow,
    Outcome,
    Result,
    Subject,
    Turn,
)
from supervisor.probes import handshake
from supervisor.probes.engine import EngineLink
from supervisor.probes.host import Host
from supervisor.probes.ledger import Ledger, explain
from supervisor.probes.mailbox import Mailbox
from supervisor.probes.names import Name
from supervisor.probes.resources import Resources
from supervisor.probes.sentinel import Sentinel
from supervisor.rules import Rules
from supervisor.runtime.docker import Runtime
from supervisor.schedule import Daily
from supervisor.states import GatewayState
from supervisor.story import Story
from supervisor.turns import Turns, logs_in_since
from supervisor.windows import Calendar, calendar
from tws.clock import Clock

_TURN_IN_TROUBLE = 0.25
_GAP = 0.3  # between two looks of one sense, however often it is woken
_LATE = 15.0
_RESOURCES_PACE = 15.0
_LOG_LINES = 200
_SHUTDOWN_STOPS = 15.0
_OF_A_BEAT = ("heart", "clock_skew_seconds", "last_tick_at")
_HOLD_LIFTED = "hold-lifted"
_PLANNED_STOP = "a planned stop (make pause-gateway)"
_PLANNED_STOP_SECONDS = 24 * 3600.0
_JOURNAL_AGAIN = 10.0
_PREFLIGHT_AGAIN = 30.0
_NO_GO_ID = -2  # of no incident: the journal counts from 1

BUG = "supervisor-bug"
"""What people are told of under this name is no fault of the table, but ours."""

log = structlog.get_logger("supervisor")


@dataclass(frozen=True, slots=True)
class Pause:
    """A person's veto on restarts. `until` is an epoch second, or None."""

    reason: str
    until: float | None


@dataclass(frozen=True, slots=True)
class Senses:
    """Where the loop looks."""

    gateway: Name
    gateway_port: int
    runtime: Runtime
    sentinel: Sentinel
    mailbox: Mailbox
    ledger: Ledger
    engine: EngineLink
    host: Host
    resources: Resources


class Watch:
    """One tenant's watch."""

    def __init__(
        self,
        rules: Rules,
        senses: Senses,
        journal: Journal,
        preflights: Preflights,
        notifier: Notifier,
        metrics: Metrics,
        clock: Clock,
        turns: Turns | None = None,
    ) -> None:
        self.rules = rules
        self.memory = Memory()
        self.observation = Observation()
        self.sentence = "not looked yet"
        self.story = Story()
        self.preflights = preflights
        preflights.listen(self._preflighted)
        self._policy = rules.policy
        self._senses = senses
        self._journal = journal
        self._metrics = metrics
        self._notifier = notifier
        self._clock = clock
        self._turns_of_all = turns
        self._wants_login = False
        self._hands = Hands(
            senses.runtime,
            senses.mailbox,
            senses.ledger,
            senses.engine,
            senses.sentinel,
            clock,
            rules.policy,
            restart_command=rules.restart_command,
            intend=self._intend,
            may_start=self._may_start_engine,
        )
        self._pause: Pause | None = None
        self._lifted_at: float | None = None  # on the monotonic clock, as all that is compared with it
        self._pause_ends: float | None = None  # on the monotonic clock, so that a jump of the other ends no pause
        self._events: list[ContainerEvent] = []
        self._outcomes: list[Outcome] = []
        self._asks: list[Ask] = []
        self._news = asyncio.Event()
        self._look_now: list[asyncio.Event] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._acting: asyncio.Task[Any] | None = None
        self._cancelled: int | None = None
        self._holding: asyncio.Task[Any] | None = None
        self._hold_at = float("-inf")
        self._last_run = float("-inf")
        self.calendar = Calendar()
        self._calendar_minute = -1
        self._journal_broken = False
        self._journal_tried = float("-inf")
        self._bug: Incident | None = None
        self._withheld: Withheld | None = None
        self._levels = metrics.expect(rules.tenant, tuple(window.name for window in rules.windows))
        self._no_go: Incident | None = None
        self.preflighted: tuple[dict[str, Any], float] | None = None
        """The last report and its epoch second, also one that an earlier supervisor made."""
        self._failed: tuple[str, ...] | None = None
        """The checks that failed in this supervisor's last preflight."""
        self._was_away = False
        metrics.dry_run.labels(rules.tenant).set(rules.dry_run)

    # -- life -------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled."""
        await self._remember_all()
        if self._turns_of_all is None and not self.rules.external and not self.rules.dry_run:
            self._senses.ledger.take_no_turns()  # of a time when there were more tenants
        async with self._senses.sentinel, asyncio.TaskGroup() as group:
            policy = self._policy
            group.create_task(self._every(self._look_docker, policy.probe_interval), name="docker")
            group.create_task(self._every(self._look_handshake, policy.probe_interval), name="handshake")
            group.create_task(self._steadily(self._look_host, policy.heart_interval), name="host")
            if not self.rules.external:
                group.create_task(self._every(self._look_mailbox, policy.heart_interval), name="mailbox")
                group.create_task(self._steadily(self._look_resources, _RESOURCES_PACE), name="resources")
                group.create_task(self._every(self._look_ledger, policy.heart_interval), name="ledger")
            if self.rules.engine and self.rules.engine_api:
                group.create_task(self._every(self._look_engine, policy.heart_interval), name="engine")
            if self.rules.preflight_at is not None:
                group.create_task(self._preflight_each_day(self.rules.preflight_at), name="preflight")
            group.create_task(self._notifier.run(), name="notify")
            group.create_task(self._turns(), name="turns")

    async def _remember_all(self) -> None:
        now, wall = self._clock.monotonic(), self._clock.now().timestamp()
        self.memory = await self._write(lambda: self._journal.restore(self.rules.tenant, self._policy, now, wall))
        facts = await self._write(lambda: self._journal.facts(self.rules.tenant))
        if "paused" in facts:
            self._pause = Pause(**json.loads(facts["paused"].value))
            self._pause_ends = now + (self._pause.until - wall) if self._pause.until is not None else None
        if _HOLD_LIFTED in facts:
            self._lifted_at = self._monotonic(min(wall, facts[_HOLD_LIFTED].at))
        kept = await self._write(lambda: self._journal.last_preflight(self.rules.tenant))
        if kept is not None:
            self.preflighted = json.loads(kept["report"]), kept["at"]
            self._metrics.preflight(self.rules.tenant, *self.preflighted)

    async def leave(self) -> None:
        """Before the process ends: stops of the last seconds belong to the same going-down as ours."""
        since = self._clock.now().timestamp() - _SHUTDOWN_STOPS
        with suppress(JournalUnusable):
            await self._write(lambda: self._journal.forget_stops_since(self.rules.tenant, since))

    async def end(self) -> None:
        """Give up what is under way; it is in the journal as an intent without an outcome."""
        under_way = [task for task in (self._acting, self._holding) if task is not None]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    def ended_by(self, error: Exception) -> None:
        """The watch before this one fell over a bug: a person is told, for as long as this process lives."""
        now = self._clock.monotonic()
        text = f"a bug of the supervisor ended this tenant's watch, and it began anew: {_first(error)!r}"
        log.error("page", tenant=self.rules.tenant, text=text, trace="".join(traceback.format_exception(error)))
        self._notifier.tell(Incident(-1, BUG, Subject.HOST, now, now, now), f"{text}; report it", self._wall(now))

    @property
    def flat(self) -> bool:
        """Whether the last audit found nothing at risk. Nobody knows before there was one."""
        found = self.observation.sentinel.audit
        return found is not None and not found.positions and not found.orders

    @property
    def trade_ready(self) -> bool:
        """Whether nothing keeps the stack from trading. A supervisor that keeps its hands off does not."""
        halted = self.observation.engine_view.halted
        return status.verdict(self.memory, self.rules, paused=False, halted=halted) == "trading"

    @property
    def late(self) -> bool:
        """Whether the loop has not run for longer than it ever should."""
        return self._clock.monotonic() - self._last_run > _LATE

    # -- senses -----------------------------------------------------------------------------------------------------

    async def _every(self, look: Callable[[], Awaitable[None]], pace: float) -> None:
        """Look at a steady pace, without drift; faster in trouble, at once when woken."""
        wake = asyncio.Event()
        self._look_now.append(wake)
        due = self._clock.monotonic()
        while True:
            started = self._clock.monotonic()
            wake.clear()
            await look()
            due = max(due + (min(pace, self._policy.fast_interval) if self.memory.hurry else pace), started + _GAP)
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, due - self._clock.monotonic())):
                    await wake.wait()
                    due = self._clock.monotonic()
            gap = started + _GAP - self._clock.monotonic()
            if gap > 0:
                await self._clock.sleep(gap)

    async def _steadily(self, look: Callable[[], Awaitable[None]], pace: float) -> None:
        """Look at one pace, in trouble or not: for what no other trouble changes."""
        while True:
            await look()
            await self._clock.sleep(pace)

    def look_now(self) -> None:
        """Wake every sense."""
        for wake in self._look_now:
            wake.set()

    def wake(self) -> None:
        """The sentinel's view has changed; one more answered beat, when all is well, waits for the next turn."""
        before, now = self.observation.sentinel, self._senses.sentinel.view
        beat = {name: getattr(now, name) for name in _OF_A_BEAT}
        if self.memory.hurry or _is_news(before.heart, now.heart) or replace(before, **beat) != now:
            self._news.set()

    def heard(self, event: ContainerEvent) -> None:
        """A Docker event has come in."""
        self._events.append(event)
        self._news.set()
        self.look_now()

    def _see(self, **changes: Any) -> None:
        """What says the same as before, when all is well, waits for the next turn: it is not long."""
        before = self.observation
        self.observation = replace(before, **changes)
        if self.memory.hurry or any(_is_news(getattr(before, name), now) for name, now in changes.items()):
            self._news.set()

    async def _look_docker(self) -> None:
        look, found = await self._senses.runtime.look()
        if look.result is Result.OK:
            before, after = self.observation.gateway, found.get(Subject.GATEWAY)
            if before is not None and after is not None and after.is_up and before.identity != after.identity:
                self._senses.sentinel.reconnect()
            self._see(docker=look, gateway=after, engine=found.get(Subject.ENGINE))
        else:
            self._see(docker=look)
        if not self.rules.external:
            await self._look_login()

    async def _look_login(self) -> None:
        """After Docker's, which says since when the present process runs. Lines from before a hold was lifted told of
        the trouble that the hold was for."""
        started = self._clock.monotonic()
        try:
            log_tail = await self._senses.runtime.log_tail(Subject.GATEWAY, _LOG_LINES)
        except RuntimeTrouble as error:
            self._see(login=LoginView(Look(Result.UNKNOWN, self._clock.monotonic(), 0.0, str(error))))
            return
        lines = (*login.of_container(log_tail), *login.of_launcher(self._senses.mailbox.launcher()))
        now = self._clock.monotonic()
        look = Look(Result.OK, now, now - started, "")
        lifted = self._lifted_at if self._lifted_at is not None else float("-inf")
        news = [line for line in lines if self._monotonic(line.at) > lifted]
        self._see(login=login.read(news, look, self._monotonic))

    async def _look_handshake(self) -> None:
        senses = self._senses
        look = await handshake.look(senses.gateway, senses.gateway_port, self._policy.probe_timeout, self._clock)
        self._see(handshake=look)
        if look.result is Result.OK:
            senses.sentinel.try_now()

    async def _look_mailbox(self) -> None:
        self._see(mailbox=self._senses.mailbox.look())

    async def _look_host(self) -> None:
        self._see(host=self._senses.host.look())

    async def _look_resources(self) -> None:
        self._see(resources=await self._senses.resources.look())

    async def _look_ledger(self) -> None:
        self._see(ledger=self._senses.ledger.look())
        if self._turns_of_all is not None and not self.rules.dry_run:
            self._see(turn=self._take_turn(self._turns_of_all))

    def _take_turn(self, turns: Turns) -> Turn:
        """Where several log in a few at once: say what this one does and wants, and pass the answer on."""
        now, asks = self._clock.monotonic(), self.observation.ledger.asks
        since, exposed = logs_in_since(self.memory, self.observation), exposure(self.observation, now, self._policy)
        turn = turns.tell(self.rules.tenant, now, since, asks is not None or self._wants_login, exposed)
        self._senses.ledger.answer(asks, turn, now)
        return turn

    async def _look_engine(self) -> None:
        self._see(engine_view=await self._senses.engine.look())

    # -- turns ------------------------------------------------------------------------------------------------------

    async def _turns(self) -> None:
        while True:
            self._turn()
            rest = _TURN_IN_TROUBLE if self.memory.hurry else self._policy.fast_interval
            with suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await self._news.wait()

    def _turn(self) -> None:
        self._news.clear()
        now, wall = self._clock.monotonic(), self._clock.now().timestamp()
        self.observation = replace(
            self.observation,
            sentinel=self._senses.sentinel.view,
            preflight_failed=self._failed,
            paused=self._paused(now),
            journal_broken=self._journal_broken,
            hold_lifted_at=self._lifted_at,
            events=tuple(self._events),
            outcomes=tuple(self._outcomes),
            asks=tuple(self._asks),
            **self._calendar(now, wall),
        )
        self._events, self._outcomes, self._asks = [], [], []
        before = self.memory
        try:
            turn = machine.step(before, self.observation, now, self.rules)
        except Exception as error:  # whatever it is, it is a bug of the machine
            self._lose_turn(error, now)
            return
        self.memory = turn.memory
        for action in turn.actions:
            self._follow(action)
        self._tell_withheld(next((action for action in turn.actions if isinstance(action, Withheld)), None))
        place, held = self.observation.turn, self._withheld
        self._wants_login = place is not None and held is not None and held.why == place.words
        if turn.sentence != self.sentence:
            log.info(turn.sentence, tenant=self.rules.tenant)
            self.sentence = turn.sentence
        self._tell_story(wall)
        if turn.memory.hurry and not before.hurry:
            self.look_now()
        self._keep_hold()
        self._try_journal(now)
        exposed = exposure(self.observation, now, self._policy)
        self._senses.sentinel.audit_every(audit.pace(self.memory, exposed, self._policy))
        self._last_run = now
        self._bug_is_over(now)
        self._metrics.page_unsent.labels(self.rules.tenant).set(self._notifier.oldest_unsent())
        self._levels.ran(self.memory, self.observation, self._policy, now, wall)
        self._metrics.trade_ready.labels(self.rules.tenant).set(self.trade_ready)

    def _tell_withheld(self, act: Withheld | None) -> None:
        """What would be done, once for as long as it is due: whatever stands before it may count seconds."""
        before, self._withheld = self._withheld, act
        was, now = (one.rung if one is not None else None for one in (before, act))
        if was == now:
            return
        if was is not None:
            self._metrics.withheld.labels(self.rules.tenant, was).set(0)
        if act is not None:
            self._metrics.withheld.labels(self.rules.tenant, act.rung).set(1)
            log.warning("would act", tenant=self.rules.tenant, rung=act.rung, why_not=act.why)

    def _lose_turn(self, error: Exception, now: float) -> None:
        """A bug of the machine, such as an edge that its table does not have.

        Nothing that the turn thought is kept or done: the memory stays what the last good turn made it, and the next
        turn judges anew by what it then sees. Events, outcomes and asks of the lost turn are gone with it, since one of
        them may be what it fell over; levels tell the same again, and an act in flight ends by its deadline. A person
        is told at once, and `late` shows a machine that goes on like that.
        """
        self._metrics.turns_lost.labels(self.rules.tenant).inc()
        text = f"a bug of the supervisor, nothing is done: {type(error).__name__}: {error}"
        self.sentence = f"{self.rules.tenant}: {text}"
        self._tell_story(self._clock.now().timestamp())
        if self._bug is None:
            self._bug = Incident(0, BUG, Subject.HOST, now, now, now)
            trace = "".join(traceback.format_exception(error))
            log.error("page", tenant=self.rules.tenant, text=text, trace=trace)
            self._notifier.tell(self._bug, f"{text}; report it, and restart the supervisor", self._wall(now))

    def _tell_story(self, wall: float) -> None:
        self.story.goes_on(wall, self.sentence, status.stands(self.memory, self.observation, self.rules))

    def _bug_is_over(self, now: float) -> None:
        if self._bug is not None:
            self._notifier.close(self._bug, self._wall(now))
            self._bug = None

    def _calendar(self, now: float, wall: float) -> dict[str, Any]:
        """Windows and the token's end on the monotonic clock. They change on whole minutes, so each is asked once."""
        rules, minute = self.rules, int(wall // 60)
        if minute != self._calendar_minute:
            self._calendar_minute = minute
            self.calendar = calendar(
                rules.windows, token=rules.weekly_token, reauth=rules.reauth, wall_now=self._clock.now()
            )

        def at(moment: datetime | None) -> float | None:
            return now + (moment.timestamp() - wall) if moment is not None else None

        return {
            "windows": tuple(OpenWindow(s.name, now + (s.closes.timestamp() - wall)) for s in self.calendar.open),
            "next_window_at": at(self.calendar.next.opens if self.calendar.next is not None else None),
            "token_expires_at": at(self.calendar.token_expires_at),
            "token_ended_at": at(self.calendar.token_ended_at),
            "reauth_at": at(self.calendar.reauth_at),
        }

    def _wall(self, at: float) -> float:
        return self._clock.now().timestamp() - (self._clock.monotonic() - at)

    def _monotonic(self, wall: float) -> float:
        return self._clock.monotonic() - (self._clock.now().timestamp() - wall)

    def _follow(self, action: Action) -> None:
        tenant = self.rules.tenant
        match action:
            case Act():
                self._acting = self._spawn(self._do(action))
            case Open(incident):
                self._metrics.incidents.labels(tenant, incident.fault).inc()
                seconds = incident.declared_at - incident.since
                self._metrics.detection.labels(tenant, incident.fault).observe(seconds)
                log.warning(
                    "incident", tenant=tenant, id=incident.id, fault=incident.fault, seen_after=round(seconds, 3)
                )
                self._note(lambda: self._journal.put_incident(tenant, incident, self._wall))
                self._senses.sentinel.audit_soon()
            case Amend(incident):
                log.warning(
                    "incident amended", tenant=tenant, id=incident.id, fault=incident.fault, gave_up=incident.gave_up
                )
                self._note(lambda: self._journal.put_incident(tenant, incident, self._wall))
            case Close(incident, at):
                seconds = at - incident.since
                self._metrics.recovery.labels(tenant, incident.fault).observe(seconds)
                log.warning(
                    "incident over", tenant=tenant, id=incident.id, fault=incident.fault, after=round(seconds, 3)
                )
                self._note(lambda: self._journal.close_incident(tenant, incident, at))
                self._notifier.close(incident, self._wall(at))
                self._senses.sentinel.audit_soon()
            case Tell(incident, text, about):
                self._metrics.pages.labels(tenant, incident.fault).inc()
                log.error("page", tenant=tenant, incident=incident.id, text=text)
                self._notifier.tell(incident, text, self._wall(incident.opened_at), about)
            case Moved(before, after, why):
                subject = "gateway" if isinstance(after, GatewayState) else "engine"
                log.info("moved", tenant=tenant, subject=subject, before=before, after=after, why=why)
                if isinstance(after, GatewayState):
                    self._preflight_if_new(after)
            case Remember(key, value):
                at = self._clock.now().timestamp()
                self._note(lambda: self._journal.remember(tenant, key, value, at))

    def _spawn(self, work: Any) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _do(self, act: Act) -> None:
        log.warning("act", tenant=self.rules.tenant, id=act.id, rung=act.rung, why=act.reason)
        try:
            outcome = await self._hands.carry_out(act)
        except asyncio.CancelledError:
            if self._cancelled != act.id:
                raise
            outcome = Outcome(act.id, self._clock.monotonic(), False, "a person cancelled it", cancelled=True)
        log.warning(
            "act ended",
            tenant=self.rules.tenant,
            id=act.id,
            rung=act.rung,
            outcome=outcome.word,
            detail=outcome.detail,
        )
        self._metrics.actions.labels(self.rules.tenant, act.rung, outcome.word).inc()
        if act.rung is Rung.LOGIN_LIFT and outcome.ok:
            self._hold_is_lifted("the supervisor", act.reason)
        self._outcomes.append(outcome)
        self._news.set()
        self.look_now()
        at = self._clock.now().timestamp()
        self._note(lambda: self._journal.ended(self.rules.tenant, outcome, at))

    # -- preflights -------------------------------------------------------------------------------------------------

    def _preflighted(self, report: Report) -> None:
        """Every report, whoever asked for it, is told, kept, and ends the page that an earlier one was worth."""
        told, at = report.as_json(), self._clock.now().timestamp()
        log.info("preflight", tenant=self.rules.tenant, verdict=report.verdict, bad=clearance.bad(told))
        self._metrics.preflight(self.rules.tenant, told, at)
        self.preflighted = told, at
        self._failed = tuple(check["name"] for check in told["checks"] if check["result"] == "fail")
        self._note(lambda: self._journal.keep_preflight(self.rules.tenant, told, at))
        if self._no_go is not None and clearance.goes(report):
            self._notifier.close(self._no_go, at)
            self._no_go = None

    def _preflight_if_new(self, state: GatewayState) -> None:
        """Ask once more when a gateway that was away is ready again."""
        if state is GatewayState.READY and self._was_away:
            self._spawn(self._page_unless_go("with the gateway back", of_a_ready_gateway=True))
            self._was_away = False
        elif state not in (GatewayState.READY, GatewayState.SUSPECT, GatewayState.DEGRADED):
            self._was_away = True

    async def _preflight_each_day(self, daily: Daily) -> None:
        async def due() -> None:
            await self._page_unless_go("before the session", of_a_ready_gateway=False)

        await schedule.keep(daily, self.preflights.has_session, due, self._clock)

    async def _page_unless_go(self, when: str, *, of_a_ready_gateway: bool) -> None:
        """Tell a person unless all goes. What fails is asked twice: nobody is called for what passes by itself.

        A gateway that was ready and is so no more has an incident that tells of that, and its return asks anew.
        """
        report = None
        for rest in (0.0, _PREFLIGHT_AGAIN):
            await self._clock.sleep(rest)
            if of_a_ready_gateway and self.memory.gateway.state is not GatewayState.READY:
                return
            report = await self.preflights.report(not_before=self.memory.gateway.since)
            if clearance.goes(report):
                return
        assert report is not None
        now = self._clock.monotonic()
        text = f"{when} the preflight says {report.verdict}: {clearance.bad(report.as_json())}; see `make preflight`"
        log.error("page", tenant=self.rules.tenant, text=text)
        self._no_go = Incident(_NO_GO_ID, NO_GO, Subject.GATEWAY, now, now, now)
        self._notifier.tell(self._no_go, text, self._wall(now))

    # -- the journal, on its own thread, in order -------------------------------------------------------------------

    async def _write[T](self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._journal.thread, work)

    def _note(self, work: Callable[[], None]) -> None:
        """Write without waiting; what is submitted first is written first."""
        self._spawn(self._noted(asyncio.get_running_loop().run_in_executor(self._journal.thread, work)))

    async def _noted(self, written: asyncio.Future[None]) -> None:
        try:
            await written
            self._journal_broken = False
        except JournalUnusable as error:
            self._journal_broken = True
            log.error("page", tenant=self.rules.tenant, text=str(error))

    async def _intend(self, act: Act) -> None:
        at = self._clock.now().timestamp()
        try:
            await self._write(lambda: self._journal.intend(self.rules.tenant, act, at))
        except JournalUnusable:
            self._journal_broken = True
            raise

    def _try_journal(self, now: float) -> None:
        """Whether a journal that took nothing takes a line again: with nothing to write, nobody would ever know."""
        if self._journal_broken and now - self._journal_tried >= _JOURNAL_AGAIN:
            self._journal_tried = now
            at = self._clock.now().timestamp()
            self._note(lambda: self._journal.remember(self.rules.tenant, "journal-tried", "1", at))

    # -- holding entries --------------------------------------------------------------------------------------------

    def _keep_hold(self) -> None:
        """Make the engine's word agree with ours: a level, so an engine that restarts in the middle is told again."""
        view, memory = self.observation.engine_view, self.memory
        if self.rules.dry_run:
            return
        idle = self._holding is None or self._holding.done()
        told = view.look.at - view.look.seconds <= self._hold_at
        owed = memory.hold or memory.held
        if view.look.result is Result.OK and owed and view.entries_held is not memory.hold and idle and not told:
            reason = memory.gateway_incident or memory.engine_incident
            self._holding = asyncio.create_task(self._hold(memory.hold, reason.fault if reason else "recovered"))

    async def _hold(self, hold: bool, reason: str) -> None:
        try:
            await self._senses.engine.hold_entries(hold, reason)
        except ActRefused as error:
            log.warning("entries not held" if hold else "entries not released", error=str(error))
        self._hold_at = self._clock.monotonic()

    # -- what people ask --------------------------------------------------------------------------------------------

    def _paused(self, now: float) -> bool:
        if self._pause_ends is not None and now >= self._pause_ends:
            log.warning("the pause has ended", tenant=self.rules.tenant)
            self._set_pause(None, None)
        return self._pause is not None

    @property
    def pause(self) -> Pause | None:
        """The pause in force."""
        return self._pause

    def set_pause(self, reason: str, seconds: float | None) -> Pause:
        """Veto restarts, for a while or until further notice. Safety stops and pages go on."""
        wall = self._clock.now().timestamp()
        pause = Pause(reason, wall + seconds if seconds is not None else None)
        self._set_pause(pause, self._clock.monotonic() + seconds if seconds is not None else None)
        return pause

    def resume(self) -> None:
        """End the pause."""
        self._set_pause(None, None)

    def _set_pause(self, pause: Pause | None, ends: float | None) -> None:
        self._pause, self._pause_ends = pause, ends
        value = json.dumps({"reason": pause.reason, "until": pause.until}) if pause is not None else ""
        at = self._clock.now().timestamp()
        self._note(lambda: self._journal.remember(self.rules.tenant, "paused", value, at))
        self._news.set()

    def ask(self, ask: Ask) -> str | None:
        """A person's restart. Returns why not, or None when it will be done."""
        if self.rules.dry_run:
            return "this supervisor runs dry: it does nothing; unset DRY_RUN"
        if self.rules.external and ask.subject is Subject.GATEWAY and not self.rules.restart_command:
            return "this gateway is not ours to restart; set RESTART_COMMAND, or restart it where it runs"
        if self.memory.flight is not None:
            return f"{self.memory.flight.rung} is under way; ask again when it has ended"
        if ask.subject is Subject.ENGINE and self.memory.gateway.state is not GatewayState.READY:
            return f"the gateway is {self.memory.gateway.state}; the engine is touched only behind a READY one"
        found = self.observation.gateway if ask.subject is Subject.GATEWAY else self.observation.engine
        if found is None:
            return f"there is no {ask.subject} container"
        self._asks.append(ask)
        self._news.set()
        return None

    def cancel(self) -> str | None:
        """Let go of the act under way, once. Returns why not, or None.

        What Docker or IBC was told already cannot be called back: until the act's deadline nothing else is done there.
        """
        flight, acting = self.memory.flight, self._acting
        if flight is None or acting is None or acting.done():
            return "nothing is under way"
        if self._cancelled == flight.id:
            return f"{flight.rung} is cancelled already"
        self._cancelled = flight.id
        acting.cancel()
        return None

    def lift_hold(self, word: str) -> str | None:
        """Lift the hold on logins on a person's word, `resume` or `login`.

        Returns:
            Why there was one, or None; a dry run lifts none, and an external gateway has none.

        Raises:
            ActRefused: it could not be lifted.
        """
        if self.rules.dry_run or self.rules.external:
            return None
        reason = self._hands.lift()
        if reason is not None:
            log.warning("hold lifted", tenant=self.rules.tenant, by=word, was=reason)
            self._hold_is_lifted(word, reason)
        return reason

    def _hold_is_lifted(self, word: str, reason: str) -> None:
        """What the log has said until now is no news any more."""
        at, self._lifted_at = self._clock.now().timestamp(), self._clock.monotonic()
        value = json.dumps({"by": word, "reason": reason})
        self._note(lambda: self._journal.remember(self.rules.tenant, _HOLD_LIFTED, value, at))
        self._see(ledger=self._senses.ledger.look(), login=LoginView())
        self.look_now()

    def log_in(self) -> tuple[bool, str]:
        """Lift the hold and start the gateway anew, once. A ledger that is spent is never passed by.

        Returns:
            Whether a login is made now, and what is to be known.

        Raises:
            ActRefused: the hold could not be lifted.
        """
        if self.rules.external:
            return False, "this gateway's logins are not ours: log in where it runs"
        self.lift_hold("login")
        view = self._senses.ledger.look()
        if view.look.result is not Result.OK or view.next_at is not None:
            return False, self._explained(view)
        found = self.observation.gateway
        # Its own word that it waits may be some seconds old, and it may have been stopped since, by us.
        up = found is not None and found.is_up and self.memory.gateway.process.died_at is None
        if view.waiting and up:
            return True, "the gateway waited for this and logs in now"
        refusal = self.ask(Ask(Subject.GATEWAY, Rung.CONTAINER_RESTART if up else Rung.CONTAINER_START))
        if refusal is not None:
            return False, refusal
        return True, f"the gateway is {'restarted' if up else 'started'}; its log tells of a push, if it needs one"

    async def pause_gateway(self) -> str:
        """Pause, set a hold, and have the gateway end itself with its token kept: a planned stop that costs no login.

        Without the hold Docker would bring it back at once and use the token up. `resume` lifts both.

        Raises:
            ActRefused: the gateway is not one that can, or did not take the word; then nothing is changed.
        """
        if self.rules.dry_run or self.rules.external:
            raise ActRefused("expected a gateway of ours to act on, found one that is only watched")
        if self.memory.flight is not None:
            raise ActRefused(
                f"expected nothing under way, found {self.memory.flight.rung}; ask again when it has ended"
            )
        state = self.memory.gateway.state
        if state is not GatewayState.READY:
            raise ActRefused(
                f"expected a gateway that is READY, found {state}; only a login that is through has a token"
            )
        self._hands.hold(_PLANNED_STOP)
        self.set_pause(_PLANNED_STOP, _PLANNED_STOP_SECONDS)
        try:
            return await self._hands.end_with_token()
        except ActRefused:
            self.resume()
            self.lift_hold("pause-gateway")
            raise

    def _explained(self, view: LedgerView) -> str:
        return explain(view, self._policy.login_budget, self._clock.monotonic(), self._wall)

    async def clearance(self, account: str | None = None, further: Sequence[str] = ()) -> Answer:
        """May an engine for `account`, and for `further` accounts of the same gateway, start now?"""
        rules, memory, served = self.rules, self.memory, self._senses.sentinel.view.accounts
        no = clearance.before_checks(memory.gateway.state, served, rules.account, rules.live, account)
        no = no or clearance.unwatched(served, rules, further)
        if no is not None:
            return no
        return clearance.after_checks(await self.preflights.report(not_before=memory.gateway.since))

    async def _may_start_engine(self) -> Answer:
        """Whether we may start its container.

        Our engine asks for clearance before it builds its node, so the start does not wait for the preflight; that is
        begun, to be there when the engine asks. An engine that asks nobody is started only with clearance.
        """
        rules, memory = self.rules, self.memory
        accounts = self._senses.sentinel.view.accounts
        no = clearance.before_checks(memory.gateway.state, accounts, rules.account, rules.live, None)
        if no is not None:
            return no
        if not rules.engine_api:
            return await self.clearance()
        self._spawn(self.preflights.report(not_before=memory.gateway.since))
        return Answer(True, "it asks for clearance itself", 0.0)

    def status(self) -> dict[str, Any]:
        """This tenant's part of `GET /api/v1/status`."""
        row = status.tenant(
            self.memory,
            self.observation,
            self.calendar,
            self.rules,
            self.sentence,
            self._clock.monotonic(),
            self._wall,
            self._withheld,
            status.preflight(*self.preflighted) if self.preflighted is not None else None,
            status.pause(self._pause.reason, self._pause.until) if self._pause is not None else None,
        )
        return row | {"next": next_step(row, self._clock.now().timestamp())}

    def explain(self) -> dict[str, Any]:
        """This tenant's part of `GET /api/v1/explain`: its status, and what that rests on."""
        now = self._clock.monotonic()
        return self.status() | evidence(self.observation, self.story, self.rules, now, self._wall)


def _is_news(before: Any, after: Any) -> bool:
    """Whether a view says anything but that all is as well as it was, at another time."""
    if isinstance(after, Look):
        return before.result is not Result.OK or after.result is not Result.OK
    if isinstance(getattr(after, "look", None), Look):
        return _is_news(before.look, after.look) or bool(replace(before, look=after.look) != after)
    return bool(before != after)


def _first(error: Exception) -> Exception:
    """What a group of tasks ended by."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
