"""What one injection gave, as a line of JSON, and the file that such lines are appended to."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

WATCHKEEPER = "watchkeeper"


@dataclass(frozen=True, slots=True)
class Run:
    """One injection.

    Seconds are from the fault's effect; None for what was not seen within the drill's patience, or does not apply.

    Attributes:
        keeper: who was to cure it: this project's supervisor, or a baseline.
        injection: how the fault was brought about; `fault` is its row.
        server_version: what the gateway announced, and so in which encoding everybody spoke.
        number: the how manieth of its kind; with the seed it gives the phase.
        phase_s: how long was waited, when all was well, before the injection.
        detect_s: an incident was declared.
        decide_s: the supervisor's first act was decided, by its journal.
        act_s: Docker's own stamp of that act, where it was one of Docker's.
        lifted_s: the drill ended the fault, where nobody should cure it.
        ready_s: the gateway is READY.
        trading_s: the engine is TRADING, and every incident is closed.
        censored: that was not seen.
        agrees: afterwards engine and broker held the same positions and working orders.
        named: every new incident's fault, in order.
        rungs: every act of theirs, in order.
        wrong: those of the rungs that the fault's row does not have.
        beside: how many other stacks of the same drill stood then.
        load: the machine's load average of the minute before the run's end, of so many processors as it has.
    """

    keeper: str
    injection: str
    fault: str
    profile: str
    server_version: int
    seed: int
    number: int
    commit: str
    at: str
    phase_s: float
    detect_s: float | None
    decide_s: float | None
    act_s: float | None
    lifted_s: float | None
    ready_s: float | None
    trading_s: float | None
    censored: bool
    agrees: bool
    named: list[str] = field(default_factory=list)
    rungs: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    remark: str = ""
    beside: int = 0
    load: float | None = None

    @property
    def kind(self) -> tuple[str, str, str, int, int, int]:
        """What makes it one of a shard's planned runs."""
        return (self.keeper, self.injection, self.profile, self.server_version, self.seed, self.number)

    @property
    def went_wrong(self) -> bool:
        """Whether it asks for a look: never well again, books that disagree, or an act that was not right."""
        return self.censored or not self.agrees or bool(self.wrong)

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read a line.

        Raises:
            ValueError: not a run; says what is wrong.
        """
        row: Any = json.loads(line)
        if not isinstance(row, dict):
            raise ValueError(f"expected a JSON object, found {type(row).__name__}")
        names = {one.name for one in fields(cls)}
        if strange := row.keys() - names:
            raise ValueError(f"expected the keys of a run, found {', '.join(sorted(strange))}")
        try:
            return cls(**row)
        except TypeError as error:
            raise ValueError(f"expected every key of a run, found {error}") from error


class Shard:
    """A file of runs that is only ever appended to. A line that was cut off in the middle counts as never written."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def open(self) -> set[tuple[str, str, str, int, int, int]]:
        """What is done already. Cuts off half a last line, so that the next one begins anew.

        Raises:
            ValueError: a whole line is no run.
        """
        if not self._path.exists():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            return set()
        content = self._path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            os.truncate(self._path, len(whole))
        return {run.kind for run in read([self._path])}

    def append(self, run: Run) -> None:
        """Write it down, whole, before anything else is done."""
        with self._path.open("a") as file:
            file.write(json.dumps(asdict(run)) + "\n")
            file.flush()
            os.fsync(file.fileno())


def read(paths: Iterable[Path]) -> list[Run]:
    """Every run of these files.

    Raises:
        ValueError: a line is no run; names file and line.
    """
    runs = []
    for path in paths:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            try:
                runs.append(Run.parse(line))
            except ValueError as error:
                raise ValueError(f"{path}:{number}: {error}") from error
    return runs
