"""What a command answers a script with, while all that it tells a person goes to standard error.

A command says what it has found with `tell`, wherever it finds it; `answered` prints all of it as one object at last.
So standard output is JSON whatever the command, and Docker below it, prints meanwhile.
"""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from contextvars import ContextVar
from typing import Any, Final

from supervisor.errors import RuntimeTrouble, SettingsRefused

VERSION: Final = 1
COULD_NOT: Final = 2
_INTERRUPTED: Final = 130
_SENTENCE: Final = re.compile(r"expected (?P<expected>.+?), found:? ?(?P<found>.*?)(?:; (?P<do>.+))?", re.DOTALL)

_told: ContextVar[dict[str, Any] | None] = ContextVar("told", default=None)


def tell(**keys: Any) -> None:
    """Put these into the answer of the command that runs; a later word of the same name stands."""
    answer = _told.get()
    if answer is not None:
        answer.update(keys)


def refusal(error: Exception) -> dict[str, Any]:
    """An error of ours as an answer: a row for each fault, in its own words and, where it has the parts, by them."""
    return {"version": VERSION, "refused": [_parts(line) for line in str(error).splitlines() if line.strip()]}


def _parts(line: str) -> dict[str, str | None]:
    """`NAME: expected …, found …; what to do`."""
    _, expected, rest = line.partition("expected ")
    match = _SENTENCE.fullmatch(expected + rest)
    parts = match.groupdict() if match is not None else dict.fromkeys(("expected", "found", "do"))
    return {"text": line.strip(), **parts}


def answered(command: Callable[[], int], *, as_json: bool) -> int:
    """Run a command, and print its answer where a script asked for one. Returns its exit code; 2: it was refused."""
    if not as_json:
        return _code(command)[0]
    answer: dict[str, Any] = {"version": VERSION}
    before = _told.set(answer)
    try:
        with _standard_output_is_for_people():
            code, error = _code(command)
    finally:
        _told.reset(before)
    print(json.dumps(answer if error is None else answer | refusal(error), indent=2))
    return code


def _code(command: Callable[[], int]) -> tuple[int, Exception | None]:
    try:
        return command(), None
    except (SettingsRefused, RuntimeTrouble) as error:
        print(error, file=sys.stderr)
        return COULD_NOT, error
    except KeyboardInterrupt:
        return _INTERRUPTED, None


@contextmanager
def _standard_output_is_for_people() -> Iterator[None]:
    """What this process and its children print goes to standard error."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        os.dup2(2, 1)
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
