"""When the books are compared with the broker's, and when a difference is worth a reconciliation."""

from __future__ import annotations

from engine.check import CONFIRM_SECONDS, Checks


def test_books_that_agree_are_looked_at_in_their_time() -> None:
    checks, reconcile = Checks(30).after("", 100)
    assert not reconcile
    assert not checks.due(129)
    assert checks.due(130)
    assert not Checks(0).due(1e9)


def test_a_difference_counts_once_it_was_seen_twice() -> None:
    checks, reconcile = Checks(30).after("3 SPY", 100)
    assert not reconcile
    assert checks.due(100 + CONFIRM_SECONDS)
    # What was on its way has come: another difference, or none, begins anew.
    assert not checks.after("2 SPY", 105)[1]
    assert not checks.after("", 105)[0].after("3 SPY", 135)[1]
    assert checks.after("3 SPY", 105)[1]


def test_what_a_reconciliation_did_not_cure_is_not_reconciled_for_again() -> None:
    checks = Checks(30)
    acts = []
    for now in (100, 105, 110, 140, 170):
        checks, reconcile = checks.after("3 SPY", now)
        acts.append(reconcile)
    assert acts == [False, True, False, False, False]
    checks, _ = checks.after("", 200)
    checks, _ = checks.after("3 SPY", 230)
    assert checks.after("3 SPY", 235)[1], "cured meanwhile, it is a new one"
