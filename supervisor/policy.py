"""The numbers, and the proof that they hold together.

`Policy.check` is run at load. It refuses a bound that the probe arithmetic cannot meet and a budget that its own
back-off could never exhaust, and prints the sum, since a watchdog whose numbers contradict each other does not bark.
"""

import re
from dataclasses import dataclass
from typing import Self

from supervisor import faults
from supervisor.detectors import OF_LAST, RUN
from supervisor.errors import PolicyRefused

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_LIMIT = re.compile(r"^(\d+)/(\d+)([smh])$")


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` acts in any `window` seconds."""

    count: int
    window: float


@dataclass(frozen=True, slots=True)
class Budget:
    """Several limits that hold together."""

    limits: tuple[Limit, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `3/15m,6/6h`.

        Raises:
            PolicyRefused: not of that form.
        """
        limits = []
        for part in text.split(","):
            match = _LIMIT.match(part.strip())
            if match is None or int(match[1]) == 0 or int(match[2]) == 0:
                raise PolicyRefused(
                    f"expected a budget like 3/15m,6/6h, found {text!r}; write count/window with s, m or h"
                )
            limits.append(Limit(int(match[1]), int(match[2]) * _UNITS[match[3]]))
        return cls(tuple(limits))

    @property
    def longest(self) -> float:
        """The longest window, seconds: what is older is forgotten."""
        return max(limit.window for limit in self.limits)

    def left(self, spent: tuple[float, ...], now: float) -> int:
        """How many acts may still be done at `now`, after those done at `spent`."""
        return min(limit.count - sum(1 for at in spent if now - at < limit.window) for limit in self.limits)

    def free_at(self, spent: tuple[float, ...], now: float) -> float | None:
        """When the next act may be done after those at `spent`, oldest first; None if it may be done at `now`."""
        ends = [spent[-limit.count] + limit.window for limit in self.limits if len(spent) >= limit.count]
        return max((end for end in ends if end > now), default=None)


@dataclass(frozen=True, slots=True)
class Policy:
    """All numbers that decide; seconds unless a name says otherwise."""

    probe_interval: float = 5.0
    fast_interval: float = 1.1  # after a first failure; also keeps reqCurrentTime askers apart
    probe_timeout: float = 1.0
    heart_interval: float = 2.0
    audit_interval: float = 30.0
    audit_exposed: float = 2.5  # while money is at risk, or an incident is open
    mailbox_stale: float = 10.0  # the writer takes 2 s a turn, 5 s at its slowest
    start_wait: float = faults.CONTAINER_EXIT.act or 0.0
    start_deadline: float = 300.0
    adoption: float = 15.0  # for first looks at a process that was there before us
    soft_restart_deadline: float = 150.0  # IBC waits for a full minute (up to 62 s), then it takes 75 s
    mailbox_deadline: float = 8.0  # the wrapper itself waits up to 5 s for a reply
    sentinel_deadline: float = 10.0
    engine_start_grace: float = 60.0
    engine_deadline: float = 90.0
    resync_patience: float = 15.0
    resync_again: float = 60.0
    backoff_seen: float = 6.5  # a look (2 s), and until the engine notices, come before: 10 s in all
    zombie_seen: float = 3.0
    mute_act: float = 20.0  # a busy engine may be slow to answer; it is restarted for that only after this long
    deaf_seen: float = 7.0  # its word is up to two looks old: 10 s in all
    deaf_behind: float = 1.0  # a tick that the canary heard so much later than the engine its last one passed it by
    deaf_passed: float = 4.0  # for so long the canary must have heard more: after a standstill it ticks first
    deaf_heard: float = 2.0  # a dead reader's word must last this long: a resync may be mending it
    retry_after: float = 10.0
    page_exposed_after: float = 30.0
    tick_fresh: float = 30.0
    login_stuck: float = faults.LOGIN_STUCK.act or 0.0
    sentinel_client_id: int = 900
    id_told: float = 30.0
    skew_warn: float = 2.0
    memory_share: float = 0.9
    files_share: float = 0.8
    token_reminders: tuple[int, ...] = (24, 8, 1)  # hours
    push_patience: float = 1800.0  # whoever wanted a push then has the phone at hand for so long
    audit_fresh: float = 120.0
    docker_timeout: float = 5.0
    command_timeout: float = 60.0  # RESTART_COMMAND, of which we know nothing
    gateway_stop_grace: float = 10.0  # its JVM is dead or frozen when we get there: nothing is left to save
    login_stop_grace: float = 2.0  # IBC would use a longer one for another attempt
    engine_stop_grace: float = 30.0  # the engine flattens nothing, but reports and cancels its tasks
    stop_grace: float = (
        65.0  # in which a stop has ended a container: compose gives IBKR's gateway 60 s, then Docker kills
    )
    asked_stop_memory: float = 120.0  # a kill(TERM) this long before a die still explains it
    container_budget: Budget = Budget((Limit(3, 900.0), Limit(6, 21600.0)))
    engine_budget: Budget = Budget((Limit(3, 600.0),))
    login_budget: Budget = Budget((Limit(2, 1800.0), Limit(4, 86400.0)))  # the gateway's wrapper keeps to it

    def arithmetic(self) -> tuple[str, ...]:
        """The sums behind `check`, one sentence each, for people."""
        return tuple(text for _, text in self._claims())

    def check(self) -> None:
        """Refuse numbers that contradict each other.

        Raises:
            PolicyRefused: with the arithmetic.
        """
        broken = [text for holds, text in self._claims() if not holds]
        if broken:
            raise PolicyRefused(
                "expected settings that hold together, found: "
                + "; ".join(broken)
                + ". Change one of the numbers named"
            )

    def _claims(self) -> list[tuple[bool, str]]:
        claims = []

        def claim(left: float, relation: str, right: float, text: str) -> None:
            holds = {"<=": left <= right, "<": left < right, ">=": left >= right}[relation]
            claims.append((holds, f"{text}: {left:g} s {relation} {right:g} s{'' if holds else ' does not hold'}"))

        pace = max(self.fast_interval, self.probe_timeout)
        first = self.heart_interval + self.probe_timeout
        hang = first + (RUN - 1) * pace
        for fault in (faults.SOFT_DEAD, faults.FROZEN, faults.HALF_OPEN, faults.JVM_DEAD):
            claim(
                hang,
                "<=",
                fault.seen or 0.0,
                f"{fault.name} is seen after heart {self.heart_interval:g} + timeout {self.probe_timeout:g} "
                f"+ {RUN - 1} x {pace:g}",
            )
            if fault.act is not None:
                claim(hang, "<", fault.act, f"{fault.name} is seen before it is acted on")
        claim(
            first + (OF_LAST - 1) * pace,
            "<=",
            12.0,
            f"a flapper is seen after heart {self.heart_interval:g} + timeout {self.probe_timeout:g} "
            f"+ {OF_LAST - 1} x {pace:g}",
        )
        claim(self.fast_interval, ">=", 1.1, "two reqCurrentTime are kept apart")
        claim(self.heart_interval, ">=", self.fast_interval, "the heart is not asked faster than in trouble")
        claim(self.probe_timeout, "<=", self.fast_interval, "a fast probe ends before the next begins")
        for name, budget, cost, why in (
            (
                "CONTAINER_RESTART_BUDGET",
                self.container_budget,
                20.0 + self.start_deadline,
                "20 s to act + start deadline",
            ),
            (
                "ENGINE_RESTART_BUDGET",
                self.engine_budget,
                self.engine_deadline + self.retry_after,
                "engine deadline + retry",
            ),
        ):
            for limit in budget.limits:
                claim(
                    (limit.count - 1) * cost,
                    "<",
                    limit.window,
                    f"{name} {limit.count} in {limit.window:g} s can be spent, {limit.count - 1} x ({why} {cost:g})",
                )
        return claims
