"""What keeps a stack from being taken down."""

from typing import Any

import pytest

from supervisor.leaving import ask, open_at_broker

FLAT: dict[str, Any] = {"known": True, "held": [], "working": [], "audited_at": "2026-11-22T15:00:00.000Z"}


def told(**exposure: Any) -> dict[str, Any]:
    return {"tenants": [{"name": "paper", "gateway": {"state": "DOWN"}, "exposure": FLAT | exposure}]}


def test_a_flat_account_keeps_nobody() -> None:
    assert open_at_broker(told(), "paper") is None


def test_what_is_open_is_named() -> None:
    status = told(held=["+1 SPY   261122C00607000"], working=["SELL 1 SPY   261122C00607000 LMT"])
    said = open_at_broker(status, "paper")
    assert said == "open at the broker: +1 SPY   261122C00607000; SELL 1 SPY   261122C00607000 LMT"


@pytest.mark.parametrize("kind", ["held", "working"])
def test_either_of_the_two_is_enough(kind: str) -> None:
    assert open_at_broker(told(**{kind: ["1 X"]}), "paper")


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("the supervisor does not answer", "does not answer"),
        ({"tenants": []}, "does not know tenant paper"),
        (told(known=False), "the gateway is DOWN, last heard at 2026-11-22T15:00:00.000Z"),
        ({"tenants": [{"name": "paper"}]}, "the gateway is unknown, last heard at no time"),
    ],
)
def test_what_cannot_be_asked_about_counts_as_open(status: Any, why: str) -> None:
    said = open_at_broker(status, "paper")
    assert said is not None
    assert said.startswith("positions and orders cannot be asked about: ")
    assert why in said


def test_a_read_only_api_tells_of_positions_alone() -> None:
    hidden = {"known": False, "positions_known": True}
    assert open_at_broker(told(**hidden), "paper") is None
    said = open_at_broker(told(**hidden, held=["+1 SPY"]), "paper")
    assert said == "open at the broker: +1 SPY; which orders work, a read-only API does not tell"
    assert "cannot be asked" in str(open_at_broker(told(known=False, positions_known=False), "paper"))


def test_a_supervisor_that_is_not_there_is_a_sentence() -> None:
    assert "does not answer at http://127.0.0.1:1" in ask("http://127.0.0.1:1")
