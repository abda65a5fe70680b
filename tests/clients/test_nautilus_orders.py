"""What a NautilusTrader node orders, and what of it reaches the gateway: every type, time in force and tag."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.clients.scripts import ROOT, nautilus
from tests.clients.test_nautilus import today
from tests.stand_in import StandIn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FAR = 50.0
NEVER = "2030-12-31T22:00:00+00:00"
RESTS, FILLS, WAITS = "Submitted", "Filled", "PreSubmitted"
ARRIVED: dict[str, dict[str, Any]] = {
    "MKT DAY": {"order_type": "MKT", "tif": "DAY", "status": FILLS},
    "MKT GTC": {"order_type": "MKT", "tif": "GTC", "status": FILLS},
    "MKT IOC": {"order_type": "MKT", "tif": "IOC", "status": FILLS},
    "MKT FOK": {"order_type": "MKT", "tif": "FOK", "status": FILLS},
    "MKT OPG": {"order_type": "MKT", "tif": "OPG", "status": RESTS},
    "MOC": {"order_type": "MOC", "tif": "DAY", "status": RESTS},
    "LMT DAY": {"order_type": "LMT", "tif": "DAY", "status": RESTS},
    "LMT GTC": {"order_type": "LMT", "tif": "GTC", "status": RESTS},
    "LMT GTD": {"order_type": "LMT", "tif": "GTD", "good_till": NEVER, "status": RESTS},
    "LMT IOC": {"order_type": "LMT", "tif": "IOC", "status": "Cancelled"},
    "LMT FOK": {"order_type": "LMT", "tif": "FOK", "status": "Inactive"},
    "LMT OPG": {"order_type": "LMT", "tif": "OPG", "status": RESTS},
    "LOC": {"order_type": "LOC", "tif": "DAY", "status": RESTS},
    "STP DAY": {"order_type": "STP", "tif": "DAY", "status": WAITS},
    "STP GTC": {"order_type": "STP", "tif": "GTC", "status": WAITS},
    "STP GTD": {"order_type": "STP", "tif": "GTD", "good_till": NEVER, "status": WAITS},
    "STP LMT DAY": {"order_type": "STP LMT", "tif": "DAY", "status": WAITS},
    "MIT DAY": {"order_type": "MIT", "tif": "DAY", "status": WAITS},
    "LIT DAY": {"order_type": "LIT", "tif": "DAY", "status": WAITS},
    "MTL DAY": {"order_type": "MTL", "tif": "DAY", "status": FILLS},
    "TRAIL DAY": {"order_type": "TRAIL", "tif": "DAY", "trail_amount": FAR, "trigger_method": 2, "status": WAITS},
    # Basis points are a hundredth of a percent.
    "TRAIL GTC": {"order_type": "TRAIL", "tif": "GTC", "trail_percent": 10.0, "status": WAITS},
    "TRAIL LIMIT DAY": {"order_type": "TRAIL LIMIT", "trail_amount": FAR, "limit_offset": 1.0, "status": WAITS},
    "condition price": {"conditions": [["1", "a", "0", "1.0", "SPY", "SMART", "0"]], "status": WAITS},
    "condition time": {"conditions": [["3", "a", "1", "TIME"]], "status": WAITS},
    "condition margin": {"conditions": [["4", "a", "0", "1"]], "status": WAITS},
    "condition execution": {"conditions": [["5", "a", "STK", "SMART", "IBM"]], "status": WAITS},
    "condition volume": {"conditions": [["6", "a", "1", "1000000000", "SPY", "SMART"]], "status": WAITS},
    "condition percent change": {"conditions": [["7", "a", "1", "1000.0", "SPY", "SMART"]], "status": WAITS},
    "condition several": {
        "conditions": [
            ["1", "o", "0", "1.0", "SPY", "SMART", "2"],
            ["6", "a", "1", "1000000000", "SPY", "SMART"],
            ["3", "a", "1", "TIME"],
        ],
        "status": WAITS,
    },
    "cancelled by a condition": {"cancel_on_condition": True, "conditions": [["3", "a", "1", "TIME"]], "status": RESTS},
    "good after": {"good_after": NEVER, "status": WAITS},
    "outside rth": {"outside_rth": True, "status": RESTS},
    **{
        f"oca {kind} {where}": {"oca_type": kind, "oca_group": f"WK-GROUP-{kind}", "tif": "DAY", "status": RESTS}
        for kind in (1, 2, 3)
        for where in ("near", "far")
    },
    "bracket ENTRY": {"order_type": "LMT", "tif": "DAY", "oca_group": "", "transmit": False, "status": RESTS},
    "bracket STOP_LOSS": {"order_type": "STP", "tif": "DAY", "oca_type": 2, "transmit": False, "status": WAITS},
    "bracket TAKE_PROFIT": {"order_type": "LMT", "tif": "DAY", "oca_type": 2, "transmit": False, "status": WAITS},
    "bracket LAST_RESORT": {"order_type": "MKT", "tif": "DAY", "oca_type": 2, "transmit": True, "status": WAITS},
}
OPEN = {RESTS, WAITS}
TYPES = {
    "MKT": "MARKET",
    "MOC": "MARKET",
    "LMT": "LIMIT",
    "LOC": "LIMIT",
    "STP": "STOP_MARKET",
    "STP LMT": "STOP_LIMIT",
    "MIT": "MARKET_IF_TOUCHED",
    "LIT": "LIMIT_IF_TOUCHED",
    "TRAIL": "TRAILING_STOP_MARKET",
    "TRAIL LIMIT": "TRAILING_STOP_LIMIT",
}
"""How NautilusTrader calls IBKR's types."""


def node_ends(stand_in: StandIn, script: str, *more: str) -> subprocess.CompletedProcess[str]:
    """A node that has run."""
    return subprocess.run(
        nautilus(script, stand_in, *more), cwd=ROOT, capture_output=True, text=True, timeout=90, check=False
    )


def node_says(stand_in: StandIn, script: str, *more: str) -> Any:
    """The JSON line that a node prints."""
    ran = node_ends(stand_in, script, *more)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return next(json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{"))


class Ordered:
    """A stand-in to which the node has sent everything."""

    def __init__(self, stand_in: StandIn) -> None:
        self.stand_in = stand_in
        self.expiry = asyncio.run(today(stand_in))
        self.told: dict[str, tuple[str, str]] = node_says(stand_in, "orders", self.expiry)

    def book(self) -> dict[str, dict[str, Any]]:
        """The stand-in's orders by client order id."""
        return {order["order_ref"].rpartition(":")[0]: order for order in self.stand_in.book()["orders"]}

    def arrived(self, name: str) -> dict[str, Any]:
        """The order of that name, as the stand-in has it."""
        return self.book()[self.told[name][0]]


@pytest.fixture(scope="module", params=["200", "223"])
def ordered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ordered]:
    folder = tmp_path_factory.mktemp("ordered")
    with contextlib.closing(StandIn(folder, SIM_SERVER_VERSION=request.param)) as stand_in:
        stand_in.start()
        stand_in.up()
        yield Ordered(stand_in)
        assert stand_in.metric("failures_total") == 0


def test_every_order_arrives_as_it_was_meant(ordered: Ordered) -> None:
    """All in one test, since one node sends them all."""
    assert set(ordered.told) == set(ARRIVED)
    spy = str(ordered.arrived("MKT DAY")["con_id"])
    for name, expected in ARRIVED.items():
        order = ordered.arrived(name)
        order["oca_group"] = order["oca_group"].replace(str(ordered.stand_in.api_port), "GROUP")
        for row in order["conditions"]:
            row[:] = ["TIME" if row[0] == "3" and index == 3 else value for index, value in enumerate(row)]
            row[:] = ["SPY" if value == spy else value for value in row]
        assert {key: order[key] for key in expected} == expected, name


def test_our_bracket_is_one_family_in_one_group(ordered: Ordered) -> None:
    entry, *exits = [
        ordered.arrived(f"bracket {role}") for role in ("ENTRY", "STOP_LOSS", "TAKE_PROFIT", "LAST_RESORT")
    ]
    assert {order["parent_id"] for order in exits} == {entry["order_id"]}
    assert len({order["oca_group"] for order in exits}) == 1
    assert exits[0]["oca_group"].startswith("WK-")
    assert {(order["action"], order["quantity"]) for order in exits} == {("SELL", 2.0)}
    assert [order["good_after"] is None for order in exits] == [True, True, False]
    assert "OrderAccepted" in ordered.told["bracket LAST_RESORT"][1]


def test_as_it_is_the_adapter_cannot_read_a_stop_for_the_day_back(ordered: Ordered) -> None:
    """It takes DAY for AT_THE_CLOSE, which no stop may be: the node dies at its start."""
    ran = node_ends(ordered.stand_in, "readback", ordered.expiry, "plain")
    assert ran.returncode != 0
    assert "AT_THE_CLOSE" in ran.stderr


def test_a_node_without_a_cache_takes_orders_up_as_they_are(ordered: Ordered) -> None:
    """And a price that it changes is all that changes."""
    before = ordered.book()
    found = node_says(ordered.stand_in, "readback", ordered.expiry, "kept")
    names = {client_order_id: name for name, (client_order_id, _) in ordered.told.items()}
    assert set(found) == {key for key, order in before.items() if order["status"] in OPEN}
    for key, order in found.items():
        sent = before[key]
        at_open = {"OPG": "AT_THE_OPEN"}.get(sent["tif"], sent["tif"])
        tif = "AT_THE_CLOSE" if sent["order_type"] in ("MOC", "LOC") else at_open
        assert (order["type"], order["tif"]) == (TYPES[sent["order_type"]], tif), names[key]
        assert order["oca"] == ([sent["oca_group"], sent["oca_type"]] if sent["oca_group"] else None), names[key]
    roles = {names[key]: order["role"] for key, order in found.items() if names[key].startswith("bracket")}
    assert roles.pop("bracket ENTRY") is None
    assert roles == {f"bracket {role}": role for role in ("STOP_LOSS", "TAKE_PROFIT", "LAST_RESORT")}
    after = ordered.book()
    changed = {
        key: {name for name in after[key] if after[key][name] != before[key][name]}
        for key in before
        if after[key] != before[key]
    }
    assert changed == {key: {"limit_price"} for key, order in found.items() if order["changed"]}
    assert len(changed) == 16


async def test_a_position_is_left_through_its_group(start: Callable[..., StandIn]) -> None:
    stand_in = start(SIM_VOLATILITY="1")
    told = node_says(stand_in, "groups", await today(stand_in))
    one_fills = {"STOP_LOSS": "CANCELED", "TAKE_PROFIT": "FILLED", "LAST_RESORT": "CANCELED"}
    for case in ("1", "2", "3", "change"):
        assert (told[case]["ends"], told[case]["held"]) == (one_fills, 0.0), case
    assert told["join"]["ends"] == dict.fromkeys(one_fills, "CANCELED") | {"CLOSE_NOW": "FILLED"}
    assert told["join"]["held"] == 0.0
    # Who cancels one member cancels them all, and holds on.
    assert (told["cancel"]["ends"], told["cancel"]["held"]) == (dict.fromkeys(one_fills, "CANCELED"), 1.0)
    # At a partial fill the stop shrinks with the position, but for type 1, where it goes and the rest has none.
    assert told["1"]["uncovered"] > 0
    assert told["1"]["shrunk"] == 0
    assert told["2"]["shrunk"] > 0
    assert told["3"]["shrunk"] > 0
    assert {case["least"] for case in told.values()} == {0.0}
    held = [(position["sec_type"], position["quantity"]) for position in stand_in.book()["positions"]]
    assert held == [("OPT", 1.0)]
