"""What the tests of the gateway container's wrapper share: its environment, and waiting for its files."""

import asyncio
import os
import shutil
from pathlib import Path

ENTRYPOINT = Path(__file__).parents[3] / "gateway" / "ibkr" / "entrypoint.sh"
BASH = shutil.which("bash") or "bash"

PLACES = {"LEDGER_DIR": "ledger", "HOLD_DIR": "hold", "TWS_SETTINGS_PATH": "settings"}
"""The wrapper's folders, by the variable that names them; conftest.py makes them anew for each test."""


def environment(**more: str) -> dict[str, str]:
    return {**{name: os.environ[name] for name in ("PATH", *PLACES)}, **more}


async def appears(path: Path) -> str:
    async with asyncio.timeout(10):
        while not path.exists():
            await asyncio.sleep(0.05)
    return path.read_text()
