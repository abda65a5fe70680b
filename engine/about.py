"""What this engine is made of and can reach, for a preflight: versions, what trades, the cache.

Its HTTP side tells it (`GET /api/v1/about`); `python -m engine.about` prints it of an image that does not run, without
settings, network or cache.
"""

from __future__ import annotations

import importlib
import json
import platform
import re
from importlib import metadata
from typing import TYPE_CHECKING, Any

from engine import cache
from engine.state import Phase

if TYPE_CHECKING:
    from engine.board import Board
    from engine.settings import Settings

_PIN = re.compile(r"nautilus-ibapi\s*\(?==\s*([\w.]+)")


def versions() -> dict[str, str]:
    """The versions that are installed, and the one of ibapi that this NautilusTrader asks for. Imports neither."""
    asked = " ".join(metadata.requires("nautilus_trader") or ())
    pinned = _PIN.search(asked)
    return {
        "python": platform.python_version(),
        "nautilus_trader": metadata.version("nautilus_trader"),
        "ibapi": metadata.version("nautilus-ibapi"),
        "ibapi_wanted": pinned[1] if pinned else "",
    }


async def about(settings: Settings, board: Board) -> dict[str, Any]:
    """Everything, version 1; keys are only ever added. Asks the cache, so it may take its 2 s."""
    # Whoever reads this in a run has got past the imports of all that trades, or is still at them.
    loading = board.read().snapshot.seen.phase is Phase.LOADING
    trouble = await cache.answers(settings) if settings.redis_host is not None else None
    return {
        "version": 1,
        "versions": versions(),
        "strategy": {"name": settings.chosen_strategy, "imports": None if loading else True, "why": ""},
        "cache": {"configured": settings.redis_host is not None, "answers": trouble is None, "why": trouble or ""},
    }


def main() -> None:
    """Import all that a run would, and print what came of it."""
    why = ""
    try:
        importlib.import_module("engine.run")
    except Exception as error:  # whatever it is, it would end the engine
        why = f"{type(error).__name__}: {error}"
    strategy = {"name": "", "imports": not why, "why": why}
    print(json.dumps({"version": 1, "versions": versions(), "strategy": strategy, "cache": None}))


if __name__ == "__main__":
    main()
