"""`python -m gateway.simulator`: run the stand-in gateway. Settings come from the environment."""

import asyncio
import os
import sys

from gateway.simulator.app import run
from gateway.simulator.errors import SimulatorError
from gateway.simulator.settings import load
from tws.clock import SystemClock


def main() -> int:
    """Run until told to end. Exit code 2: cannot start."""
    try:
        return asyncio.run(run(load(os.environ), SystemClock()))
    except SimulatorError as error:
        print(f"gateway.simulator: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
