"""NautilusTrader 1.231, unmodified: a node with data and execution trades a bracket, and its books agree with ours."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.clients.bracket import bracket_agrees
from tests.clients.scripts import ROOT, nautilus
from tests.stand_in import StandIn, wait_for
from tests.unit.simulator.raw import RawClient

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


async def today(stand_in: StandIn) -> str:
    """The first expiry on the list."""
    async with RawClient(stand_in.api_port) as client:
        await client.start(900)
        [row, *_] = await client.answer("78", "1", "SPY", "", "STK", 756733, end="76")
        return str(row[7])


@pytest.mark.parametrize(
    ("version", "form"), [(174, "instrument"), (187, "operator"), (200, "utc"), (223, "operator"), (223, "utc")]
)
async def test_a_whole_session(start: Callable[..., StandIn], version: int, form: str) -> None:
    """Also in the three forms that execution times come in."""
    stand_in = start(
        SIM_SERVER_VERSION=str(version), SIM_TIME_FORMAT=form, TIME_ZONE="Europe/Berlin" if form == "operator" else ""
    )
    expiry = await today(stand_in)
    ran = subprocess.run(  # noqa: ASYNC221 (nothing else runs meanwhile)
        nautilus("session", stand_in, expiry),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    seen = json.loads(ran.stdout.strip().splitlines()[-1])
    assert seen["spy"] == "SPY.ARCA"
    assert seen["calls"] > 100
    assert 0 < seen["expires"] - seen["now"] < 86400
    assert seen["events"].count("OrderFilled") == 2
    assert seen["events"].count("OrderCanceled") == 1
    assert "OrderRejected" not in seen["events"]
    assert (seen["open_orders"], seen["open_positions"]) == (0, 0)
    assert seen["trades"] > 0
    assert seen["levels"] > 10  # of both sides of a smart book of twenty rows each, which share prices
    assert seen["reader_alive"]
    wait_for(lambda: 1 not in stand_in.status()["clients"], 30)
    book = stand_in.book()
    bracket_agrees(book, 1)
    ours = [order["order_ref"].rsplit(":", 1)[0] for order in book["orders"] if order["status"] == "Filled"]
    assert sorted(ours) == seen["filled"]
    bought, sold = book["executions"]
    gained = (sold["price"] - bought["price"]) * 100 - bought["commission"] - sold["commission"]
    assert seen["profit"] == pytest.approx(gained)
    assert stand_in.metric("failures_total") == 0


def test_a_day_with_everything_and_a_lost_link(start: Callable[..., StandIn]) -> None:
    stand_in = start()
    with subprocess.Popen(
        nautilus("day", stand_in), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as node:
        try:
            wait_for(lambda: ended(stand_in.book()["orders"], 11), 60, stand_in.book)
            stand_in.fault("upstream-lost")
            wait_for(lambda: 1 not in stand_in.status()["clients"], 30)
            stand_in.cure("upstream-lost")
            out, err = node.communicate(timeout=100)
        finally:
            node.kill()
    assert node.returncode == 0, out + err
    seen = json.loads(out.strip().splitlines()[-1])
    assert seen["instruments"] == ["CryptoPerpetual", "CurrencyPair", "Equity", "FuturesContract", "IndexInstrument"]
    assert all(seen[kind] > 0 for kind in ("quotes", "trades", "bars", "books", "history"))
    rested = {"immediate", "until a day", "rests", "on the close"}
    assert seen["orders"] == {name: "CANCELED" if name in rested else "FILLED" for name in seen["orders"]}
    assert len(seen["orders"]) == 11
    assert seen["lost"]
    assert seen["resumed"]
    assert seen["reader_alive"]
    assert stand_in.metric("failures_total") == 0


@pytest.mark.parametrize(("version", "kind"), [(200, "no-number"), (223, "half-a-message")])
def test_delayed_data_and_a_frame_that_cannot_be_read(
    start: Callable[..., StandIn], tmp_path: Path, version: int, kind: str
) -> None:
    """It is told that data is delayed, and reads no such tick; one unreadable message ends its reader for good."""
    stand_in = start(SIM_MARKET_DATA="delayed", SIM_SERVER_VERSION=str(version))
    told = tmp_path / "nautilus.log"
    with (
        told.open("w") as out,
        subprocess.Popen(
            nautilus("late", stand_in),
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
        ) as node,
    ):
        try:
            wait_for(lambda: "10167" in told.read_text(), 30, told.read_text)
            wait_for(lambda: "Market DataType is DELAYED" in told.read_text(), 10, told.read_text)
            ticks = stand_in.metric("ticks_sent_total")
            wait_for(lambda: stand_in.metric("ticks_sent_total") > ticks + 5, 10)
            stand_in.fault("undecodable-frame", client=1, kind=kind)
            node.wait(30)
        finally:
            node.kill()
    seen = json.loads(told.read_text().strip().splitlines()[-1])
    assert seen == {"quotes": 0, "reader_alive": False, "connected": True}


def ended(orders: list[dict[str, object]], count: int) -> bool:
    return len([order for order in orders if order["status"] in ("Filled", "Cancelled")]) == count
