"""The reckoning after a soak finds each way in which two books can differ, and nothing where they do not."""

from typing import Any

import pytest

from supervisor.drill.accounts import audit

ENTRY = {"perm_id": 1, "order_ref": "O-1:101", "oca_group": "", "filled": 1.0, "status": "Filled"}
STOP = {"perm_id": 2, "order_ref": "O-2:102", "oca_group": "G", "filled": 0.0, "status": "Submitted"}
BOUGHT = {"exec_id": "e1", "con_id": 5, "side": "BOT", "shares": 1.0}
HELD = {"con_id": 5, "quantity": 1.0}
BOOK = {"orders": [ENTRY, STOP], "executions": [BOUGHT], "positions": [HELD]}
ENGINE = {"positions": [HELD], "orders": [{"client_order_id": "O-2", "status": "ACCEPTED"}]}
CLOSED = {
    "fault": "jvm-dead",
    "closed_at": "2026-11-22T14:00:00Z",
    "outcome": "recovered",
    "actions": [{"rung": "container-restart", "outcome": "ok"}],
}


def found(**changes: Any) -> set[str]:
    given = {"book": BOOK, "engine": ENGINE, "incidents": [CLOSED], "told": {"O-1", "O-2"}} | changes
    return {kind for kind, rows in audit(**given).items() if rows}


def test_books_that_agree_have_nothing_to_tell() -> None:
    assert found() == set()


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("books_disagree", {"engine": ENGINE | {"orders": []}}),
        ("positions_are_not_their_executions", {"book": BOOK | {"executions": []}}),
        ("lost", {"told": {"O-1", "O-2", "O-9"}}),
        ("doubled", {"book": BOOK | {"orders": [ENTRY, STOP, ENTRY | {"perm_id": 3}]}}),
        ("doubled", {"book": BOOK | {"executions": [BOUGHT, BOUGHT]}}),
        (
            "doubled",
            {
                "book": BOOK
                | {
                    "orders": [
                        ENTRY,
                        STOP,
                        ENTRY | {"order_ref": "O-3:1", "oca_group": "X"},
                        ENTRY | {"order_ref": "O-4:1", "oca_group": "X"},
                    ]
                }
            },
        ),
        ("orphaned", {"book": BOOK | {"orders": [ENTRY, STOP, ENTRY | {"order_ref": ""}]}}),
        ("short", {"book": BOOK | {"positions": [HELD | {"quantity": -1.0}]}}),
        ("incidents_open", {"incidents": [CLOSED | {"closed_at": None, "outcome": "open"}]}),
        ("given_up", {"incidents": [CLOSED | {"outcome": "gave_up"}]}),
        ("acts_without_an_outcome", {"incidents": [CLOSED | {"actions": [{"rung": "x", "outcome": "unknown"}]}]}),
    ],
)
def test_each_difference_is_found(kind: str, changes: dict[str, Any]) -> None:
    assert kind in found(**changes)


def test_what_stands_beside_may_still_stand() -> None:
    assert found(incidents=[CLOSED | {"fault": "clock-skew", "closed_at": None, "outcome": "open"}]) == set()
