"""The container's log, in the words of IBC, which is what log watchers of the real image look for."""

import datetime as dt
import sys


def say(now: dt.datetime, text: str) -> None:
    """One line on stdout."""
    sys.stdout.write(f"{now:%Y-%m-%d %H:%M:%S}:{now.microsecond // 1000:03d} IBC: {text}\n")
    sys.stdout.flush()
