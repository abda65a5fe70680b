"""The page and the picture of a soak, and `make report`."""

import json
from pathlib import Path
from typing import Any

import pytest

from supervisor.drill.reports import main

ROOT = Path(__file__).parents[3]
TOLD = {"standing": False, "detection_seconds": 2.5, "recovery_seconds": 30.0, "outcome": "recovered", "acts": []}
REPORT: dict[str, Any] = {
    "version": 1,
    "seed": 7,
    "minutes": 10.0,
    "profile": "fast",
    "server_version": 223,
    "commit": "abc1234",
    "settled": True,
    "faults": {"jvm-dead": 2, "noise: slow": 3},
    "not_taken": {},
    "incidents": {"jvm-dead": 2},
    "acts": {"container-restart": 2},
    "logins_spent": 2,
    "orders": 20,
    "executions": 10,
    "orders_told_by_the_engine": 20,
    "course": [{"at_s": 5.0, "name": "jvm-dead"}, {"at_s": 60.0, "name": "noise: slow"}],
    "told": [
        {"at_s": 6.0, "fault": "jvm-dead", **TOLD},
        {"at_s": 100.0, "fault": "jvm-dead", **TOLD, "recovery_seconds": 50.0},
        {"at_s": 200.0, "fault": "slow", **TOLD, "standing": True, "recovery_seconds": None, "outcome": "open"},
    ],
    "found": {"books_disagree": [], "lost": []},
    "good": True,
}


def reported(tmp_path: Path, report: dict[str, Any]) -> str:
    file = tmp_path / "a.json"
    file.write_text(json.dumps(report))
    assert main([str(file), "--folder", str(tmp_path / "out")]) == 0
    return (tmp_path / "out" / "soak.md").read_text()


def test_a_good_soak(tmp_path: Path) -> None:
    page = reported(tmp_path, REPORT)
    assert "Good: all was well at the end" in page
    assert "2 faults of 1 kinds, 3 times noise, 2 incidents, 2 acts, 2 logins" in page
    assert "| `jvm-dead` | 2 | 2.5 | 2.5 | 30.0 | 50.0 |" in page
    assert "](a.png)" in page
    assert (tmp_path / "out" / "a.png").read_bytes().startswith(b"\x89PNG")


def test_what_does_not_fit_is_told(tmp_path: Path) -> None:
    bad = REPORT | {"good": False, "settled": False, "found": {"books_disagree": ["+1 SPY"], "lost": []}}
    page = reported(tmp_path, bad)
    assert "**Not good**" in page
    assert "* books disagree: +1 SPY" in page
    assert "All was not well again in time" in page


def test_a_report_of_before_its_course_was_told_has_a_page_without_a_plot(tmp_path: Path) -> None:
    page = reported(tmp_path, {name: told for name, told in REPORT.items() if name not in ("course", "told")})
    assert "| `jvm-dead` | 2 |" in page
    assert "![" not in page


def test_a_drill_has_its_page_too(tmp_path: Path) -> None:
    (data,) = (ROOT / "docs/data").glob("drill-real-223-20261122.jsonl")
    assert main([str(data), "--folder", str(tmp_path)]) == 0
    assert "# Drills" in (tmp_path / "drills.md").read_text()
    assert (tmp_path / "drills.png").exists()


@pytest.mark.parametrize("files", [[], ["x.txt"], ["nothing.json"], ["other.json"]])
def test_anything_else_is_refused(
    files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("other.json").write_text("[]")
    assert main([*files, "--folder", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.startswith("report: ")


def test_the_page_in_the_docs_is_that_of_its_data(tmp_path: Path) -> None:
    """Its words; the picture is drawn by whoever writes it anew."""
    from supervisor.drill.soak_page import page

    files = sorted((ROOT / "docs/data").glob("soak-*.json"))
    reports = [(f"data/{file.name}", json.loads(file.read_text())) for file in files]
    plots = {path: path.replace(".json", ".png") for path, report in reports if report.get("course")}
    assert (ROOT / "docs/soak.md").read_text() == page(reports, plots)
    assert all((ROOT / "docs" / plot).exists() for plot in plots.values())
