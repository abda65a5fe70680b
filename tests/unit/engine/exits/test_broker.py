"""The broker's word: fresh for a moment, gone once acted on, and reconciled when it keeps differing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from engine.books import Truth
from engine.exits.broker import FRESH_SECONDS, LAG_SECONDS, RESYNC_EVERY_SECONDS, Asked
from tests.unit.engine.test_guardian import HandClock

if TYPE_CHECKING:
    from collections.abc import Coroutine

TRUTH = Truth({1: 1.0}, {})


class Rig:
    """Questions wait until `answer` lets them come to their end."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.work: list[Coroutine[Any, Any, Any]] = []
        self.asked = self.resyncs = 0
        self.fails = False
        self.broker = Asked(cast("Any", self), self.clock, self.work.append, self.resync)

    async def truth(self) -> Truth:
        self.asked += 1
        if self.fails:
            raise ConnectionError("gone")
        return TRUTH

    async def resync(self) -> None:
        self.resyncs += 1

    def answer(self) -> None:
        while self.work:
            asyncio.run(self.work.pop())


def test_an_answer_is_worth_something_for_a_moment_counted_from_the_question() -> None:
    rig = Rig()
    assert rig.broker.truth() is None
    rig.broker.ask("")
    rig.broker.ask("")
    rig.clock.time += FRESH_SECONDS / 2
    rig.answer()
    assert rig.asked == 1
    assert rig.broker.truth() == TRUTH
    rig.clock.time += FRESH_SECONDS / 2
    assert rig.broker.truth() is None


def test_what_was_acted_on_is_forgotten_also_when_it_was_still_on_its_way() -> None:
    rig = Rig()
    rig.broker.ask("")
    rig.answer()
    rig.broker.spend()
    assert rig.broker.truth() is None
    rig.broker.ask("")
    rig.clock.time += 0.1
    rig.broker.spend()
    rig.answer()
    assert rig.broker.truth() is None
    rig.clock.time += 0.1
    rig.broker.ask("")
    rig.answer()
    assert rig.broker.truth() == TRUTH


def test_no_answer_is_no_word_and_is_asked_for_again() -> None:
    rig = Rig()
    rig.fails = True
    rig.broker.ask("")
    rig.answer()
    assert rig.broker.truth() is None
    rig.fails = False
    rig.broker.ask("")
    rig.answer()
    assert rig.broker.truth() == TRUTH


def test_books_that_keep_differing_are_reconciled_now_and_then() -> None:
    rig = Rig()
    rig.broker.ask("differs")
    rig.clock.time += LAG_SECONDS
    rig.broker.ask("differs")
    rig.answer()
    assert rig.resyncs == 0
    for _ in range(3):
        rig.clock.time += 0.1
        rig.broker.ask("differs")
        rig.answer()
    assert rig.resyncs == 1
    rig.clock.time += RESYNC_EVERY_SECONDS
    rig.broker.ask("")
    rig.broker.ask("differs")
    rig.answer()
    assert rig.resyncs == 1, "it had agreed in between"
