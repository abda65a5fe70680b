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
    EngineOrder,
    EnginePosition,
    EngineRefusal,
    EngineView,
    EngineWord,
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


# -- several accounts of one gateway -----------------------------------------------------------------------------------

BOTH = replace(RULES, further_accounts=("DU2",))
SECOND = Held(replace(CALL, account="DU2"), since=100.0)
SPOKE = EngineView(look=Look(Result.OK, 110.0, 0.01), word=EngineWord.TRADING)


def test_a_further_account_is_watched_and_named() -> None:
    books = Audit(101.0, 101.0, 91.0, (SECOND,))
    found = audit.naked_position(books, EngineView(), 102.0, BOTH)
    assert isinstance(found, Diagnosis)
    assert found.why == "1 SPY 7C (contract 7, account DU2) has exits for 0"
    late = audit.late_position(replace(books, held=(replace(SECOND, expires_at=103.0),)), EngineView(), 102.0, BOTH)
    assert isinstance(late, Diagnosis)
    assert "account DU2" in late.why


def test_books_are_compared_by_account() -> None:
    """The same contract in the wrong account is two differences; what another gateway's account holds is none here."""
    books = Audit(101.0, 101.0, 91.0, (SECOND,))

    def judged(*held: EnginePosition) -> object:
        return audit.unknown_position(books, replace(SPOKE, held=held), 111.0, BOTH)

    assert judged(EnginePosition(7, "C7", 1.0, "DU2")) is Result.OK
    assert judged(EnginePosition(7, "C7", 1.0, "DU2"), EnginePosition(8, "C8", 1.0, "DU9")) is Result.OK
    found = judged(EnginePosition(7, "C7", 1.0))
    assert isinstance(found, Diagnosis)
    assert f"contract 7, account {ACCOUNT}), the engine 1" in found.why
    assert "the broker has 1 SPY 7C (contract 7, account DU2), the engine 0" in found.why


def test_orders_and_refusals_are_of_their_account() -> None:
    books = Audit(105.0, 105.0, 91.0, (SECOND,))
    refused = EngineRefusal("O-1", 7, "C7", "SELL", "201", account="DU2")
    assert isinstance(audit.exit_rejected(books, replace(SPOKE, refused=(refused,)), 111.0, BOTH), Diagnosis)
    assert audit.exit_rejected(books, replace(SPOKE, refused=(replace(refused, account=""),)), 111.0, BOTH) is Result.OK
    late = EngineOrder("O-2", "C7", 60.0, "DU2")
    assert isinstance(audit.order_unacked(books, replace(SPOKE, working=(late,)), 111.0, BOTH), Diagnosis)
    elsewhere = replace(late, account="DU9")
    assert audit.order_unacked(books, replace(SPOKE, working=(elsewhere,)), 111.0, BOTH) is Result.OK
