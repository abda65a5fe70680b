"""A preflight's findings, as values, as JSON, and as a table for a person."""

import enum
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


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
    """One check's answer. `remedy` is what to do next; empty when there is nothing to do. `vital`: must be known."""

    name: str
    group: str
    result: Result
    expected: str
    found: str
    remedy: str = ""
    vital: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of one run, in the order in which they were asked; `seconds` is how long that took."""

    checks: Sequence[Finding]
    seconds: float

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
            "checks": [asdict(check) for check in self.checks],
        }

    def as_table(self) -> str:
        """A line a check, and under each that is not well: what was expected, and what to do next."""
        width = max((len(check.name) for check in self.checks), default=0)
        lines = []
        for check in self.checks:
            lines.append(f"{check.result:<8} {check.name:<{width}}  {check.found}")
            if check.result is not Result.PASS:
                indent = " " * (width + 11)
                lines.append(f"{indent}expected: {check.expected}")
                if check.remedy:
                    lines.append(f"{indent}do next:  {check.remedy}")
        lines.append(f"\n{self.verdict} in {self.seconds:.1f} s")
        return "\n".join(lines)
