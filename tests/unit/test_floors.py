"""The house's floors hold: no arrow runs up, time comes from clocks, and the project speaks only of itself."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

MAY_IMPORT = {
    "tws": {"tws"},
    "preflight": {"preflight", "tws"},
    "gateway": {"gateway", "tws"},
    "supervisor": {"supervisor", "preflight", "tws"},
    "engine": {"engine"},
}
CLOCKS = {"tws/clock.py", "engine/clock.py"}
WAITS_AND_CLOCKS = {
    "time.time",
    "time.monotonic",
    "time.sleep",
    "time.perf_counter",
    "asyncio.sleep",
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
}


def modules() -> list[Path]:
    return sorted(path.relative_to(ROOT) for room in MAY_IMPORT for path in (ROOT / room).rglob("*.py"))


def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text())


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


@pytest.mark.parametrize("path", modules(), ids=str)
def test_no_import_runs_up(path: Path) -> None:
    room = path.parts[0]
    rooms = {name.split(".")[0] for name in imported(path)} & set(MAY_IMPORT)
    assert rooms <= MAY_IMPORT[room]


@pytest.mark.parametrize("path", modules(), ids=str)
def test_time_comes_from_a_clock(path: Path) -> None:
    if str(path) in CLOCKS:
        return
    calls = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    # `import datetime as dt` makes it dt.datetime.now. Sleeping for 0 is no wait: it lets others run.
    names = {
        ".".join(ast.unparse(call.func).split(".")[-2:]) for call in calls if ast.unparse(call) != "asyncio.sleep(0)"
    }
    assert not names & WAITS_AND_CLOCKS


def test_this_test_bites() -> None:
    assert modules()
    assert "tws.frames" in set(imported(Path("tws/handshake.py")))


def test_only_one_package_owns_ibapi() -> None:
    """Every other PyPI package of that API installs the same folder and would overwrite it silently."""
    lock = (ROOT / "uv.lock").read_text()
    owners = {line.split('"')[1] for line in lock.splitlines() if line.startswith("name = ") and "ibapi" in line}
    assert owners == {"nautilus-ibapi"}


def test_no_secret_is_tracked() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert not [name for name in tracked if name.startswith(("secrets/", "var/")) or name == ".env"]
