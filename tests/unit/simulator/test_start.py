"""What a start loads before the first client is let in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
LATER = {
    "gateway.simulator.api.orders",
    "gateway.simulator.api.pulse",
    "gateway.simulator.control",
    "gateway.simulator.faults",
    "gateway.simulator.research",
    "gateway.simulator.wire.requests.accounts",
    "html",
    "numpy",
    "pandas",
    "pydantic",
    "starlette",
    "statistics",
    "uvicorn",
}
"""Loaded once the API is open: `make bench` shows what a start takes."""


def test_a_client_is_let_in_before_what_it_may_ask_for_is_loaded() -> None:
    code = "import sys, gateway.simulator.app; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(told.stdout.split())
    assert "gateway.simulator.api.server" in loaded
    assert not loaded & LATER
