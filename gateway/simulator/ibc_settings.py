"""What IBC makes of its settings: the times that it can read, and what it says once the login is through."""

import datetime as dt
import re

from gateway.simulator.login_state import Ibc, Raw
from gateway.simulator.narrate import RULE
from gateway.simulator.settings import Settings

COLD_RESTART_UNREADABLE = 1105 % 256
"""Exit code: IBC's 1105, as the shell sees it."""


def time_of(text: str) -> dt.time | None:
    """`hh:mm AM`, two digits each, as IBC reads it; None for anything else."""
    found = re.fullmatch(r"(0\d|1[0-2]):([0-5]\d) (AM|PM)", text)
    return dt.time(int(found[1]) % 12 + (12 if found[3] == "PM" else 0), int(found[2])) if found else None


def sunday_time(text: str) -> dt.time | None:
    """`hh:mm`, of 24 hours, as IBC reads the time of the cold restart; None for anything else."""
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text)
    return dt.time(int(found[1]), int(found[2])) if found else None


def unreadable(settings: Settings) -> tuple[Ibc | Raw, ...]:
    """What IBC says before it ends with COLD_RESTART_UNREADABLE; nothing where it can read that time."""
    text = settings.cold_restart_time
    if not text or sunday_time(text) is not None:
        return ()
    return (
        Raw(RULE),
        Ibc(f"Invalid ColdRestartTime setting: '{text}'; format should be: <hh:mm>   eg 13:00"),
        Raw(RULE),
        Ibc("Exiting after error with exit code=1105"),
    )


def configured(settings: Settings) -> tuple[Ibc | Raw, ...]:
    """What IBC clicks after the login, line by line."""
    lines: list[Ibc | Raw] = []
    if settings.read_only is not None:
        lines += [
            Ibc("Setting ReadOnlyApi"),
            Ibc(f"Read-Only API checkbox is now set to: {str(settings.read_only).lower()}"),
        ]
    if settings.auto_restart_time:
        lines += _taken("Auto restart", settings.auto_restart_time)
    if settings.auto_logoff_time and settings.auto_restart_time:
        lines.append(Ibc("AutoLogoffTime is ignored because AutoRestartTime is also set"))
    elif settings.auto_logoff_time:
        lines += _taken("Auto logoff", settings.auto_logoff_time)
    return (*lines, Ibc("Configuration tasks completed"))


def _taken(name: str, text: str) -> tuple[Ibc | Raw, ...]:
    if time_of(text) is not None:
        return (Ibc(f"{name} time set to {text}"),)
    wanted = 'hh:mm AM or hh:mm PM, for example "09:30 AM" or "04:00 PM"'
    return Raw(RULE), Ibc(f"{name} time setting must be {wanted}"), Raw(RULE)
