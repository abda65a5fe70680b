"""Which checks there are: ours, and those that a user dropped into preflight/local/."""

import importlib.util
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from preflight.check import Answer, Check, Remedy, Site
from preflight.checks import CHECKS
from preflight.errors import UnknownCheck
from preflight.report import Result

LOCAL = Path(__file__).with_name("local")

MEND = Remedy(
    "local-check", "mend the file in preflight/local/, or move it away; preflight/local/README.md has a sample"
)


def catalogue(local: Path = LOCAL) -> tuple[Check, ...]:
    """Every check, read anew each time: a file that is dropped in counts at once.

    A file that cannot be used is a check that fails and says why: what somebody wanted to know is not known.
    """
    checks = list(CHECKS)
    for path in sorted(local.glob("*.py")):
        taken = {check.name for check in checks}
        try:
            check = _load(path)
        except Exception as error:  # whatever a user's file does; the other checks go on
            check = _unusable(path, f"{type(error).__name__}: {error}")
        if check.name in taken:
            check = _unusable(path, f"the name {check.name!r}, which another check has")
        checks.append(check)
    return tuple(checks)


def _load(path: Path) -> Check:
    name = f"preflight.local.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None, "a .py file has a loader"
    assert spec.loader is not None, "a .py file has a loader"
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look for their module there
    spec.loader.exec_module(module)
    check = getattr(module, "CHECK", None)
    if not isinstance(check, Check):
        raise TypeError(f"expected a CHECK of preflight.check.Check, found {check!r}")
    return check


def _unusable(path: Path, why: str) -> Check:
    async def ask(site: Site) -> Answer:
        return Answer(Result.FAIL, f"{path.name}: {why}", (MEND,))

    return Check(f"local/{path.stem}", "local", "a file with a usable CHECK", ask, vital=True, remedies=(MEND,))


def chosen(checks: Sequence[Check], only: Sequence[str] = (), skip: Sequence[str] = ()) -> tuple[Check, ...]:
    """The checks that somebody wants to be asked, by names or groups.

    In place of a prerequisite that nobody wants stands what that one needs itself: a dead port is told once.

    Raises:
        UnknownCheck: a word is neither a name nor a group.
    """
    known = {check.name for check in checks} | {check.group for check in checks}
    for option, words in (("ONLY", only), ("SKIP", skip)):
        if unknown := sorted(set(words) - known):
            groups = ", ".join(dict.fromkeys(check.group for check in checks))
            raise UnknownCheck(
                f"{option}: expected names or groups of checks, found {', '.join(unknown)}; "
                f"the groups are {groups}; docs/preflight.md lists the names"
            )

    def named(check: Check, words: Sequence[str]) -> bool:
        return check.name in words or check.group in words

    by_name = {check.name: check for check in checks}
    wanted = {name for name, check in by_name.items() if (not only or named(check, only)) and not named(check, skip)}

    def standing_on(check: Check) -> Iterator[str]:
        for name in check.needs:
            if name in wanted:
                yield name
            elif name in by_name:
                yield from standing_on(by_name[name])

    return tuple(
        replace(check, needs=tuple(dict.fromkeys(standing_on(check)))) for check in checks if check.name in wanted
    )
