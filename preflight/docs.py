"""`python -m preflight.docs`: writes the checks' part of docs/preflight.md from the checks themselves."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from preflight.catalogue import MEND
from preflight.check import Check, Place, Remedy
from preflight.checks import CHECKS
from preflight.runner import BUG, REMEDIES

PAGE = Path(__file__).parents[1] / "docs" / "preflight.md"
MARK = "<!-- From here on `python -m preflight.docs` writes, from the checks themselves. -->\n"


def main() -> None:
    PAGE.write_text(page(PAGE.read_text(), CHECKS))


def page(now: str, checks: Sequence[Check]) -> str:
    """The page, with all below the mark made anew."""
    return now.split(MARK)[0] + MARK + "\n" + "\n".join(_lines(checks)).rstrip() + "\n"


def _lines(checks: Sequence[Check]) -> Iterator[str]:
    told: set[str] = set()
    for group in dict.fromkeys(check.group for check in checks):
        yield from (f"## Group: {group}", "")
        for check in checks:
            if check.group == group:
                yield from _check(check, told)
    yield from ("## Whichever check asks", "", "### What they have in common", "")
    yield from _remedies([*REMEDIES.values(), BUG, MEND], told)


def _check(check: Check, told: set[str]) -> Iterator[str]:
    first, _, rest = (sys.modules[check.ask.__module__].__doc__ or "").strip().partition("\n")
    title, _, question = first.partition(": ")
    yield from (f"### Check `{title}`", "", question[:1].upper() + question[1:], rest.rstrip(), "")
    facts = [f"Expected: {check.expected}."]
    if check.needs:
        facts.append(f"Asked only where {_listed(check.needs)} passed.")
    if check.place is Place.HOST:
        facts.append("Asked on the machine itself, by `make preflight` only.")
    if check.vital:
        facts.append("It must be known: where it cannot be asked, the verdict is unknown.")
    yield from (" ".join(facts), "")
    yield from _remedies(check.remedies, told)


def _remedies(remedies: Sequence[Remedy], told: set[str]) -> Iterator[str]:
    """Each under a heading of its own, once on the page; after that by a link."""
    for remedy in remedies:
        if remedy.name in told:
            yield from (f"See [{remedy.name}](#{remedy.name}).", "")
        else:
            told.add(remedy.name)
            yield from (f"#### {remedy.name}", "", f"{remedy.text[:1].upper()}{remedy.text[1:]}.", "")


def _listed(names: Sequence[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    main()
