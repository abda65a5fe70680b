"""What the audit makes of two books, beyond what the fault table's own tests play."""

from dataclasses import replace
from decimal import Decimal

import pytest

from supervisor import audit
from supervisor.diagnosis import Diagnosis
from supervisor.memory import Incident, Memory
from supervisor.observation import (
    Audit,
    Ending,
    EngineView,
    Held,
    Look,
    Resting,
    Result,
    SentinelView,
    SessionPhase,
    Subject,
)
from supervisor.policy import Policy
from supervisor.rules import Rules
from tests.sim.world import ACCOUNT, working_order
from tws.values import Position

RULES, POLICY = Rules("sim", account=ACCOUNT), Policy()
CALL = Position(ACCOUNT, 7, "SPY", "OPT", "SPY 7C", Decimal(1), 3.0)
HELD = Held(CALL, since=100.0)
SENTINEL = SentinelView(
    phase=SessionPhase.READY,
    opened_at=90.0,
    heart=Look(Result.OK, 110.0, 0.01, "", Ending.ANSWERED),
    audit=Audit(at=101.1, asked_at=101.0, since=91.0, held=(HELD,)),
)


def naked(held: Held, asked_at: float = 101.0, *orders: Resting) -> object:
    books = Audit(asked_at, asked_at, 91.0, (held,), orders)
    return audit.naked_position(books, EngineView(), 102.0, RULES)


def test_orders_asked_for_before_the_position_changed_condemn_nothing() -> None:
    assert isinstance(naked(HELD, 101.0), Diagnosis)
    assert naked(HELD, 99.0) is Result.UNKNOWN
    assert naked(HELD, 99.0, Resting(working_order(1, 7, "SELL", 1))) is Result.OK


def test_another_accounts_positions_are_not_ours() -> None:
    foreign = Held(replace(CALL, account="DU2"), since=100.0)
    assert naked(foreign) is Result.OK
    books = Audit(101.0, 101.0, 91.0, (foreign,))
    assert isinstance(audit.naked_position(books, EngineView(), 102.0, Rules("sim")), Diagnosis)


def test_many_findings_are_cut_short() -> None:
    many = tuple(Held(replace(CALL, con_id=n, local_symbol=f"C{n}"), 100.0) for n in range(7))
    found = audit.naked_position(Audit(101.0, 101.0, 91.0, many), EngineView(), 102.0, RULES)
    assert isinstance(found, Diagnosis)
    assert found.why.endswith("1 C4 (contract 4) has exits for 0; and 2 more")


@pytest.mark.parametrize(
    ("changes", "now", "trusted"),
    [
        ({}, 110.0, True),
        ({}, 160.0, False),
        ({"phase": SessionPhase.AWAY}, 110.0, False),
        ({"opened_at": 95.0}, 110.0, False),
        ({"upstream_lost_at": 105.0}, 110.0, False),
        ({"heart": Look(Result.FAIL, 110.0)}, 110.0, False),
        ({"audit": None}, 110.0, False),
    ],
    ids=["well", "old", "away", "another session", "without ibkr", "silent", "none yet"],
)
def test_the_brokers_word_counts_while_it_can_be_trusted(changes: dict[str, object], now: float, trusted: bool) -> None:
    word = audit.word_of_broker(replace(SENTINEL, **changes), now, POLICY)  # type: ignore[arg-type]
    assert (word is not None) is trusted


def test_the_pace_follows_what_is_at_stake() -> None:
    incident = Incident(1, "slow", Subject.GATEWAY, 0.0, 0.0, 0.0)
    assert audit.pace(Memory(), False, POLICY) == POLICY.audit_interval
    assert audit.pace(Memory(), True, POLICY) == POLICY.audit_exposed
    assert audit.pace(Memory(standing=(incident,)), False, POLICY) == POLICY.audit_exposed
    assert audit.pace(Memory(changing=(("naked-position", 1.0),)), True, POLICY) == POLICY.fast_interval
    assert audit.pace(Memory(changing=(("slow", 1.0),)), False, POLICY) == POLICY.audit_interval
