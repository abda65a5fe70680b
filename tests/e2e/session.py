"""`python -m tests.e2e.session`: the whole road through one exchange day that lasts twenty minutes, with faults in it.

A stack of its own comes up before the open; the engine trades from the open on, meets one fault after the other, must
be flat before the options expire at the close, and must agree with the stand-in's record at the end. Prints a JSON line
for each fault and one for the day; exits 1 if the day did not end as it should.
"""

import argparse
import contextlib
import json
import re
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from gateway.simulator.faults.catalogue import FAULTS
from tests.e2e.stack import Stack, docker, make_stack

NEW_YORK = ZoneInfo("America/New_York")
_BEFORE_OPEN = timedelta(minutes=3)
_NAKED_SECONDS = 1.0
_LAST_FAULT = timedelta(minutes=6)  # before the close: a minute to recover, then the cut-off

_WORKING = ("PreSubmitted", "Submitted", "PendingCancel")
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


class _Naked(threading.Thread):
    """Looks at the stand-in's book five times a second: how long is a position there that no working order closes?

    A book that cannot be read tells nothing; a position that is naked before and after was naked in between.
    """

    def __init__(self, stack: Stack) -> None:
        super().__init__(name="naked", daemon=True)
        self._stack = stack
        self._since: dict[int, float] = {}
        self.spells: list[tuple[str, float]] = []
        self.looks = 0

    def run(self) -> None:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                self._look(self._stack.book(), time.monotonic())
            time.sleep(0.2)

    def _look(self, book: dict[str, Any], now: float) -> None:
        self.looks += 1
        closing = {(one["con_id"], one["action"]) for one in book["orders"] if one["status"] in _WORKING}
        naked = {
            one["con_id"]: one["local_symbol"]
            for one in book["positions"]
            if one["quantity"] and (one["con_id"], "SELL" if one["quantity"] > 0 else "BUY") not in closing
        }
        for con_id in naked:
            self._since.setdefault(con_id, now)
        symbols = {one["con_id"]: one["local_symbol"] for one in book["positions"]}
        for con_id in [con_id for con_id in self._since if con_id not in naked]:
            self.spells.append((symbols.get(con_id, str(con_id)), round(now - self._since.pop(con_id), 2)))


def _fills_of_the_engine(stack: Stack) -> set[str]:
    """Execution ids in its log, which outlives its restarts."""
    return set(re.findall(r"trade_id=([^,)\s]+)", docker("logs", stack.container("engine"))))


def _day(stack: Stack, opens: datetime, closes: datetime) -> int:
    _sleep_until(opens)
    naked = _Naked(stack)
    naked.start()
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
        "unknown_to_the_engine": sorted(set(executions) - _fills_of_the_engine(stack)),
        "naked": {"looks": naked.looks, "spells": len(naked.spells), "longest": sorted(naked.spells, key=_length)[-5:]},
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
    covered = all(seconds <= _NAKED_SECONDS for _, seconds in naked.spells)
    return 0 if good and covered and executions and not day["unknown_to_the_engine"] else 1


def _length(spell: tuple[str, float]) -> float:
    return spell[1]


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
    working = [one for one in book["orders"] if one["status"] in _WORKING]
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
