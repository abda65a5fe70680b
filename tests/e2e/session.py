"""`python -m tests.e2e.session`: the whole road through one exchange day that lasts twenty minutes, with faults in it.

A stack of its own comes up before the open; the engine trades from the open on, meets one fault after the other, must
be flat before the options expire at the close, and must agree with the stand-in's record at the end. Prints a JSON line
for each fault and one for the day; exits 1 if the day did not end as it should.
"""

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from gateway.simulator.faults.catalogue import FAULTS
from tests.e2e.stack import Stack, make_stack

NEW_YORK = ZoneInfo("America/New_York")
_BEFORE_OPEN = timedelta(minutes=3)
_LAST_FAULT = timedelta(minutes=6)  # before the close: a minute to recover, then the cut-off

_INSTANT = ("crash", "reset", "data-lost")
_LEFT_OUT = {
    "bad-password": "locks the login: a person's turn",
    "existing-session": "the same",
    "twofa-never": "the same",
    "token-end": "the same",
    "slow-boot": "shows at a start only",
    "wrong-account": "stops the engine for good: a person's turn",
    "live-account": "the same",
    "heap-growth": "ends with the container's memory",
}


def main() -> int:
    """Play the day."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=20, help="from open to close")
    parser.add_argument("--version", type=int, default=223, help="server version")
    options = parser.parse_args()
    opens = (datetime.now(NEW_YORK) + _BEFORE_OPEN).replace(second=0, microsecond=0)
    closes = opens + timedelta(minutes=options.minutes)
    stack = make_stack(
        "session",
        "10.95.0",
        SIM_CALENDAR=f"{opens:%H:%M}-{closes:%H:%M}",
        SIM_SERVER_VERSION=str(options.version),
        CONTAINER_RESTART_BUDGET="40/6h",
        ENGINE_RESTART_BUDGET="40/6h",
    )
    try:
        up = stack.make("up", "SIM=1")
        if up.returncode:
            print(up.stdout, up.stderr, stack.story(), sep="\n", file=sys.stderr)
            return 1
        return _day(stack, opens, closes)
    finally:
        stack.make("purge")


def _day(stack: Stack, opens: datetime, closes: datetime) -> int:
    _sleep_until(opens)
    names = [name for name in FAULTS if name not in _LEFT_OUT]
    pace = (closes - _LAST_FAULT - datetime.now(NEW_YORK)) / (len(names) + 1)
    for number, name in enumerate(names, 1):
        _sleep_until(opens + number * pace)
        print(
            json.dumps({"at": f"{datetime.now(NEW_YORK):%H:%M:%S}", "fault": name, "said": _play(stack, name)}),
            flush=True,
        )
    _sleep_until(closes - timedelta(minutes=4))
    flat_before = _flat(stack, opens)
    _sleep_until(closes + timedelta(seconds=20))
    stack.until(lambda: stack.status()["gateway"]["state"] == "READY", "a gateway that is ready after the close")
    agree = _within(60.0, stack.books_agree)
    book, engine = stack.book(), stack.engine()
    executions = [one["exec_id"] for one in book["executions"]]
    day = {
        "opens": f"{opens:%H:%M}",
        "closes": f"{closes:%H:%M}",
        "faults": len(names),
        "left_out": _LEFT_OUT,
        "orders": len(book["orders"]),
        "executions": len(executions),
        "told_twice": len(executions) - len(set(executions)),
        "flat_4_minutes_before": flat_before,
        "flat": _flat(stack, opens),
        "books_agree": agree,
        "engine": engine["state"],
        "incidents": [[one["fault"], one["outcome"], one["recovery_seconds"]] for one in stack.incidents()],
    }
    print(json.dumps(day), flush=True)
    if not agree:
        print(json.dumps({"book": book, "engine": engine}), stack.story(), sep="\n", file=sys.stderr)
    good = day["flat_4_minutes_before"] and day["flat"] and day["books_agree"] and not day["told_twice"]
    return 0 if good and executions else 1


def _play(stack: Stack, name: str) -> str:
    body: dict[str, Any] = {} if name in _INSTANT else {"duration": 8}
    deadline = time.monotonic() + 30.0
    while True:
        with contextlib.suppress(httpx.TransportError):  # the one before may have taken the process with it
            said = httpx.post(stack.url("simulator", f"/api/v1/faults/{name}"), json=body, timeout=10)
            if "duration" in body and said.status_code == httpx.codes.BAD_REQUEST:
                body = {}
                continue
            return f"{said.status_code}" if said.is_success else f"{said.status_code} {said.text}"
        if time.monotonic() > deadline:
            return "not taken within 30 s"
        time.sleep(0.5)


def _flat(stack: Stack, day: datetime) -> bool:
    """Whether nothing is held or working that expires on that day. After the cut-off the engine trades tomorrow's."""
    book, today = stack.book(), f"{day:%y%m%d}"
    working = [one for one in book["orders"] if one["status"] in ("PreSubmitted", "Submitted", "PendingCancel")]
    held = [one for one in book["positions"] if one["quantity"]]
    return not [one for one in (*working, *held) if today in one["local_symbol"]]


def _within(seconds: float, true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < deadline:
        time.sleep(1.0)
    return found


def _sleep_until(moment: datetime) -> None:
    while (left := (moment - datetime.now(NEW_YORK)).total_seconds()) > 0:
        time.sleep(min(left, 1.0))


if __name__ == "__main__":
    sys.exit(main())
