"""The host as the kernel tells of it: sleep, a clock that nobody keeps, a full disk."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from supervisor.observation import Result
from supervisor.probes.host import JUMP, Host, LinuxKernel
from tws.clock import SystemClock


class Machine:
    """A kernel and a clock, turned by hand."""

    def __init__(self) -> None:
        self.mono, self.boot, self.wall = 100.0, 100.0, 1_790_000_000.0
        self.has_boottime = True
        self.sync: bool | None = True
        self.disk: float | None = 0.5

    def passes(self, seconds: float, *, asleep: float = 0.0, wall_set_by: float = 0.0) -> None:
        self.mono += seconds
        self.boot += seconds + asleep
        self.wall += seconds + asleep + wall_set_by

    def boottime(self) -> float | None:
        return self.boot if self.has_boottime else None

    def synchronised(self) -> bool | None:
        return self.sync

    def disk_free(self) -> float:
        if self.disk is None:
            raise OSError(5, "Input/output error")
        return self.disk

    def monotonic(self) -> float:
        return self.mono

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.wall, UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def host(machine: Machine) -> Host:
    return Host(machine, machine)


def test_time_that_only_boot_time_counts_was_slept(machine: Machine, host: Host) -> None:
    assert host.look().slept_at is None
    machine.passes(2.0, asleep=JUMP)
    assert host.look().slept_at == machine.mono
    slept_at = machine.mono
    machine.passes(60.0)
    view = host.look()
    assert (view.slept_at, view.wall_stepped_at) == (slept_at, None), "the wall clock went on in its sleep"


@pytest.mark.parametrize("seconds", [2.0, 3600.0])
def test_time_that_all_clocks_count_was_not(machine: Machine, host: Host, seconds: float) -> None:
    host.look()
    machine.passes(seconds, asleep=JUMP - 0.1)
    assert host.look().slept_at is None


@pytest.mark.parametrize("by", [-3600.0, -2.0, 2.0, 86400.0])
def test_a_wall_clock_that_is_set_is_noted_and_is_no_sleep(machine: Machine, host: Host, by: float) -> None:
    host.look()
    machine.passes(2.0, wall_set_by=by)
    view = host.look()
    assert (view.slept_at, view.wall_stepped_at) == (None, machine.mono)
    assert view.look.at == machine.mono


def test_a_wall_clock_that_is_steered_is_not_noted(machine: Machine, host: Host) -> None:
    host.look()
    machine.passes(2.0, wall_set_by=0.5)
    assert host.look().wall_stepped_at is None


def test_without_boot_time_nothing_is_known_of_sleep(machine: Machine, host: Host) -> None:
    machine.has_boottime = False
    host.look()
    machine.passes(2.0, asleep=100.0)
    view = host.look()
    assert (view.slept_at, view.look.result) == (None, Result.OK)


@pytest.mark.parametrize("word", [True, False, None])
def test_the_kernels_word_on_its_clock_is_passed_on(machine: Machine, host: Host, word: bool | None) -> None:
    machine.sync = word
    assert host.look().synchronised is word


def test_a_disk_that_cannot_be_asked_is_our_own_trouble(machine: Machine, host: Host) -> None:
    view = host.look()
    assert (view.look.result, view.disk_free) == (Result.OK, 0.5)
    machine.disk = None
    view = host.look()
    assert (view.look.result, view.disk_free) == (Result.UNKNOWN, None)
    assert "Input/output error" in view.look.why


def test_this_machine_can_be_asked(tmp_path: Path) -> None:
    kernel = LinuxKernel(tmp_path)
    assert 0.0 <= kernel.disk_free() <= 1.0
    assert kernel.synchronised() in (True, False, None)
    boot = kernel.boottime()
    assert boot is None or boot >= SystemClock().monotonic() - 1.0
    with pytest.raises(OSError, match="nowhere"):
        LinuxKernel(tmp_path / "nowhere").disk_free()
