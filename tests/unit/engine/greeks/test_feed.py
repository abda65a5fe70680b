"""The socket against a local server: reconnecting, joining again, back-pressure, and a token that nobody sees."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from engine.clock import SystemClock
from engine.greeks.unusual_whales import feed as module
from engine.greeks.unusual_whales.feed import Feed
from tests.unit.engine.greeks.whales import TOKEN, Whales, samples, serving, trade, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime
    from pathlib import Path

CALL = "SPY261123C00600000"
CHANNEL = "option_trades:SPY"


class Hurried:
    """The machine's clock, but for sleeps, which are noted and cut short."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.ahead = 0.0

    def monotonic(self) -> float:
        return SystemClock().monotonic() + self.ahead

    def now(self) -> datetime:
        return SystemClock().now()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0.01)


@pytest.fixture
def clock() -> Hurried:
    return Hurried()


@pytest.fixture
def token(tmp_path: Path) -> Path:
    file = tmp_path / "unusual_whales_token"
    file.write_text(f"{TOKEN}\n")
    return file


@asynccontextmanager
async def running(whales: Whales, token: Path, clock: Hurried) -> AsyncIterator[Feed]:
    feed = Feed(whales.url, token, clock, wanted=lambda symbol: symbol.startswith("SPY261123"))
    task = asyncio.get_running_loop().create_task(feed.run())
    try:
        yield feed
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_session_joins_as_text_and_hears_trades(token: Path, clock: Hurried) -> None:
    async with serving() as whales, running(whales, token, clock) as feed:
        await feed.join(CHANNEL)
        await until(lambda: feed.joined == {CHANNEL})
        await whales.send(*samples()[1:], "no frame at all")
        await until(lambda: feed.counts.undecodable)
        newest = {heard.symbol: heard for heard in feed.take()}
        assert set(newest) == {CALL, "SPY261123P00598000"}
        assert newest[CALL].delta == 0.5233
        assert feed.take() == []
        assert (feed.counts.prints, feed.counts.conflated, feed.counts.implausible) == (5, 1, 2)
        assert whales.binary == 0


async def test_a_trade_of_an_option_nobody_wants_is_counted_only(token: Path, clock: Hurried) -> None:
    async with serving() as whales, running(whales, token, clock) as feed:
        await until(lambda: feed.connected)
        await whales.send(trade("SPY261124C00600000", 10**9))
        await until(lambda: feed.counts.unknown == 1)
        assert feed.take() == []


async def test_the_newest_trade_wins_also_when_it_comes_first(token: Path, clock: Hurried) -> None:
    async with serving() as whales, running(whales, token, clock) as feed:
        await until(lambda: feed.connected)
        await whales.send(trade(CALL, 2 * 10**9, delta="0.2"), trade(CALL, 10**9, delta="0.1"))
        await until(lambda: feed.counts.prints == 2)
        assert [heard.delta for heard in feed.take()] == [0.2]


@pytest.mark.parametrize("how", ["hang_up", "cut"])
async def test_a_lost_session_comes_back_and_joins_again(token: Path, clock: Hurried, how: str) -> None:
    async with serving() as whales, running(whales, token, clock) as feed:
        await feed.join(CHANNEL)
        await until(lambda: feed.joined)
        await whales.send(trade(CALL, 10**9))
        await until(lambda: feed.counts.prints == 1)
        await getattr(whales, how)()
        await until(lambda: feed.counts.sessions == 2 and feed.joined == {CHANNEL})
        assert [said["msg_type"] for said in whales.said] == ["join", "join"]


async def test_what_was_left_is_not_joined_again(token: Path, clock: Hurried) -> None:
    async with serving() as whales, running(whales, token, clock) as feed:
        await feed.join(CHANNEL)
        await feed.join("option_trades:QQQ")
        await until(lambda: len(feed.joined) == 2)
        await feed.leave("option_trades:QQQ")
        await until(lambda: len(whales.said) == 3)
        await whales.cut()
        await until(lambda: feed.counts.sessions == 2 and feed.joined == {CHANNEL})
        assert len(whales.said) == 4


async def test_sessions_without_a_trade_are_asked_for_ever_later(token: Path, clock: Hurried) -> None:
    async with serving() as whales, running(whales, token, clock) as feed:
        whales.refuse = True
        await whales.hang_up()
        await until(lambda: len(clock.slept) >= 9)
        assert clock.slept[5] > clock.slept[0] >= 1.0
        assert max(clock.slept) <= module.MAX_RETRY_SECONDS
        assert "HTTP 401" in feed.trouble
        assert "unusual_whales_token" in feed.trouble


async def test_a_silent_session_is_given_up(token: Path, clock: Hurried) -> None:
    async with serving() as whales, running(whales, token, clock) as feed:
        await until(lambda: feed.connected)
        await feed.hang_up_if_silent()
        assert feed.connected
        clock.ahead += module.SILENT_SECONDS + 1
        await feed.hang_up_if_silent()
        await until(lambda: whales.accepted == 2)


async def test_the_token_is_read_anew_for_each_session(token: Path, clock: Hurried) -> None:
    token.write_text("an old one")
    async with serving() as whales, running(whales, token, clock) as feed:
        await until(lambda: "HTTP 401" in feed.trouble)
        token.write_text(TOKEN)
        await until(lambda: feed.connected)
        assert feed.trouble == ""


@pytest.mark.parametrize(("content", "word"), [("", "empty"), (None, "cannot be read")])
async def test_without_a_token_it_says_what_is_missing(
    token: Path, clock: Hurried, content: str | None, word: str
) -> None:
    token.unlink()
    if content is not None:
        token.write_text(content)
    async with serving() as whales, running(whales, token, clock) as feed:
        await until(lambda: word in feed.trouble)
        assert whales.accepted == 0


async def test_memory_does_not_grow_with_a_flood(token: Path, clock: Hurried) -> None:
    symbols = [f"SPY261123C00{strike}000" for strike in range(500, 600)]
    async with serving() as whales, running(whales, token, clock) as feed:
        await until(lambda: feed.connected)
        frames = [trade(symbols[i % len(symbols)], i * 10**6) for i in range(1, 5001)]
        await whales.send(*frames)
        await until(lambda: feed.counts.prints == 5000)
        assert feed.counts.conflated == 4900
        assert len(feed.take()) == 100


async def test_nobody_ever_sees_the_token(token: Path, clock: Hurried, caplog: pytest.LogCaptureFixture) -> None:
    """Also with every logger at DEBUG, when refused, when unreachable, and when the address is no address."""
    caplog.set_level(logging.DEBUG)
    troubles = []
    async with serving() as whales, running(whales, token, clock) as feed:
        await feed.join(CHANNEL)
        await until(lambda: feed.joined)
        for name in ("no-scheme", "ws://127.0.0.1:1/socket", "ws://no.such.host.invalid/socket", whales.url):
            feed.url = name
            whales.refuse = True
            seen = len(clock.slept)
            await whales.cut()
            await until(lambda seen=seen: len(clock.slept) >= seen + 2)
            troubles.append(feed.trouble)
    assert "HTTP 401" in troubles[-1]
    assert all(troubles)
    # The local server's own log is not ours.
    ours = [record.getMessage() for record in caplog.records if record.name != "websockets.server"]
    assert TOKEN not in "\n".join([*troubles, *ours, repr(feed)])
