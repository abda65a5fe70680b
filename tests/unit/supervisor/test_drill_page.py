"""The drills' page: what is missing is said, and what is committed is what the raw lines give."""

from dataclasses import replace
from pathlib import Path

from supervisor.drill.page import page
from supervisor.drill.records import read
from tests.unit.supervisor.test_drill_report import run

DOCS = Path(__file__).parents[3] / "docs"


def test_a_row_with_a_number_wants_thirty_and_says_how_many_are_missing() -> None:
    made = page([run(30.0, number=number) for number in range(4)], ["data/x.jsonl"], "data/x.png")
    assert "| `jvm-dead` | 30 | 30 | 26 |" in made
    assert "| `time-mode` | 5 | 5 | 5 |" in made
    assert "[x.jsonl](data/x.jsonl)" in made
    assert "`host-slept`: would put this machine to sleep" in made


def test_enough_runs_are_not_missing_and_the_fast_profile_does_not_count() -> None:
    enough = [run(30.0, number=number, version=version) for number in range(30) for version in (200, 223)]
    assert "| `jvm-dead` | 30 |" not in page(enough, [], "x.png")
    assert "| `jvm-dead` | 30 | 30 | 30 |" in page([run(3.0, profile="fast")], [], "x.png")


def test_wrong_acts_and_late_sights_are_said_aloud() -> None:
    made = page([run(30.0, detect_s=9.0, wrong=["ibc-restart"]), run(30.0)], [], "x.png")
    assert (
        "Of 2 injections: 1 wrong acts; 0 not well again in time; seen later than the row's bound: `jvm-dead` 1."
        in made
    )
    made = page([replace(run(30.0), named=["frozen"]), replace(run(30.0), named=["frozen", "jvm-dead"])], [], "x.png")
    assert "Told of under another name only: `jvm-dead` as `frozen` 1." in made


def test_a_new_session_of_the_sentinels_is_told_apart_from_acts_on_others() -> None:
    made = page([run(30.0, wrong=["sentinel-reconnect"]), run(30.0, wrong=["ibc-restart"])], [], "x.png")
    assert "2 wrong acts (1 of them the sentinel's new session, which touches nothing but itself);" in made


def test_what_was_found_out_of_a_run_stands_beside_it() -> None:
    made = page([replace(run(None, number=4), remark="the injection missed"), run(30.0)], [], "x.png")
    assert "* `jvm-dead` at 223, number 4: the injection missed.\n" in made
    assert made.count("number ") == 1


def test_baselines_say_how_many_recovered() -> None:
    made = page([run(30.0, keeper="docker-policy"), run(None, keeper="docker-policy")], [], "x.png")
    assert "| docker-policy | `jvm-dead` | real | 223 | 1 of 2 |" in made


def test_the_committed_page_is_that_of_the_committed_lines() -> None:
    paths = sorted((DOCS / "data").glob("drill-*.jsonl"))
    made = page(read(paths), [f"data/{path.name}" for path in paths], "data/drills.png")
    assert (DOCS / "drills.md").read_text() == made


def test_the_plot_is_a_picture(tmp_path: Path) -> None:
    from supervisor.drill.plot import draw

    path = tmp_path / "x.png"
    draw([run(30.0), run(None), run(None, keeper="nautilus-alone")], path)
    assert path.read_bytes().startswith(b"\x89PNG")
