"""The ledger as the supervisor reads it, and the hold as it writes it."""

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supervisor.errors import ActRefused
from supervisor.observation import Result
from supervisor.policy import Budget
from supervisor.probes.ledger import Ledger, explain
from tests.unit.gateway.wrapped import BASH, ENTRYPOINT
from tws.clock import SystemClock

CLOCK = SystemClock()
BUDGET = Budget.parse("2/30m,4/24h")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    for name in ("ledger", "hold", "mailbox"):
        (tmp_path / name).mkdir()
    return Ledger(tmp_path / "ledger", tmp_path / "hold", tmp_path / "mailbox", BUDGET, CLOCK)


def made(directory: Path, *ages: float) -> None:
    now = CLOCK.now().timestamp()
    lines = [f"{now - age:.0f} container-start boot\n" for age in ages]
    (directory / "ledger" / "attempts").write_text("".join(lines))


def says(directory: Path, state: str, age: float = 0.0, **more: object) -> None:
    note = {"at": CLOCK.now().timestamp() - age, "state": state, "next_at": None, "reason": "why", **more}
    (directory / "mailbox" / "ledger").write_text(json.dumps(note))


def test_a_new_ledger_is_empty_and_well(ledger: Ledger) -> None:
    view = ledger.look()
    assert (view.look.result, view.attempts, view.hold, view.next_at, view.waiting) == (
        Result.OK,
        (),
        None,
        None,
        False,
    )
    assert explain(view, BUDGET, CLOCK.monotonic(), float) == "2 logins left"


def test_logins_are_on_our_clock_and_old_ones_are_gone(ledger: Ledger, tmp_path: Path) -> None:
    made(tmp_path, 100_000, 3600, 10)
    view = ledger.look()
    assert [CLOCK.monotonic() - at for at in view.attempts] == pytest.approx([3600, 10], abs=3)
    assert view.next_at is None
    assert explain(view, BUDGET, CLOCK.monotonic(), float) == "1 login left"


@pytest.mark.parametrize(
    ("ages", "free_in"),
    [((20, 10), 1780), ((7400, 7300, 7200, 7100), 79000), ((7400, 7300, 20, 10), 79000), ((10, -3000), 1790)],
)
def test_a_spent_ledger_says_until_when(
    ledger: Ledger, tmp_path: Path, ages: tuple[float, ...], free_in: float
) -> None:
    made(tmp_path, *ages)
    view = ledger.look()
    assert view.next_at is not None
    assert view.next_at - CLOCK.monotonic() == pytest.approx(free_in, abs=3)
    assert BUDGET.left(view.attempts, CLOCK.monotonic()) <= 0
    sentence = explain(view, BUDGET, CLOCK.monotonic(), lambda at: 1795352400.0)
    assert "the next one at 2026-11-22 13:00:00 UTC" in sentence


def test_a_hold_is_written_told_and_lifted(ledger: Ledger, tmp_path: Path) -> None:
    made(tmp_path, 20, 10)
    ledger.hold("IBKR refused\nthe password\0")
    view = ledger.look()
    assert (view.hold, view.next_at) == ("IBKR refusedthe password", None)
    assert "`make resume` or `make login`" in explain(view, BUDGET, CLOCK.monotonic(), float)
    ledger.hold("something else")
    assert ledger.lift() == "IBKR refusedthe password"
    assert ledger.look().hold is None
    assert ledger.lift() is None


def test_a_hold_by_hand_needs_no_reason(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "hold" / "hold").write_bytes(b"\xff\0")
    assert ledger.look().hold is not None
    (tmp_path / "hold" / "hold").write_bytes(b"")
    assert ledger.look().hold == "for a reason that cannot be read"


@pytest.mark.parametrize(
    ("state", "age", "waiting", "result"),
    [
        ("open", 0.0, False, Result.OK),
        ("spent", 0.0, True, Result.OK),
        ("held", 5.0, True, Result.OK),
        ("held", 60.0, False, Result.OK),  # whoever waited is gone
        ("unusable", 0.0, True, Result.FAIL),
        ("blind", 0.0, True, Result.FAIL),
    ],
)
def test_what_the_wrapper_waits_for(
    ledger: Ledger, tmp_path: Path, state: str, age: float, waiting: bool, result: Result
) -> None:
    says(tmp_path, state, age)
    view = ledger.look()
    assert (view.waiting, view.look.result) == (waiting, result)
    if result is Result.FAIL:
        assert explain(view, BUDGET, CLOCK.monotonic(), float) == "nobody can log in: why"


@pytest.mark.parametrize("missing", ["ledger", "hold"])
def test_a_volume_that_is_not_there_is_our_own_trouble(ledger: Ledger, tmp_path: Path, missing: str) -> None:
    (tmp_path / missing).rmdir()
    view = ledger.look()
    assert view.look.result is Result.UNKNOWN
    assert "cannot be read" in explain(view, BUDGET, CLOCK.monotonic(), float)
    if missing == "hold":
        with pytest.raises(ActRefused, match="mounted"):
            ledger.hold("x")
        with pytest.raises(ActRefused, match="mounted"):
            ledger.lift()


def test_folders_where_files_should_be_are_our_own_trouble(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "ledger" / "attempts").mkdir()
    assert ledger.look().look.result is Result.UNKNOWN


# -- whatever is on the disk -------------------------------------------------------------------------------------------

WHOLE = st.integers(-90_000, 90_000).map(lambda age: int(CLOCK.now().timestamp()) - age)
LINES = st.one_of(
    WHOLE.map(lambda at: f"{at} ibc 1b4e28ba-2fa1-11d2-883f-0016d3cca427\n".encode()),
    WHOLE.map(lambda at: f"{at} ibc 1b4e28ba-2fa1-11d2-883f-0016d3cca427\n".encode()).flatmap(
        lambda line: st.integers(0, len(line)).map(lambda end: line[:end])
    ),
    st.binary(max_size=20),
    st.integers(0, 10**12).map(lambda number: f"{number}\n".encode()),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINES, max_size=8).map(b"".join), st.binary(max_size=40), st.binary(max_size=80))
def test_nothing_on_the_disk_is_an_error_and_the_wrapper_reads_the_same(
    ledger: Ledger, tmp_path: Path, attempts: bytes, hold: bytes, note: bytes
) -> None:
    (tmp_path / "ledger" / "attempts").write_bytes(attempts)
    (tmp_path / "hold" / "hold").write_bytes(hold)
    (tmp_path / "mailbox" / "ledger").write_bytes(note)
    view = ledger.look()
    assert view.look.result is Result.OK
    assert view.hold
    ledger.lift()
    free_at = ledger.look().next_at
    script = (
        f'MAILBOX=x; say() {{ :; }}; put() {{ :; }}; . "{ENTRYPOINT.with_name("ledger.sh")}"; choose_budget; next_login'
    )
    environment = {"LEDGER_DIR": str(tmp_path / "ledger"), "PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    bash = subprocess.run([BASH, "-c", script], env=environment, capture_output=True, text=True, timeout=20, check=True)
    wrappers = int(bash.stdout)
    if free_at is None or wrappers == 0:
        # Both speak of seconds, one rounds them: a window may end between the two readings.
        assert abs((free_at - CLOCK.monotonic()) if free_at else wrappers and wrappers - CLOCK.now().timestamp()) < 5
    else:
        assert CLOCK.now().timestamp() + free_at - CLOCK.monotonic() == pytest.approx(wrappers, abs=2)


@pytest.mark.parametrize(
    ("causes", "boot"), [("host-boot", True), ("host-boot container-start", False), ("ibc", False)]
)
def test_whether_the_last_login_was_the_machines_boot(
    ledger: Ledger, tmp_path: Path, causes: str, *, boot: bool
) -> None:
    now = CLOCK.now().timestamp()
    lines = [f"{now - 100 + n:.0f} {cause} boot-id\n" for n, cause in enumerate(causes.split())]
    (tmp_path / "ledger" / "attempts").write_text("".join(lines))
    view = ledger.look()
    assert len(view.attempts) == len(lines)
    assert view.host_boot is boot
