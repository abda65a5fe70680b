"""`python -m engine`: settings, the health server, then Nautilus. The exit codes are `engine.ending.ExitCode`."""

import os
import signal
import sys

# First of all: as process 1 of a container we would otherwise ignore SIGTERM, and there is nothing to tidy yet.
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))


def main() -> int:
    """Answer over HTTP at once, then load Nautilus, which costs seconds and 200 MB, and run until SIGTERM."""
    from engine.ending import ExitCode
    from engine.errors import EngineError

    try:
        from engine.board import Board
        from engine.health import HealthServer
        from engine.settings import load
        from engine.watchdog import Watchdog

        settings = load()
        board = Board(settings)
        server = HealthServer(settings, board)
        server.start()
        Watchdog(board).start()
        from engine.run import run

        return run(settings, board)
    except EngineError as error:
        print(f"engine: {error}", file=sys.stderr)
        return ExitCode.REFUSED


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # Not sys.exit: a thread of the adapter may sit in a connect without a timeout, and would be waited for.
    os._exit(code)
