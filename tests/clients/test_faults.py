"""Faults of the process itself, and faults from a file: the stand-in as a process of its own."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import signal
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from gateway.simulator.faults.process import stand_still
from tests.stand_in import StandIn, wait_for
from tests.unit.simulator.raw import RawClient

if TYPE_CHECKING:
    from collections.abc import Callable

_MIB = 1 << 20


def state(stand_in: StandIn) -> str:
    """What the system says the process is doing: S sleeping, T stopped …"""
    return Path(f"/proc/{stand_in.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def resident(stand_in: StandIn) -> float:
    pages = int(Path(f"/proc/{stand_in.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MIB


async def test_a_freeze_ends_by_itself(start: Callable[..., StandIn]) -> None:
    stand_in = start()
    async with RawClient(stand_in.api_port) as client:
        await client.start()
        before = time.monotonic()
        stand_in.fault("freeze", duration=1.0)
        await asyncio.to_thread(wait_for, lambda: state(stand_in) == "T", 5)
        async with httpx.AsyncClient(timeout=0.3, trust_env=False) as control:
            with pytest.raises(httpx.TimeoutException):
                await control.get(f"http://127.0.0.1:{stand_in.control_port}/healthz")
        client.send("8", "1", "1")
        assert await client.silence(0.3)
        async with RawClient(stand_in.api_port) as late:
            late.send_bytes(b"API\0\0\0\0\x09v100..200")
            assert await late.silence(0.1)
            assert (await client.receive(10))[0] == "9"
            assert time.monotonic() - before >= 0.9
            assert (await late.receive(10))[0] == "200"
    assert stand_in.status()["faults"] == []


async def test_a_freeze_without_an_end_is_for_somebody_else_to_end(start: Callable[..., StandIn]) -> None:
    stand_in = start()
    stand_in.fault("freeze")
    await asyncio.to_thread(wait_for, lambda: state(stand_in) == "T", 5)
    os.kill(stand_in.pid, signal.SIGCONT)
    async with RawClient(stand_in.api_port) as client:
        await client.start()


def test_the_first_process_of_a_container_blocks_itself() -> None:
    begun = time.monotonic()
    stand_still(0.2)
    assert 0.2 <= time.monotonic() - begun < 2
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGCONT)).start()
    stand_still(None)
    assert signal.getsignal(signal.SIGCONT) is signal.SIG_DFL


def test_the_heap_grows_and_shrinks(start: Callable[..., StandIn]) -> None:
    stand_in = start()
    before = resident(stand_in)
    stand_in.fault("heap-growth", mib_per_second=1000.0, most_mib=64.0)
    wait_for(lambda: resident(stand_in) > before + 60, 20)
    time.sleep(0.1)  # it would take another 100 MiB in that time
    assert resident(stand_in) < before + 90
    stand_in.cure("heap-growth")
    wait_for(lambda: resident(stand_in) < before + 30, 10)


async def test_faults_from_a_file_are_there_from_the_start(start: Callable[..., StandIn], tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text('[[fault]]\nname = "no-managed-accounts"\n\n[[fault]]\nname = "read-only"\nstart = 3600\n')
    stand_in = start(SIM_FAULTS=str(path))
    async with RawClient(stand_in.api_port) as client:
        assert (await client.start())[0][0] == "9"
    cases = stand_in.get("/api/v1/faults")["cases"]
    assert [(case["name"], case["on"]) for case in cases] == [("no-managed-accounts", True), ("read-only", False)]


async def test_a_day_goes_by_in_seconds(start: Callable[..., StandIn], tmp_path: Path) -> None:
    stand_in = start(SIM_SPEED="0", SIM_START="2026-11-18T09:30:00-05:00")
    assert stand_in.get("/api/v1/time") == {"now": "2026-11-18T14:30:00+00:00", "speed": 0.0}
    async with RawClient(stand_in.api_port) as client:
        await client.start()
        moved = stand_in.post("/api/v1/time", {"advance": 1800})
        assert moved["now"] == "2026-11-18T15:00:00+00:00"
        told = int((await client.answer("49", "1", end="49"))[0][2])
        assert dt.datetime.fromtimestamp(told, dt.UTC).isoformat() == moved["now"]
    await asyncio.to_thread(wait_for, lambda: world_seen(tmp_path) == moved["now"], 5)
    stand_in.kill()
    stand_in.start()
    await asyncio.to_thread(stand_in.up)
    assert stand_in.get("/api/v1/time")["now"] == moved["now"]


def world_seen(directory: Path) -> str:
    """How far the world has come, by the record."""
    with closing(sqlite3.connect(directory / "gateway-state" / "broker.sqlite3")) as record:
        found = record.execute("SELECT value FROM meta WHERE name = 'world_seen'").fetchone()
    return str(found[0]) if found else ""
