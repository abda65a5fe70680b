"""When is a run of probe results a fact? Three failures in a row, or four of the last six; two successes for health.

The consecutive rule is the kubelet's; the M-of-N rule catches the flapper that never fails three times in a row
(monit's argument). Fed with looks, not ticks: the same look is never counted twice, and UNKNOWN is never counted.
"""

from dataclasses import dataclass
from typing import Self

from supervisor.observation import NEVER, Look, Result

RUN = 3
OF_LAST = 6
FLAPPING = 4
HEALTHY = 2


@dataclass(frozen=True, slots=True)
class Detector:
    """The recent past of one probe against one process; start a new one when the process changes."""

    recent: tuple[bool, ...] = ()  # True is a failure; the newest is last
    last: Look = NEVER
    last_good_at: float | None = None
    first_failure_at: float | None = None  # of the present trouble
    failing_since: float | None = None  # when the first look of the present run of failures began

    def fed(self, look: Look) -> Self:
        """This detector after `look`; unchanged for a look already seen or an UNKNOWN one."""
        if look.result is Result.UNKNOWN or look.at <= self.last.at:
            return self
        failed = look.result is Result.FAIL
        recent, first = (*self.recent, failed)[-OF_LAST:], self.first_failure_at
        if failed:
            began = self.failing_since if self.failing_since is not None else look.at - look.seconds
            return type(self)(recent, look, self.last_good_at, look.at if first is None else first, began)
        return type(self)(recent, look, look.at, None if _run(recent, False) >= HEALTHY else first)

    @property
    def failures(self) -> int:
        """Length of the present run of failures."""
        return _run(self.recent, True)

    @property
    def successes(self) -> int:
        """Length of the present run of successes."""
        return _run(self.recent, False)

    @property
    def longest(self) -> int:
        """The longest run of failures among the recent looks."""
        best = run = 0
        for failed in self.recent:
            run = run + 1 if failed else 0
            best = max(best, run)
        return best

    @property
    def failing(self) -> bool:
        """Enough failures to say so."""
        return self.failures >= RUN or (sum(self.recent) >= FLAPPING and self.successes < HEALTHY)

    @property
    def healthy(self) -> bool:
        """Enough successes to say so."""
        return self.successes >= HEALTHY


def _run(recent: tuple[bool, ...], kind: bool) -> int:
    length = 0
    for failed in reversed(recent):
        if failed is not kind:
            break
        length += 1
    return length
