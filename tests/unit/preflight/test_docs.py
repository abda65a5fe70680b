"""docs/preflight.md is what the checks say of themselves, and every remedy that is named has its heading."""

import re
from collections import Counter

import pytest

from preflight.catalogue import MEND
from preflight.check import Check
from preflight.checks import CHECKS
from preflight.docs import PAGE, page
from preflight.runner import BUG, REMEDIES

TEXT = PAGE.read_text()
REMEDIED = [*(remedy for check in CHECKS for remedy in check.remedies), *REMEDIES.values(), BUG, MEND]


def test_the_page_is_made_of_the_checks() -> None:
    assert page(TEXT, CHECKS) == TEXT, "make it anew: python -m preflight.docs"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_check_says_what_it_asks_and_why(check: Check) -> None:
    assert f"\n### Check `{check.name}`\n" in TEXT, "the first word of its docstring is its name"
    body = TEXT.split(f"\n### Check `{check.name}`\n")[1].split("\nExpected: ")[0].strip()
    assert "?" in body.splitlines()[0]
    assert len(body.splitlines()) > 2, "why, and what it cannot see"


def test_every_heading_is_there_once_so_that_a_link_finds_it() -> None:
    headings = re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    assert [heading for heading, times in Counter(headings).items() if times > 1] == []
    assert {remedy.name for remedy in REMEDIED} <= set(headings)


def test_a_name_of_a_remedy_means_one_text() -> None:
    assert len({remedy.name for remedy in REMEDIED}) == len(set(REMEDIED))


@pytest.mark.parametrize("name", sorted({remedy.name for remedy in REMEDIED} | {check.name for check in CHECKS}))
def test_a_name_is_its_own_anchor(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
