"""`python -m engine`: settings, the health server, then Nautilus. Exits 0 after a clean stop, 2 if it cannot begin."""

import os
import signal
import sys

# First of all: as process 1 of a container we would otherwise ignore SIGTERM, and there is nothing to tidy yet.
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))


def main() -> int:
    """Answer over HTTP at once, then load Nautilus, which costs seconds and 200 MB, and run until SIGTERM."""
    from engine.errors import EngineError

    try:
        from engine.board import Board
        from engine.health import HealthServer
        from engine.settings import load

        settings = load()
        board = Board(settings)
        server = HealthServer(settings, board)
        server.start()
        from engine.run import run

        return run(settings, board)
    except EngineError as error:
        print(f"engine: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # Not sys.exit: a thread of the adapter may sit in a connect without a timeout, and would be waited for.
    os._exit(code)
