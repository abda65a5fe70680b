"""Which checks are asked: ours, a user's own, and those that somebody chose."""

from pathlib import Path

import pytest

from preflight.catalogue import LOCAL, catalogue, chosen
from preflight.check import Check
from preflight.checks import CHECKS
from preflight.errors import UnknownCheck
from preflight.report import Result
from tests.unit.preflight.told import Told, ask

OWN = '''
"""tea: is there tea?"""
from dataclasses import dataclass
from preflight.check import Answer, Check, Site
from preflight.report import Result

@dataclass
class Pot:
    cups: "int"

async def ask(site: Site) -> Answer:
    return Answer(Result.PASS, f"{Pot(2).cups} cups")

CHECK = Check("tea", "local", "tea", ask)
'''


def own(catalogue: tuple[Check, ...]) -> list[Check]:
    return [check for check in catalogue if check not in CHECKS]


def test_without_files_of_a_user_there_are_ours() -> None:
    assert catalogue() == CHECKS


async def test_a_file_that_is_dropped_in_is_asked(tmp_path: Path) -> None:
    (tmp_path / "tea.py").write_text(OWN)
    (check,) = own(catalogue(tmp_path))
    assert (check.name, (await ask(check, Told())).found) == ("tea", "2 cups")


async def test_a_file_that_is_changed_counts_at_once(tmp_path: Path) -> None:
    (tmp_path / "tea.py").write_text(OWN)
    catalogue(tmp_path)
    (tmp_path / "tea.py").write_text(OWN.replace("Pot(2)", "Pot(30)"))
    assert (await ask(own(catalogue(tmp_path))[0], Told())).found == "30 cups"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("CHECK = (", "SyntaxError"),
        ("import nowhere_at_all", "ModuleNotFoundError"),
        ("raise SystemError('gone')", "gone"),
        ("CHECK = 3", "expected a CHECK of preflight.check.Check, found 3"),
        ("", "found None"),
        (OWN.replace('Check("tea"', 'Check("port"'), "the name 'port', which another check has"),
    ],
)
async def test_a_file_that_cannot_be_used_fails_by_its_name_and_no_other_does(
    tmp_path: Path, text: str, why: str
) -> None:
    (tmp_path / "mine.py").write_text(text)
    (tmp_path / "tea.py").write_text(OWN)
    mine, tea = own(catalogue(tmp_path))
    answer = await ask(mine, Told())
    assert answer.result is Result.FAIL
    assert answer.found.startswith("mine.py: ")
    assert why in answer.found
    assert mine.name == "local/mine"
    assert (await ask(tea, Told())).result is Result.PASS


async def test_the_sample_in_the_readme_works(tmp_path: Path) -> None:
    sample = (LOCAL / "README.md").read_text().split("```python\n")[1].split("```")[0]
    (tmp_path / "sample.py").write_text(sample)
    (check,) = own(catalogue(tmp_path))
    assert (await ask(check, Told())).result is Result.PASS


def names(checks: tuple[Check, ...]) -> set[str]:
    return {check.name for check in checks}


def test_what_stands_between_two_that_are_chosen_need_not_be_chosen() -> None:
    def needs(name: str, only: list[str]) -> tuple[str, ...]:
        return next(check.needs for check in chosen(CHECKS, only=only) if check.name == name)

    assert needs("login", ["port", "start-api", "login"]) == ("start-api",)
    assert needs("login", ["port", "login"]) == ("port",)
    assert needs("login", ["login"]) == ()


def test_chosen_by_name_or_group() -> None:
    assert names(chosen(CHECKS, only=["port", "time"])) == {"port"} | {c.name for c in CHECKS if c.group == "time"}
    assert names(chosen(CHECKS, skip=["port", "time"])) == {
        check.name for check in CHECKS if check.name != "port" and check.group != "time"
    }
    assert names(chosen(CHECKS, only=["time"], skip=["utc"])) == {
        check.name for check in CHECKS if check.group == "time" and check.name != "utc"
    }


@pytest.mark.parametrize("option", ["only", "skip"])
def test_a_word_that_means_no_check_is_refused_with_what_there_is(option: str) -> None:
    with pytest.raises(UnknownCheck, match=rf"{option.upper()}: expected .* found prot; the groups are .*gateway.*"):
        chosen(CHECKS, **{option: ["port", "prot"]})
