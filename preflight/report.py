"""A preflight's findings, as values and as JSON. What a person reads is made of them in `table`."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self


class Result(enum.StrEnum):
    """What one check came to."""

    PASS = "pass"  # noqa: S105 (no password)
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


class Verdict(enum.StrEnum):
    """What the whole preflight came to."""

    GO = "go"
    NO_GO = "no-go"
    UNKNOWN = "unknown"
    """Nothing failed, but something that must be known could not be asked."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's answer. `remedy` is what to do next; empty when there is nothing to do. `vital`: must be known.

    `docs` names the heading of each remedy in docs/preflight.md.
    """

    name: str
    group: str
    result: Result
    expected: str
    found: str
    remedy: str = ""
    vital: bool = False
    docs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of one run, in the order in which they were asked; `seconds` is how long that took.

    `left_out` names the checks that nobody asked, since somebody chose so; the verdict knows nothing of them.
    """

    checks: Sequence[Finding]
    seconds: float
    left_out: Sequence[str] = ()

    @property
    def verdict(self) -> Verdict:
        """No-go if anything failed, unknown if anything vital was skipped or nothing was asked, else go."""
        if any(check.result is Result.FAIL for check in self.checks):
            return Verdict.NO_GO
        if not self.checks or any(check.vital and check.result is Result.SKIPPED for check in self.checks):
            return Verdict.UNKNOWN
        return Verdict.GO

    def as_json(self) -> dict[str, Any]:
        """The documented shape, version 1; keys are only ever added."""
        return {
            "version": 1,
            "verdict": self.verdict,
            "seconds": round(self.seconds, 3),
            "checks": [{**asdict(check), "docs": list(check.docs)} for check in self.checks],
            "left_out": list(self.left_out),
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """A report that another process made. Raises KeyError, TypeError or ValueError for anything else."""
        checks = [
            Finding(**{**row, "result": Result(row["result"]), "docs": tuple(row["docs"])}) for row in told["checks"]
        ]
        return cls(checks, float(told["seconds"]), tuple(told["left_out"]))


def merged(reports: Sequence[Report], order: Sequence[str]) -> Report:
    """One report of several that ran at the same time. `order` is that of the checks' names."""
    place = {name: number for number, name in enumerate(order)}
    checks = sorted(
        (check for report in reports for check in report.checks), key=lambda check: place.get(check.name, len(place))
    )
    left_out = sorted({name for report in reports for name in report.left_out}, key=lambda name: place.get(name, 0))
    return Report(checks, max((report.seconds for report in reports), default=0.0), left_out)
