"""When faults begin and end, whom they hit, and how they are read."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest

from gateway.simulator.errors import SettingsError
from gateway.simulator.faults.reading import from_file
from tests.unit.simulator.rig import NOON

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.simulator.run import Run


async def faults(run: Run) -> Any:
    await asyncio.sleep(0.01)
    return (await run.http.get("/api/v1/faults")).json()


async def test_one_begins_later_and_ends_by_itself(run: Run) -> None:
    answer = await run.http.post("/api/v1/faults/market-farm", json={"start": 10, "duration": 5})
    assert answer.status_code == 202
    listed = await faults(run)
    assert listed["active"] == []
    [case] = listed["cases"]
    assert (case["on"], case["begins"]) == (False, (NOON + dt.timedelta(seconds=10)).isoformat())
    assert case["ends"] == (NOON + dt.timedelta(seconds=15)).isoformat()
    run.clock.turn(10.1)
    assert (await faults(run))["active"] == ["market-farm"]
    assert not run.gateway.ticking
    run.clock.turn(5)
    assert (await faults(run))["cases"] == []
    assert run.gateway.ticking


async def test_one_begins_at_a_moment_of_the_world(run: Run) -> None:
    await run.http.post("/api/v1/faults/read-only", json={"start": "2026-11-18T12:00:30-05:00"})
    run.clock.turn(29)
    assert (await faults(run))["active"] == []
    run.clock.turn(1.1)
    assert (await faults(run))["active"] == ["read-only"]
    await run.http.post("/api/v1/faults/upstream-lost", json={"start": "2026-11-18T12:00:00-05:00"})
    assert (await faults(run))["active"] == ["read-only", "upstream-lost"]


async def test_one_that_is_to_come_can_be_called_off(run: Run) -> None:
    await run.http.post("/api/v1/faults/read-only", json={"start": 10})
    await run.end("read-only")
    run.clock.turn(20)
    assert (await faults(run))["cases"] == []
    assert not run.gateway.read_only


async def test_what_is_on_is_not_begun_again(run: Run) -> None:
    await run.begin("clock-skew", seconds=5.0)
    await run.begin("clock-skew", seconds=5.0)
    await run.begin("clock-skew", seconds=5.0, client=3)
    assert len((await faults(run))["cases"]) == 2
    await run.end("clock-skew")
    assert (await faults(run))["cases"] == []


async def test_all_are_ended_at_once(run: Run) -> None:
    await run.begin("read-only")
    await run.begin("market-farm")
    await run.begin("slow", start=100)
    assert (await run.http.delete("/api/v1/faults")).status_code == 200
    assert (await faults(run))["cases"] == []
    assert run.gateway.ticking
    assert not run.gateway.read_only


@pytest.mark.parametrize(
    ("name", "body", "says"),
    [
        ("slow", {"latency": -1}, "latency: expected a number from 0 to 600, found -1"),
        ("slow", {"latency": "1"}, "latency: expected a number from 0 to 600, found '1'"),
        ("slow", {"latency": True}, "latency: expected a number from 0 to 600, found True"),
        (
            "slow",
            {"depth": 1},
            "expected one of start, seed, duration, client, latency, jitter for slow, found 'depth'",
        ),
        ("slow", {"contract": 5}, "expected one of start, seed, duration, client, latency, jitter"),
        ("slow", {"duration": -5}, "duration: expected a number from 0 to 3.16224e+07, found -5"),
        ("slow", {"start": "soon"}, "start: expected seconds from now, or a moment with its zone"),
        ("slow", {"start": "2026-11-18T12:00:00"}, "start: expected seconds from now, or a moment with its zone"),
        ("trickle", {"size": 1.5}, "size: expected a whole number from 1 to 65536, found 1.5"),
        ("market-farm", {"farm": "eufarm"}, "farm: expected one of all, usfarm.nj, usfarm, found 'eufarm'"),
        ("crash", {"duration": 1}, "expected one of start, seed for crash, found 'duration'"),
        ("wrong-account", {"account": "a b"}, "account: expected letters and digits, found 'a b'"),
    ],
)
async def test_what_cannot_be_is_refused(run: Run, name: str, body: dict[str, Any], says: str) -> None:
    answer = await run.http.post(f"/api/v1/faults/{name}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(says)
    assert (await faults(run))["cases"] == []


# -- from a file -------------------------------------------------------------------------------------------------------

_TOML = """
[[fault]]
name = "slow"
latency = 0.25
client = 7
start = 30
duration = 60
seed = 4

[[fault]]
name = "data-lost"
start = 2026-11-18T18:00:00Z
"""


def test_a_file_of_faults(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(_TOML)
    slow, lost = from_file(path)
    assert (slow.fault.name, slow.delay, slow.duration, slow.scope.client, slow.seed) == ("slow", 30.0, 60.0, 7, 4)
    assert lost.delay == dt.datetime(2026, 11, 18, 18, 0, tzinfo=dt.UTC)
    other = tmp_path / "faults.json"
    other.write_text(json.dumps({"fault": [{"name": "slow", "latency": 0.25, "client": 7}]}))
    [same] = from_file(other)
    assert same.scope.client == 7


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("nonsense", "found: "),
        ("", "found something else than"),
        ("x = 1", "found something else than"),
        ("fault = 1", "found something else than"),
        ('[[fault]]\nname = "plague"', "in number 1: name: expected one of "),
        ('[[fault]]\nname = "slow"\nlatency = "much"', "in number 1: latency: expected a number"),
        ("[[fault]]", "in number 1: name: expected one of "),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str, found: str) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"^SIM_FAULTS: expected a TOML or JSON file of faults") as refused:
        from_file(path)
    assert found in str(refused.value)
    with pytest.raises(SettingsError, match="No such file"):
        from_file(tmp_path / "none.toml")
