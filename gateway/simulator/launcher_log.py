"""The gateway's own plain log file. After the login a real one goes on in an encrypted file: this one falls silent."""

import datetime as dt
from pathlib import Path

RESTART = f"{'-' * 31} IB GATEWAY RESTART {'-' * 32}"
"""The first line of every process."""


class LauncherLog:
    """Appends to the file. A log that cannot be written stops nothing."""

    def __init__(self, path: Path, zone: dt.tzinfo) -> None:
        """`zone` is the gateway's own: its stamps are local times."""
        self._path = path
        self._zone = zone

    def begin(self, now: dt.datetime) -> None:
        """A new process."""
        self.write(now, RESTART)
        self.write(now, f"Started on {now.astimezone(dt.UTC):%Y%m%d-%H:%M:%S}")

    def write(self, now: dt.datetime, text: str) -> None:
        """One line."""
        local = now.astimezone(self._zone)
        line = f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 1000:03d} INFO  [JTS-Main] - {text}\n"
        try:
            with self._path.open("a") as file:
                file.write(line)
        except OSError:
            pass
