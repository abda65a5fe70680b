"""Exchange sessions, holidays and half days from `exchange_calendars`, kept in a file.

The package imports pandas, which takes longer to load and more memory than the stand-in may: so a process of its own,
`python -m gateway.simulator.market.sessions FILE FIRST LAST`, reads the package and writes the file, once for each
version of the package; the stand-in reads the file.
"""

import datetime as dt
import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from gateway.simulator.errors import SettingsError
from gateway.simulator.market.exchange import Sessions

CALENDARS = ("XNYS", "XCBF", "CMES")
"""The New York Stock Exchange, Cboe's options, and CME's Globex."""

_PACKAGE = "exchange_calendars"
_YEARS_BACK, _YEARS_AHEAD = 12, 4
_PATIENCE_SECONDS = 60


def load(path: Path, now: dt.datetime) -> dict[str, Sessions]:
    """The sessions of every calendar from the file; it is made first where it is not there or is of no use.

    Raises:
        SettingsError: the sessions cannot be computed.
    """
    kept = _read(path, now)
    if kept is None:
        _compute(path, now)
        kept = _read(path, now)
    if kept is None:
        raise _unusable(f"{path} without the sessions around {now:%Y-%m-%d}")
    return kept


def _read(path: Path, now: dt.datetime) -> dict[str, Sessions] | None:
    """What the file holds, if this version of the package wrote it and it covers the years around now."""
    try:
        kept = json.loads(path.read_text())
        covered = kept["first"] <= f"{now:%Y}" and kept["last"] > f"{now.date() + dt.timedelta(days=400)}"
        if kept["version"] != metadata.version(_PACKAGE) or not covered:
            return None
        return {
            name: {dt.date.fromisoformat(date): (opens, closes) for date, opens, closes in kept["sessions"][name]}
            for name in CALENDARS
        }
    except (OSError, ValueError, KeyError, TypeError, metadata.PackageNotFoundError):
        return None


def _compute(path: Path, now: dt.datetime) -> None:
    span = (f"{now.year - _YEARS_BACK}-01-01", f"{now.year + _YEARS_AHEAD}-12-31")
    command = [sys.executable, "-m", "gateway.simulator.market.sessions", str(path), *span]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _unusable(str(error)) from error
    if done.returncode:
        raise _unusable(done.stderr.strip().rpartition("\n")[2])


def _unusable(found: str) -> SettingsError:
    return SettingsError(
        f"SIM_CALENDAR: expected the package {_PACKAGE} to give the exchanges' sessions, found: {found}; "
        "install it (uv sync) or set SIM_CALENDAR=24/7"
    )


def write(path: Path, first: str, last: str) -> None:
    """Compute the sessions and write the file. Only for the process of its own: this loads pandas."""
    import exchange_calendars

    sessions = {}
    for name in CALENDARS:
        schedule = exchange_calendars.get_calendar(name, start=first, end=last).schedule
        sessions[name] = [
            (f"{date:%Y-%m-%d}", int(row.open.timestamp()), int(row.close.timestamp()))
            for date, row in zip(schedule.index, schedule.itertuples(), strict=True)
        ]
    kept = {"version": metadata.version(_PACKAGE), "first": first, "last": last, "sessions": sessions}
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(kept))
    draft.replace(path)


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
