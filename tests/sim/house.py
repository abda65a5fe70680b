"""A world whose gateway has a life: it boots, logs in by the week's rules and the ledger, and restarts by itself.

And a calendar, and people. Everything that happens by itself is a timer, so that quiet stretches can be leapt over.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from supervisor.faults import Rung
from supervisor.memory import NEVER, Withheld
from supervisor.observation import ContainerEvent, LedgerView, LoginPhase, Look, OpenWindow, Result, Status, Subject
from supervisor.policy import Budget
from supervisor.windows import calendar, token_ended
from tests.sim.quiet import HURRIED, Picture, period, quiet_until, skip, whole_periods
from tests.sim.world import TURN, World

_LEDGER = Budget.parse("2/30m,4/24h")
PUSH_ENDS = 180.0
IBC_AGAIN = 60.0  # how long IBC waits before it tries a refused login once more


@dataclass
class House(World):
    """The times of the stand-in's `real` profile, and the ledger of the gateway's wrapper."""

    midnight: datetime = datetime(2026, 3, 2, tzinfo=UTC)  # the wall's time when `now` is `begun`
    begun: float = 1_000_000.0
    jvm_seconds: float = 25.0
    login_seconds: float = 20.0
    soft_restart_seconds: float = 75.0
    twofa: bool = False
    push_answered_after: float | None = 20.0  # None: nobody looks at the phone
    login_ends: str = "well"  # or refused, existing, stuck, no window
    ibc_goes_on: bool = True  # it logs in once more after a push that nobody answered
    login_budget: Budget = _LEDGER
    hold: str | None = None
    waiting: bool = False
    attempts: tuple[float, ...] = ()
    events_late: float = 0.0  # by how much Docker tells them later than they are
    ends_silently: bool = False  # a session whose gateway ends hears nothing of it
    engine_restart_cures: bool = True
    life: int = 0
    logged_in_at: float = NEVER
    timers: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    ran: int = 0
    skipped: int = 0
    pictures: deque[Picture] = field(default_factory=deque)  # of the last period
    noticed_at: float = 0.0  # until then nobody notices the time
    _number: int = 0

    def __post_init__(self) -> None:
        self.now = self._ready_at = self.logged_in_at = self.begun
        self.gateway.up_since = self.engine.up_since = self.begun - 60.0
        self._calendar()
        self._keep_ledger()

    # -- time -------------------------------------------------------------------------------------------------------

    def at(self, when: float, what: Callable[[], None]) -> None:
        """Have this happen at the first turn at or after `when`."""
        self._number += 1
        heapq.heappush(self.timers, (max(when, self.now), self._number, what))

    def wall(self, at: float) -> datetime:
        return self.midnight + timedelta(seconds=at - self.begun)

    def monotonic(self, wall: datetime) -> float:
        return self.begun + (wall - self.midnight).total_seconds()

    def deadlines(self) -> Iterator[float]:
        yield from super().deadlines()
        if self.timers:
            yield self.timers[0][0]

    def one(self) -> None:
        """One turn, and whatever is due before it."""
        self.now += TURN
        while self.timers and self.timers[0][0] <= self.now:
            heapq.heappop(self.timers)[2]()
            self.pictures.clear()
            self.noticed_at = 0.0
        if any(not isinstance(action, Withheld) for action in self.turn()):
            self.pictures.clear()  # what has just changed is not at rest
            self.noticed_at = 0.0
        self.ran += 1

    def run(self, seconds: float, until: Callable[[World], bool] | None = None) -> float:
        """As World's, but quiet stretches are leapt over, and what is so from the beginning takes no time."""
        begun = self.now
        end = begun + seconds
        self.noticed_at = 0.0  # whoever calls may have changed anything
        while self.now < end and not (until is not None and until(self)):
            if self.memory.flight is not None or not self._may_leap(end):
                self.one()
        return self.now - begun

    def _may_leap(self, end: float) -> bool:
        """Take a picture now and then; leap if the one of a period ago shows that all is quiet. Whether it has."""
        pictures, now = self.pictures, self.now
        if now < self.noticed_at:
            return False
        one = period(self)
        while pictures and pictures[0].at < now - one:
            pictures.popleft()
        a_period_ago = bool(pictures) and pictures[0].at == now - one
        if pictures and not a_period_ago and now - pictures[-1].at < max(one / 4, HURRIED):
            return False
        pictures.append(Picture(self))
        if not a_period_ago:
            return False
        before, noticed_at = pictures[0], quiet_until(self, pictures[0], pictures[-1])
        if noticed_at > now:
            self.noticed_at = noticed_at  # any picture from before that would only say so again
            pictures.clear()
        quiet = min(whole_periods(one, now, noticed_at), (end - now) // one * one)
        if quiet <= 0.0:
            return False
        skip(self, before, quiet)
        self.skipped += int(quiet / TURN)
        return True

    def _calendar(self) -> None:
        wall = self.wall(self.now)
        said = calendar(self.rules.windows, token=self.rules.weekly_token, reauth=self.rules.reauth, wall_now=wall)
        self.windows = tuple(OpenWindow(span.name, self.monotonic(span.closes)) for span in said.open)
        ends = said.token_expires_at
        ended, reauth = said.token_ended_at, said.reauth_at
        self.token_expires_at = self.monotonic(ends) if ends is not None else None
        self.token_ended_at = self.monotonic(ended) if ended is not None else None
        self.reauth_at = self.monotonic(reauth) if reauth is not None else None
        opens = said.next.opens if said.next is not None else None
        changes = [span.closes for span in said.open] + [at for at in (opens, ends) if at is not None]
        if changes:
            self.at(self.monotonic(min(changes)), self._calendar)

    # -- the ledger -------------------------------------------------------------------------------------------------

    def _keep_ledger(self) -> None:
        if self.rules.external:
            return
        next_at = self.login_budget.free_at(self.attempts, self.now) if self.hold is None else None
        self.ledger = LedgerView(Look(Result.OK, self.now), self.attempts, self.hold, next_at, self.waiting)
        if next_at is not None:
            self.at(next_at, self._keep_ledger)

    def login_is_made(self) -> None:
        """A line in the ledger."""
        assert self.hold is None, "no login under a hold"
        assert self.login_budget.left(self.attempts, self.now) > 0, "no login beyond the ledger"
        self.attempts = (*(at for at in self.attempts if self.now - at < self.login_budget.longest), self.now)
        self._keep_ledger()

    def may_log_in(self) -> bool:
        return self.hold is None and self.login_budget.left(self.attempts, self.now) > 0

    def lift(self) -> None:
        """`make resume`, or REAUTH_AT: no hold any more."""
        if self.hold is not None:
            self.hold_lifted_at = self.now
        self.hold = None
        self._keep_ledger()
        if self.waiting and self.alive:
            self._knock(self.life)

    # -- the gateway's life -----------------------------------------------------------------------------------------

    def _later(self, seconds: float, what: Callable[[], None]) -> None:
        """Unless that life has ended by then; what is paused goes on where it was."""
        life = self.life

        def due() -> None:
            if life == self.life and self.gateway.status is Status.PAUSED:
                self.at(self.now + 5.0, due)
            elif life == self.life and self.alive:
                what()

        self.at(self.now + seconds, due)

    def die(self, subject: Subject, exit_code: int = 1) -> None:
        if subject is Subject.GATEWAY:
            self.life += 1
        super().die(subject, exit_code)

    def _tell(self, event: ContainerEvent) -> None:
        if not self.docker_ok:
            self.at(self.now + 1.0, lambda: self._tell(event))  # the stream is opened again with `since`
        elif self.events_late:
            self.at(self.now + self.events_late, lambda: World._tell(self, event))
        else:
            super()._tell(event)

    def _lose_session(self) -> None:
        if not self.ends_silently:
            super()._lose_session()
            self._due["open"] = self.now + 1.0  # it is not opened again at once

    def _greet(self) -> Look:
        if not self.gateway.present and not self.rules.external:
            return Look(Result.UNKNOWN, self.now, 0.0, "no such name")
        return super()._greet()

    def docker_start(self, subject: Subject) -> None:
        word = self.engine_word
        super().docker_start(subject)
        if subject is Subject.ENGINE and not self.engine_restart_cures:
            self.engine_word = word

    def _start_gateway(self) -> None:
        self.life += 1
        self._boot(float("inf"))
        self._knock(self.life)

    def _knock(self, life: int) -> None:
        if life != self.life or not self.alive:
            return
        self.waiting = not self.may_log_in()
        if not self.waiting:
            self.login_is_made()
            self._later(self.jvm_seconds, self._log_in)
            return
        self._keep_ledger()
        if self.ledger.next_at is not None:
            self.at(self.ledger.next_at, lambda: self._knock(life))

    def _says(self, phase: LoginPhase) -> None:
        self.login, self.login_since = phase, self.now

    def _log_in(self) -> None:
        self._says(LoginPhase.LOGGING_IN)
        match self.login_ends:
            case "refused":
                self._later(5.0, lambda: self._refused(LoginPhase.REFUSED))
            case "existing":
                self._later(5.0, lambda: self._refused(LoginPhase.EXISTING_SESSION))
            case "stuck":
                pass
            case "no window":
                self._says(LoginPhase.RESTARTING)  # IBC begins anew each minute, and never comes to a login
            case _ if self.twofa:
                self._later(self.login_seconds / 2, self._push)
            case _:
                self._later(self.login_seconds, self._through)

    def _refused(self, phase: LoginPhase) -> None:
        """IBC would try for ever, as far as the wrapper lets it."""
        self._says(phase)
        self._later(IBC_AGAIN, self._again)

    def _push(self) -> None:
        self._says(LoginPhase.TWOFA)
        answered = self.push_answered_after
        if answered is not None and answered < PUSH_ENDS:
            self._later(answered, self._through)
        else:
            self._later(PUSH_ENDS, self._unanswered)

    def _unanswered(self) -> None:
        self._says(LoginPhase.TWOFA_TIMED_OUT)
        if self.ibc_goes_on:
            self._later(5.0, self._again)

    def _again(self) -> None:
        """IBC logs in once more; where the ledger allows none, the wrapper ends the gateway instead."""
        if self.may_log_in():
            self.login_is_made()
            self._log_in()
        else:
            self.die(Subject.GATEWAY, 143)

    def _through(self) -> None:
        self.login, self.login_since = LoginPhase.QUIET, None
        self._ready_at = self.logged_in_at = self.now

    def _soft_restart(self) -> None:
        """With the token it needs no login; a token of last week sends IBC to a cold start."""
        self.life += 1
        self._boot(float("inf"))
        self._says(LoginPhase.RESTARTING)
        ended = token_ended(self.wall(self.now)) if self.rules.weekly_token else None
        if ended is not None and self.logged_in_at < self.monotonic(ended):
            self._later(self.soft_restart_seconds, self._again)
        else:
            self._later(self.soft_restart_seconds, self._back)

    def _back(self) -> None:
        self.login, self.login_since = LoginPhase.QUIET, None
        self._ready_at = self.now

    def daily_restart(self) -> None:
        """The gateway's own, inside its window."""
        if self.serving and self.login is LoginPhase.QUIET:
            self._soft_restart()

    def _done(self, rung: Rung, reason: str) -> bool:
        if rung is Rung.LOGIN_HOLD:
            self.hold = self.hold or reason
            self._keep_ledger()
            return True
        if rung is Rung.RECONNECT_ACCOUNT:
            if not self.serving:
                return False
            self.login_is_made()
            return True
        if rung is Rung.RECONNECT_DATA:
            return self.serving
        if rung is Rung.IBC_RESTART and not self.serving and not self.hang:
            return False
        return super()._done(rung, reason)

    # -- people -----------------------------------------------------------------------------------------------------

    def starts(self, subject: Subject) -> None:
        """`docker start` of what is down."""
        box = self.box(subject)
        if box.present and box.status is Status.EXITED and self.flying is None and self._docker_restart_at is None:
            self.docker_start(subject)
