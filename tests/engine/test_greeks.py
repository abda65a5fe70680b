"""The engine's greeks from end to end: quotes of the stand-in, a local feed in the service's shapes, and the switch."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.rig import Engine
from tests.stand_in import wait_for
from tests.unit.engine.greeks.whales import TOKEN, Whales, serving, trade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.engine.rig import Supervisor
    from tests.stand_in import StandIn


class Feed:
    """The local feed in a thread of its own. While `symbol` is set, it tells of a trade of that option every 0.2 s."""

    def __init__(self) -> None:
        self.symbol: str | None = None
        self.whales = Whales()
        self._up, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        assert self._up.wait(10)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(10)

    async def _serve(self) -> None:
        async with serving() as self.whales:
            self._up.set()
            while not self._stop.is_set():
                if self.symbol is not None:
                    await self.whales.send(trade(self.symbol, time.time_ns(), delta="0.4321"))
                await asyncio.sleep(0.2)


@pytest.fixture
def feed() -> Iterator[Feed]:
    with contextlib.closing(Feed()) as made:
        yield made


def greeks(engine: Engine) -> Any:
    return engine.status()["greeks"] or {"source": "", "options": {"local": 0}, "feed": None}


def test_greeks_come_from_the_feed_while_it_is_fresh_and_from_us_otherwise(
    tmp_path: Path, gateway: StandIn, supervisor: Supervisor, feed: Feed
) -> None:
    made = Engine(
        tmp_path,
        gateway,
        supervisor.url,
        GREEKS_FEED_URL=feed.whales.url,
        GREEKS_STALE_SECONDS="4",
        GREEKS_STRIKES="2",
        LOG_LEVEL="DEBUG",
    )
    with contextlib.closing(made) as engine:
        (tmp_path / "secrets" / "unusual_whales_token").write_text(TOKEN)
        gateway.start()
        gateway.up()
        engine.start()
        # Four lines serve eight options: each strike's call and put share the volatility of one.
        wait_for(lambda: greeks(engine)["options"]["local"] >= 8, 60, lambda: (greeks(engine), engine.tail()))
        assert greeks(engine)["source"] == "local"
        wait_for(lambda: greeks(engine)["feed"]["joined"] == 1, 20, lambda: greeks(engine))

        orders = wait_for(lambda: engine.status()["orders"], 60, lambda: engine.tail())
        feed.symbol = orders[0]["instrument_id"].rpartition(".")[0].replace(" ", "")
        wait_for(lambda: greeks(engine)["source"] == "unusual_whales", 30, lambda: greeks(engine))
        wait_for(lambda: greeks(engine)["options"]["unusual_whales"] == 1, 10, lambda: greeks(engine))
        assert engine.metric('watchkeeper_engine_greeks_source{source="unusual_whales"}') == 1
        assert engine.metric('watchkeeper_engine_greeks_switches_total{to="unusual_whales"}') == 1

        feed.close()
        wait_for(lambda: greeks(engine)["source"] == "local", 30, lambda: greeks(engine))
        told = greeks(engine)
        assert TOKEN not in str(engine.status())
        assert "no trade from the feed" in told["reason"]
        wait_for(lambda: not greeks(engine)["feed"]["connected"], 10, lambda: greeks(engine))
        assert engine.metric('watchkeeper_engine_greeks_switches_total{to="local"}') == 1
        assert engine.metric('watchkeeper_engine_greeks_source{source="local"}') == 1
        assert engine.terminate(20)[0] == 0
        text = engine.log.read_text()
        assert "greeks come from unusual_whales now" in text
        assert "greeks come from local now" in text
        assert TOKEN not in text
