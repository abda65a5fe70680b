"""The verdict, and the two shapes of a report."""

import pytest

from preflight.report import Finding, Report, Result, Verdict


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
            }
        ],
    }


def test_the_table_tells_what_to_do_only_where_something_is_to_be_done() -> None:
    table = Report([finding(Result.PASS), finding(Result.FAIL, "do this")], 2.04).as_table()
    assert table.count("do next:  do this") == 1
    assert table.count("expected: an API handshake") == 1
    assert table.endswith("no-go in 2.0 s")
