"""A drill's figures: percentiles of what was seen, and a count of what was not."""

import pytest

from supervisor.drill.__main__ import budgets
from supervisor.drill.report import Run, agree, as_table, percentile, report
from supervisor.policy import Budget, Policy


def run(trading: float | None, *, agrees: bool = True, version: int = 223) -> Run:
    return Run("jvm-dead", version, 1.0, 20.0, 25.0, trading, censored=trading is None, agrees=agrees)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 5), (0.95, 10), (0.05, 1), (1.0, 10)], ids=["p50", "p95", "p05", "max"]
)
def test_nearest_rank(share: float, expected: float) -> None:
    assert percentile([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], share) == expected


def test_what_was_never_seen_is_counted_and_not_dropped() -> None:
    (summary,) = report(7, "fast", [run(30.0), run(40.0), run(None, agrees=False)])["summary"]
    assert (summary["n"], summary["censored"], summary["disagreed"]) == (3, 1, 1)
    assert (summary["p50"], summary["max"]) == (30.0, 40.0)
    assert summary["detect_s"] == {"p50": 1.0, "p95": 1.0, "max": 1.0}


def test_nothing_seen_at_all_has_no_figures() -> None:
    made = report(7, "fast", [run(None)])
    assert made["summary"][0]["p95"] is None
    assert "- / - / -" in as_table(made)


def test_each_server_version_has_a_row_of_its_own() -> None:
    made = report(7, "fast", [run(30.0, version=200), run(40.0), run(50.0, version=200)])
    rows = [(row["fault"], row["server_version"], row["n"], row["max"]) for row in made["summary"]]
    assert rows == [("jvm-dead", 200, 2, 50.0), ("jvm-dead", 223, 1, 40.0)]
    assert [line.split()[1] for line in as_table(made).splitlines()[-2:]] == ["200", "223"]


def test_the_table_names_seed_and_profile() -> None:
    assert as_table(report(7, "real", [run(30.0)])).startswith("profile real, seed 7")


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
