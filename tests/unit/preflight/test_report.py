"""The verdict, and the two shapes of a report."""

import json
from dataclasses import replace
from typing import Any

import pytest

from preflight.report import Finding, Report, Result, Verdict, merged


def finding(result: Result, remedy: str = "", vital: bool = True) -> Finding:
    return Finding("port", "gateway", result, "an API handshake", "what was met", remedy, vital)


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        ([Result.PASS, Result.PASS], Verdict.GO),
        ([Result.PASS, Result.WARN], Verdict.GO),
        ([Result.PASS, Result.SKIPPED], Verdict.UNKNOWN),
        ([Result.FAIL, Result.SKIPPED, Result.PASS], Verdict.NO_GO),
        ([], Verdict.UNKNOWN),
    ],
)
def test_the_worst_finding_decides(results: list[Result], verdict: Verdict) -> None:
    assert Report([finding(result) for result in results], 0.1).verdict is verdict


def test_what_is_not_vital_may_be_skipped() -> None:
    assert Report([finding(Result.PASS), finding(Result.SKIPPED, vital=False)], 0.1).verdict is Verdict.GO


def test_json_has_the_documented_shape() -> None:
    assert Report([finding(Result.FAIL, "do this")], 0.12345).as_json() == {
        "version": 1,
        "verdict": "no-go",
        "seconds": 0.123,
        "checks": [
            {
                "name": "port",
                "group": "gateway",
                "result": "fail",
                "expected": "an API handshake",
                "found": "what was met",
                "remedy": "do this",
                "vital": True,
                "docs": [],
            }
        ],
        "left_out": [],
    }


def test_a_report_survives_json() -> None:
    report = Report([finding(Result.WARN, "do this"), finding(Result.SKIPPED)], 1.5, ["utc"])
    told = json.loads(json.dumps(report.as_json()))
    assert Report.from_json(told).as_json() == told


@pytest.mark.parametrize("told", [{}, {"checks": [{}], "seconds": 1, "left_out": []}, [], {"checks": None}])
def test_what_is_no_report_is_not_taken_for_one(told: Any) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Report.from_json(told)


def test_two_that_ran_at_the_same_time_are_one_in_the_order_of_the_checks() -> None:
    port, disk = finding(Result.PASS), replace(finding(Result.FAIL), name="disk")
    whole = merged([Report([port], 2.0, ["utc"]), Report([disk], 0.5)], ["disk", "port", "utc"])
    assert [check.name for check in whole.checks] == ["disk", "port"]
    assert (whole.verdict, whole.seconds, whole.left_out) == (Verdict.NO_GO, 2.0, ["utc"])
