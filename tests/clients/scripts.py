"""How the scripts beside this file are run: each is a node of NautilusTrader, which wants a process of its own."""

import sys
from pathlib import Path

from tests.stand_in import StandIn

ROOT = Path(__file__).parents[2]
"""Where they are run from."""


def nautilus(script: str, stand_in: StandIn, *more: str) -> list[str]:
    """The command of `nautilus_<script>.py` against a stand-in."""
    return [sys.executable, "-m", f"tests.clients.nautilus_{script}", str(stand_in.api_port), *more]
