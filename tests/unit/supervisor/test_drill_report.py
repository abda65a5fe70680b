"""A drill's figures: percentiles of what was seen, and a count of what was not."""

from typing import Any

import pytest

from supervisor.drill.house import budgets
from supervisor.drill.records import WATCHKEEPER, Run
from supervisor.drill.report import agree, as_table, cell, figures, percentile
from supervisor.policy import Budget, Policy


def run(trading: float | None, *, agrees: bool = True, version: int = 223, **more: Any) -> Run:
    given: dict[str, Any] = {
        "keeper": WATCHKEEPER,
        "injection": "jvm-dead",
        "fault": "jvm-dead",
        "profile": "real",
        "server_version": version,
        "seed": 7,
        "number": 0,
        "commit": "abc",
        "at": "2026-11-22T14:00:00+00:00",
        "phase_s": 1.0,
        "detect_s": 1.0,
        "decide_s": 20.0,
        "act_s": 20.03,
        "lifted_s": None,
        "ready_s": 25.0,
        "trading_s": trading,
        "censored": trading is None,
        "agrees": agrees,
    }
    return Run(**(given | more))


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 5), (0.95, 10), (0.05, 1), (1.0, 10)], ids=["p50", "p95", "p05", "max"]
)
def test_nearest_rank(share: float, expected: float) -> None:
    assert percentile([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], share) == expected


def test_what_was_never_seen_is_counted_and_not_dropped() -> None:
    (row,) = figures([run(30.0), run(40.0, agrees=False), run(None, agrees=False)])
    assert (row["n"], row["censored"], row["disagreed"], row["wrong"]) == (3, 1, 1, 0)
    assert row["trading_s"] == {"p50": 30.0, "p95": 40.0, "max": 40.0}
    assert row["detect_s"] == {"p50": 1.0, "p95": 1.0, "max": 1.0}
    assert row["hand_s"]["max"] == 0.03
    assert row["follow_s"]["max"] == 15.0


def test_nothing_seen_at_all_has_no_figures() -> None:
    (row,) = figures([run(None)])
    assert row["trading_s"]["p95"] is None
    assert cell(row["trading_s"]) == "–"


def test_what_nobody_should_cure_is_timed_from_its_end() -> None:
    (row,) = figures([run(12.5, lifted_s=10.0, ready_s=10.1)])
    assert row["trading_s"]["max"] == 2.5
    assert row["detect_s"]["max"] == 1.0


def test_wrong_acts_are_counted() -> None:
    (row,) = figures([run(1.0, wrong=["engine-restart", "ibc-restart"]), run(1.0)])
    assert row["wrong"] == 2


def test_each_server_version_profile_and_keeper_has_a_row_of_its_own() -> None:
    runs = [run(30.0, version=200), run(40.0), run(50.0, version=200), run(1.0, profile="fast"), run(2.0, keeper="x")]
    rows = [(row["keeper"], row["profile"], row["server_version"], row["n"]) for row in figures(runs)]
    assert rows == [
        (WATCHKEEPER, "real", 200, 2),
        (WATCHKEEPER, "real", 223, 1),
        (WATCHKEEPER, "fast", 223, 1),
        ("x", "real", 223, 1),
    ]
    assert [line.split()[2] for line in as_table(runs).splitlines()[3:]] == ["200", "223", "223", "223"]


ORDER = {"order_ref": "O-1:12", "status": "Submitted"}
OPEN = {"client_order_id": "O-1", "status": "ACCEPTED"}
HELD = {"con_id": 5, "quantity": 1.0}


@pytest.mark.parametrize(
    ("book", "engine", "expected"),
    [
        (([HELD], [ORDER]), ([HELD], [OPEN]), True),
        (([HELD], []), ([], []), False),
        (([], []), ([HELD], []), False),
        (([], [ORDER]), ([], []), False),
        (([], []), ([], [OPEN]), False),
        (([], [{**ORDER, "status": "Filled"}]), ([], [{**OPEN, "status": "FILLED"}]), True),
        (([], [{**ORDER, "status": "ApiPending"}]), ([], []), True),
    ],
)
def test_agreement_of_two_books(
    book: tuple[list[object], list[object]], engine: tuple[list[object], list[object]], expected: bool
) -> None:
    broker = {"positions": book[0], "orders": book[1]}
    client = {"positions": engine[0], "orders": engine[1]}
    assert agree(broker, client) is expected


@pytest.mark.parametrize("runs", [1, 3, 30, 300])
def test_the_drills_budgets_pass_the_supervisors_own_arithmetic(runs: int) -> None:
    chosen = {name: Budget.parse(text) for name, text in budgets(runs).items()}
    Policy(container_budget=chosen["CONTAINER_RESTART_BUDGET"], engine_budget=chosen["ENGINE_RESTART_BUDGET"]).check()
    assert min(limit.count for budget in chosen.values() for limit in budget.limits) > 2 * runs
