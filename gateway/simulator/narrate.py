"""The container's log, in the words of IBC and its start script, which log watchers of the real image look for."""

import datetime as dt
import sys

RULE = "!" * 79
"""The line around what IBC wants to be seen."""

CLOSES = "Login has completed: exiting via [File, Close] menu"
QUITS = "Login has not completed: exiting immediately"
"""How IBC ends a gateway."""


def stamp(now: dt.datetime) -> str:
    """A moment as IBC writes it; `now` is in the zone of the container."""
    return f"{now:%Y-%m-%d %H:%M:%S}:{now.microsecond // 1000:03d}"


def say(now: dt.datetime, text: str) -> None:
    """One line of IBC's on stdout."""
    echo(f"{stamp(now)} IBC: {text}")


def echo(text: str) -> None:
    """One line on stdout as it is: the start script has no stamps."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
