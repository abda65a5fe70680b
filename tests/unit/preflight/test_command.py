"""What a person types, what is printed, and the exit code."""

import argparse
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from preflight.command import Options, add_options, answer
from preflight.errors import CouldNotAsk, UnknownCheck
from preflight.junit import junit
from preflight.report import Finding, Report, Result
from preflight.table import render
from tests.unit.preflight.told import HandClock

WELL = Finding("port", "gateway", Result.PASS, "an API handshake", "server version 200", vital=True)
ODD = replace(WELL, name="clock", group="time", result=Result.WARN, found="2.1 s apart", remedy="set it")
BAD = replace(
    WELL,
    name="login",
    group="identity",
    result=Result.FAIL,
    expected="DU1 on a paper login",
    found="U1 <LIVE> \x00",
    remedy="stop now",
    docs=("docs/preflight.md#other-kind-of-account",),
)
GONE = replace(WELL, name="utc", group="time", result=Result.SKIPPED, found="not asked, since login did not pass")
REPORT = Report([WELL, BAD, ODD, GONE], 2.04, ["quote", "chain"])


def parsed(*words: str) -> Options:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return Options.of(parser.parse_args(words))


def asking(*reports: Report | Exception) -> Callable[[], Awaitable[Report]]:
    rest = list(reports)

    async def ask() -> Report:
        told = rest.pop(0)
        if isinstance(told, Exception):
            raise told
        return told

    return ask


def table(report: Report, width: int = 120) -> str:
    out = io.StringIO()
    render(report, Console(file=out, width=width, highlight=False))
    return out.getvalue()


@pytest.mark.parametrize(
    ("report", "code"), [(Report([WELL, ODD], 1), 0), (REPORT, 1), (Report([GONE], 1), 1), (Report([], 1), 1)]
)
def test_the_exit_code_is_the_verdict(report: Report, code: int) -> None:
    assert answer(parsed(), asking(report), HandClock()) == code


def test_what_could_not_be_asked_is_2_and_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(parsed(), asking(CouldNotAsk("expected a supervisor")), HandClock()) == 2
    assert answer(parsed(), asking(UnknownCheck("ONLY: expected …")), HandClock()) == 2
    assert "preflight: expected a supervisor" in capsys.readouterr().err


def test_what_was_found_is_told_even_where_the_rest_could_not_be_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(parsed(), asking(CouldNotAsk("no supervisor", Report([ODD], 1))), HandClock()) == 2
    told = capsys.readouterr()
    assert "2.1 s apart" in told.out
    assert "no supervisor" in told.err


def test_an_interrupt_is_no_answer_and_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    def ask() -> Awaitable[Report]:
        raise KeyboardInterrupt

    assert answer(parsed(), ask, HandClock()) == 2
    assert capsys.readouterr().err == "preflight: interrupted, so nothing is known\n"


def test_json_is_all_that_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    answer(parsed("--json"), asking(REPORT), HandClock())
    assert json.loads(capsys.readouterr().out) == REPORT.as_json()


def test_names_may_be_parted_by_commas_or_spaces() -> None:
    assert parsed("--only", "port, login").only == parsed("--only", "port login").only == ("port", "login")


@pytest.mark.parametrize("text", ["5", "m", "0.5h", "1d2h", ""])
def test_a_time_that_is_none_is_refused_with_2(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parsed("--within", text)
    assert "expected a time such as 90s, 15m or 2h" in capsys.readouterr().err


def test_the_table_tells_what_to_do_only_where_something_is_to_be_done() -> None:
    text = table(REPORT)
    assert [line.split()[0] for line in text.splitlines() if re.search(r"(pass|warn|fail|skipped) ", line)][:3] == [
        "gateway",
        "identity",
        "time",
    ]
    assert text.count("do next:") == 2
    assert text.count("expected:") == 2
    assert "see:      docs/preflight.md#other-kind-of-account" in text
    assert "NO-GO in 2.0 s: 1 pass, 1 warn, 1 fail, 1 skipped; 2 left out, of which this says nothing" in text


def test_what_a_gateway_says_is_never_read_as_markup() -> None:
    assert "[red]hello[/]" in table(Report([replace(WELL, found="[red]hello[/]")], 1))


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(len(line.rstrip()) for line in table(REPORT, width).splitlines()) <= width


def test_junit_has_a_case_for_each_check(tmp_path: Path) -> None:
    path = tmp_path / "preflight.xml"
    answer(parsed("--junit", str(path)), asking(REPORT), HandClock())
    suite = ET.fromstring(path.read_text())
    assert {name: suite.get(name) for name in ("tests", "failures", "skipped", "errors")} == {
        "tests": "4",
        "failures": "1",
        "skipped": "1",
        "errors": "0",
    }
    cases = {case.get("name"): [child.tag for child in case] for case in suite}
    assert cases == {"port": [], "login": ["failure"], "clock": ["system-out"], "utc": ["skipped"]}
    assert "do next: stop now" in (suite.findtext("testcase/failure") or "")
    assert "U1 <LIVE> ?" in (suite.findtext("testcase/failure") or "")


def test_junit_is_well_formed_for_an_empty_report() -> None:
    assert ET.fromstring(junit(Report([], 0.0))).get("tests") == "0"


def test_a_junit_file_that_cannot_be_written_is_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = parsed("--junit", str(tmp_path / "missing" / "preflight.xml"))
    assert answer(options, asking(Report([WELL], 1)), HandClock()) == 2
    assert "JUNIT: expected a file that can be written" in capsys.readouterr().err


def test_watch_asks_until_all_is_well_and_says_what_it_waits_for(capsys: pytest.CaptureFixture[str]) -> None:
    clock = HandClock()
    asked = asking(CouldNotAsk("no supervisor yet"), REPORT, Report([GONE], 1), Report([WELL], 1))
    assert answer(parsed("--watch"), asked, clock) == 0
    told = capsys.readouterr()
    assert [line.split("s  ")[1] for line in told.err.splitlines()] == [
        "no supervisor yet",
        "no-go: waiting for login",
        "unknown: waiting for utc",
    ]
    assert told.out.count("GO in") == 1


@pytest.mark.parametrize(("last", "code"), [(REPORT, 1), (CouldNotAsk("no supervisor"), 2)])
def test_watch_ends_at_its_deadline_with_the_last_answer(last: Report | Exception, code: int) -> None:
    clock = HandClock()
    began = clock.monotonic()
    assert answer(parsed("--watch", "--within", "12s"), asking(REPORT, REPORT, last), clock) == code
    assert clock.monotonic() - began <= 12
