"""Logs: one JSON object a line on standard output, from us and from Nautilus alike."""

from __future__ import annotations

import tempfile
from pathlib import Path

import structlog
from nautilus_trader.config import LoggingConfig

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
    )
