"""Logs: one JSON object a line on standard output, from us and from Nautilus alike."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from nautilus_trader.common.component import flush_logger, sync_logger_to_disk
from nautilus_trader.config import LoggingConfig

if TYPE_CHECKING:
    from collections.abc import Callable

FLUSH_SECONDS = 1.0

_STDOUT = Path("/dev/stdout")
# It writes all that is known of each instrument, 4 KB for each of hundreds.
_QUIETER = {"InteractiveBrokersInstrumentProvider": "WARNING"}


def configure() -> None:
    """One line of JSON each, and tracebacks without local variables: those may hold secrets."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=str),
        ]
    )


def nautilus(level: str) -> LoggingConfig:
    """Nautilus writes JSON to files only, so its file is a link to our standard output.

    Where that cannot be opened anew (a socket, a closed pipe) it writes its text, rather than nothing.
    """
    try:
        with _STDOUT.open("ab"):
            pass
    except OSError:
        return LoggingConfig(log_level=level, log_colors=False, log_component_levels=_QUIETER)
    folder = Path(tempfile.mkdtemp(prefix="nautilus-log-"))
    (folder / "nautilus.jsonl").symlink_to(_STDOUT)
    return LoggingConfig(
        log_level="OFF",
        log_level_file=level,
        log_directory=str(folder),
        log_file_name="nautilus",
        log_file_format="json",
        log_component_levels=_QUIETER,
        fileout_sync_on_flush=False,  # standard output is no disk, and each failure to sync it would be a line
    )


def keep_flushed(wait: Callable[[float], object] | None = None) -> None:
    """Have Nautilus' lines written within a second, from a thread that a stuck loop does not hold up.

    It keeps its newest ones back until 8 KB are full: in a quiet engine nobody reads them for hours, and a process that
    is killed takes the very lines along that would tell why.
    """
    wait = wait or threading.Event().wait

    def beat() -> None:
        while not wait(FLUSH_SECONDS):
            flush_logger()

    threading.Thread(target=beat, name="flush", daemon=True).start()


def flush() -> None:
    """Write what Nautilus still keeps back, before the process ends. Without a logger there is nothing to do."""
    sync_logger_to_disk()
