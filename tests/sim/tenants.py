"""Many tenants, each the real machine in a house of its own, coupled by what they share in reality.

They share a person, who answers one push at a time, and the turns in which gateways may log in. A tenant runs by itself
until it needs one of them; the fleet goes on with whoever needed something first. So nobody is ever ahead of what the
others could still do to it, and the result does not depend on a step.
"""

import heapq
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from supervisor.faults import Rung
from supervisor.observation import Login, Status, Subject
from supervisor.turns import Wish, chosen
from tests.sim.house import PUSH_ENDS, House

NOTICED = 60.0  # seconds until the person has read that a login is held
TYPING = 10.0  # seconds that `make login` takes a person
_PERSON = -1


@dataclass
class Tenant(House):
    """A house that asks for its turn before it logs in, and whose pushes are a person's to answer."""

    admitted: bool = False  # it is its turn to log in
    asked: bool = False  # for one
    held_up: bool = False  # only a person goes on from here
    pushes: int = 0
    pushes_lost: int = 0
    bad_image: bool = False  # its engine ends as soon as it has begun
    needs: list[str] = field(default_factory=list)

    def advance(self, until: float) -> None:
        """To that moment, or to its next need."""
        self.run(until - self.now, lambda _: bool(self.needs))

    # -- turns ------------------------------------------------------------------------------------------------------

    def _knock(self, life: int) -> None:
        if life != self.life or not self.alive:
            return
        if self.admitted or not self.may_log_in():
            super()._knock(life)
            return
        self.waiting = True
        self._keep_ledger()
        if not self.asked:
            self.asked = True
            self.needs.append("turn")

    @property
    def would_use_it(self) -> bool:
        return self.alive and self.waiting and self.may_log_in()

    def log_in(self) -> None:
        """It is its turn."""
        self.admitted = True
        self._knock(self.life)

    def _turn_over(self) -> None:
        if self.admitted:
            self.admitted = False
            self.needs.append("over")

    def _hold_up(self) -> None:
        if self.hold is not None and not self.admitted and not self.held_up:
            self.held_up = True
            self.needs.append("held")

    def _through(self) -> None:
        super()._through()
        self._turn_over()

    def die(self, subject: Subject, exit_code: int = 1) -> None:
        super().die(subject, exit_code)
        if subject is Subject.GATEWAY:
            self._turn_over()
            self._hold_up()

    def _done(self, rung: Rung, reason: str) -> bool:
        done = super()._done(rung, reason)
        if rung is Rung.LOGIN_HOLD:
            self._hold_up()  # not while a login is under way, which goes on
        return done

    # -- people -----------------------------------------------------------------------------------------------------

    def _push(self) -> None:
        self.pushes += 1
        self.push_answered_after = None
        super()._push()
        self.needs.append("push")

    def approve(self, after: float) -> None:
        """The push that waits now, so many seconds later."""
        self._later(after, self._through)

    def _unanswered(self) -> None:
        if math.isinf(self._ready_at):
            self.pushes_lost += 1
            super()._unanswered()
            if not self.ibc_goes_on:
                self._turn_over()
                self._hold_up()

    def make_login(self) -> None:
        self.held_up = False
        self.lift()
        if self.gateway.status is Status.EXITED:
            self.starts(Subject.GATEWAY)
        elif not self.waiting:
            self.ask(Subject.GATEWAY, Rung.CONTAINER_RESTART)

    # -- the engine's image -----------------------------------------------------------------------------------------

    def docker_start(self, subject: Subject) -> None:
        super().docker_start(subject)
        if subject is Subject.ENGINE and self.bad_image:
            self.at(self.now + 2.0, lambda: self.crash(subject) if self.bad_image else None)


@dataclass
class Turns:
    """Who may log in among those that share it, by the supervisor's own rule. `at_once` None: everybody."""

    at_once: int | None
    under_way: dict[int, float] = field(default_factory=dict)  # since when
    queue: dict[int, float] = field(default_factory=dict)

    def chosen(self, tenants: Sequence[Tenant], now: float) -> list[int]:
        """Those in the queue whose turn it is."""
        if self.at_once is None:
            return list(self.queue)
        wishes = [Wish(f"{number:03}", since, tenants[number].positions > 0) for number, since in self.queue.items()]
        logins = [Login(f"{number:03}", since) for number, since in self.under_way.items()]
        return [int(name) for name in chosen(wishes, logins, now, self.at_once)]


class Fleet:
    """Runs all tenants from one moment to another.

    The person takes 20 to 90 s for a push, the oldest that still waits first, and sends those that are held their next
    one with `make login` when no push waits, one after the other, as far as their ledgers allow.
    """

    def __init__(self, tenants: Sequence[Tenant], turns: Callable[[int], Turns], dice: random.Random) -> None:
        self.tenants = tenants
        self._turns = [turns(number) for number in range(len(tenants))]
        self._dice = dice
        self._free_at = -math.inf  # the person
        self._sent: int | None = None  # whose login the person waits for
        self._held: list[int] = []
        self._coming: list[tuple[float, int, int]] = []
        self._count = 0
        self._end = 0.0

    def run(self, end: float) -> None:
        self._end = end
        for number in range(len(self.tenants)):
            self._go_on(number)
        while self._coming and self._coming[0][0] < end:
            at, _, number = heapq.heappop(self._coming)
            if number == _PERSON:
                self._look_after_held(at)
            else:
                self._meet_needs(at, number)
        for tenant in self.tenants:
            while tenant.now < end:
                tenant.advance(end)
                tenant.needs.clear()

    def _come(self, at: float, number: int) -> None:
        self._count += 1
        heapq.heappush(self._coming, (at, self._count, number))

    def _go_on(self, number: int) -> None:
        """Until it needs something."""
        tenant = self.tenants[number]
        tenant.advance(self._end)
        if tenant.needs:
            self._come(tenant.now, number)

    def _catch_up(self, number: int, at: float) -> None:
        """What waits for something has stood still since. What it needs meanwhile is met when it goes on."""
        tenant = self.tenants[number]
        while tenant.now < at:
            kept, tenant.needs = tenant.needs, []
            tenant.advance(at)
            tenant.needs = [*kept, *tenant.needs]

    def _meet_needs(self, at: float, number: int) -> None:
        tenant, turns = self.tenants[number], self._turns[number]
        assert tenant.now == at, "it is ahead of what is done to it"
        needs, tenant.needs = tenant.needs, []
        for need in needs:
            match need:
                case "turn":
                    turns.queue[number] = at
                case "over":
                    del turns.under_way[number]
                    if self._sent == number:
                        self._sent = None
                        self._come(at, _PERSON)
                case "push" if (after := self._answer(at)) is not None:
                    tenant.approve(after)
                case "held":
                    self._hold(at, number)
        self._give_turns(turns, at)
        if not tenant.asked and not tenant.held_up and not tenant.needs:
            self._go_on(number)

    # -- turns --------------------------------------------------------------------------------------------------------

    def _give_turns(self, turns: Turns, at: float) -> None:
        while next_ones := turns.chosen(self.tenants, at):
            for number in next_ones:
                self._give_turn(turns, number, at)

    def _give_turn(self, turns: Turns, number: int, at: float) -> None:
        tenant = self.tenants[number]
        del turns.queue[number]
        self._catch_up(number, at)
        tenant.asked = False
        if tenant.would_use_it:
            turns.under_way[number] = at
            tenant.log_in()
        if tenant.needs:
            self._come(tenant.now, number)
        elif tenant.admitted:
            self._go_on(number)

    # -- the person ---------------------------------------------------------------------------------------------------

    def _answer(self, at: float) -> float | None:
        """How long after `at` the push that has just come is approved; None when it runs out before."""
        begins, ends = max(at, self._free_at), at + PUSH_ENDS
        if begins >= ends:
            return None
        done = begins + self._dice.uniform(20.0, 90.0)
        self._free_at = min(done, ends)
        return done - at if done < ends else None

    def _hold(self, at: float, number: int) -> None:
        """It stands still until the person comes to it, or REAUTH_AT does."""
        reauth = self.tenants[number].reauth_at
        if reauth is not None and at < reauth < self._end:
            self.tenants[number].held_up = False  # by itself, then
            return
        self._held.append(number)
        if self._sent == number:
            self._sent = None
        self._come(max(at + NOTICED, self._free_at), _PERSON)

    def _look_after_held(self, at: float) -> None:
        if self._sent is not None or not self._held:
            return
        if self._free_at > at:
            self._come(self._free_at, _PERSON)
            return
        free = {n: self.tenants[n].login_budget.free_at(self.tenants[n].attempts, at) or at for n in self._held}
        number = min(self._held, key=lambda n: free[n])
        if free[number] > at:
            self._come(free[number], _PERSON)
            return
        self._held.remove(number)
        self._sent, self._free_at = number, at + TYPING
        tenant = self.tenants[number]
        self._catch_up(number, at)
        tenant.make_login()
        if tenant.needs:
            self._come(tenant.now, number)
        else:
            self._go_on(number)
