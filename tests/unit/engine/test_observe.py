"""What the loop's memory hears over Nautilus' own message bus."""

from __future__ import annotations

from nautilus_trader.common.component import LiveClock, MessageBus
from nautilus_trader.model.identifiers import TraderId

from engine.board import Board
from engine.observe import Watch
from engine.settings import Settings

TICKS = 20


def test_a_tick_counts_once_however_many_instruments_there_are() -> None:
    bus, watch = MessageBus(TraderId("T-1"), LiveClock()), Watch(Board(Settings(ib_account="DUSIM0001")))
    bus.subscribe("data.quotes.*", watch.on_data)
    for number in range(TICKS):
        bus.publish(f"data.quotes.ARCX.SPY{number}", object())
    assert watch.ticks == TICKS
    assert len(bus.subscriptions()) == 1
