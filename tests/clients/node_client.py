"""@stoqey/ib 1.6.10, unmodified, in Node: how it is installed and run."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VERSIONS = range(157, 194)
"""Server versions it speaks."""

_HERE = Path(__file__).with_name("node")
_LOCK = "package-lock.json"


@dataclass(frozen=True, slots=True)
class Read:
    """What the client made of one frame."""

    events: list[list[Any]]
    """Name and arguments of each event."""
    faults: list[str]
    """What its decoder stumbled over: exceptions, too few fields, fields left over, an unknown message."""


def install(folder: Path, locked: Path = _HERE) -> None:
    """Put the packages that are locked in `locked` under that folder, unless they are there already."""
    wanted = (locked / _LOCK).read_text()
    stamp = folder / "installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", _LOCK):
        shutil.copy(locked / name, folder)
    command = ["npm", "ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, f"npm ci: {done.stdout}{done.stderr}"
    stamp.write_text(wanted)


class Node:
    """Runs the scripts beside this file against the installed packages."""

    def __init__(self, folder: Path) -> None:
        self._environment = {**os.environ, "NODE_PATH": str(folder / "node_modules")}

    def start(self, script: str, *arguments: str) -> subprocess.Popen[str]:
        """A script as a process of its own, its three streams as pipes."""
        return subprocess.Popen(
            ["node", str(_HERE / script), *arguments],
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, script: str, given: object, *arguments: str, timeout: float = 60) -> Any:
        """What a script makes of one JSON value and its arguments, as JSON."""
        with self.start(script, *arguments) as process:
            try:
                out, err = process.communicate(json.dumps(given), timeout)
            finally:
                process.kill()
        assert process.returncode == 0, err
        return json.loads(out)

    def read(self, frames: Mapping[int, Sequence[bytes]]) -> dict[int, list[Read]]:
        """Let the client read payloads as a server of each version would have sent them."""
        given = [
            {"version": version, "frames": [base64.b64encode(payload).decode() for payload in payloads]}
            for version, payloads in frames.items()
        ]
        found = self.run("decode.cjs", given)
        return {version: [Read(**one) for one in answers] for version, answers in zip(frames, found, strict=True)}
