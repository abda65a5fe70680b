"""`python -m tests.e2e.powercut`: the power goes while the stack holds a position, and comes back.

A Docker engine of its own runs in a container, and the stack in that. Killing the container kills every process of it
at once, the inner engine's too, as a power cut does; what was written is still there, and nothing tests what a disk
keeps in its own memory. Nothing but Docker's restart policies starts anything afterwards.

Two accounts, one cut each: without a second factor, which must trade again alone, and with one, which must page, hold,
and trade after one approval. Prints a JSON line for each; exits 1 if one did not end as it should. Wants root on Linux,
some 4 GB, and images that `make up SIM=1` has built.
"""

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from supervisor.stack import given, look_at_host, planned, start, write_files
from tests.e2e.stack import ROOT, Stack, make_stack
from tws.clock import SystemClock

_OUTER = "watchkeeper-powercut"
DOCKERFILE = """FROM {base}
USER root
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends docker.io iptables
"""
RIGHTS = (
    *("--cap-add=ALL", "--cap-drop=SYS_RESOURCE", "--security-opt=seccomp=unconfined"),
    *("--security-opt=apparmor=unconfined", "--security-opt=systempaths=unconfined"),
)
"""What a Docker engine in a container needs."""
_OURS = tuple(f"watchkeeper/{name}:local" for name in ("supervisor", "engine", "simulator"))
_WORKING = ("PreSubmitted", "Submitted", "PendingCancel")
_SERVER_UP_SECONDS = 60.0
_TRADING_SECONDS = 300.0
_HELD_SECONDS = 60.0


class House:
    """The machine whose power goes: a container with a Docker engine in it. This process stands in its network."""

    def __init__(self, folder: Path, name: str = _OUTER, *engine: str) -> None:
        self.folder = folder
        self._name = name
        self._environment = dict(os.environ)
        images = look_at_host(ROOT, given(ROOT, os.environ), os.environ).images
        self._images = (*_OURS, *dict.fromkeys(images.values()))
        self._docker("build", "--quiet", "--tag", name, "-", given=DOCKERFILE.format(base=images["BASE_IMAGE"]))
        self._docker("volume", "create", name)
        self._docker(
            *("run", "--detach", "--name", name, *RIGHTS),
            *("--volume", "/sys/fs/cgroup:/sys/fs/cgroup", "--volume", f"{name}:/var/lib/docker"),
            # A machine that starts finds nothing in /run.
            *("--tmpfs", "/run:exec", "--volume", f"{folder}:{folder}", "--volume", f"{ROOT}:{ROOT}:ro"),
            *(name, "dockerd", "--host", f"unix://{folder}/docker.sock", *engine),
        )
        os.environ["DOCKER_HOST"] = f"unix://{folder}/docker.sock"
        self._enter()
        self._load()

    def cut(self, dark_seconds: float) -> tuple[float, datetime]:
        """Kill everything in it at once, and start it again after a while. Returns when the inner engine answers.

        Returns the moment at which the power came back, on the monotonic and on the wall clock.
        """
        self._docker("kill", self._name)
        time.sleep(dark_seconds)
        back = time.monotonic(), datetime.now(UTC)
        self._docker("start", self._name)
        self._enter()
        return back

    def close(self) -> None:
        """Leave nothing of it behind."""
        self._docker("rm", "--force", "--volumes", self._name, check=False)
        self._docker("volume", "rm", self._name, check=False)
        self._docker("rmi", self._name, check=False)

    def _enter(self) -> None:
        pid = self._docker("inspect", "--format", "{{.State.Pid}}", self._name).strip()
        with open(f"/proc/{pid}/ns/net", "rb") as namespace:
            os.setns(namespace.fileno(), os.CLONE_NEWNET)
        deadline = time.monotonic() + _SERVER_UP_SECONDS
        while subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"the inner engine did not start: {self._docker('logs', '--tail', '20', self._name)}"
                )
            time.sleep(0.2)

    def _load(self) -> None:
        with subprocess.Popen(
            ["docker", "save", *self._images], env=self._environment, stdout=subprocess.PIPE
        ) as saving:
            subprocess.run(["docker", "load", "--quiet"], stdin=saving.stdout, stdout=subprocess.DEVNULL, check=True)

    def _docker(self, *arguments: str, given: str | None = None, check: bool = True) -> str:
        done = subprocess.run(
            ["docker", *arguments], env=self._environment, input=given, text=True, capture_output=True, check=False
        )
        if check and done.returncode:
            raise RuntimeError(f"docker {arguments[0]}: {done.stderr.strip()}")
        return done.stdout + done.stderr


def main() -> int:
    """Cut the power once for each account."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dark", type=float, default=10.0, help="seconds without power")
    options = parser.parse_args()
    good = True
    for twofa in (False, True):
        with house() as home:
            told = one_cut(home, twofa=twofa, dark_seconds=options.dark)
        print(json.dumps(told), flush=True)
        good = good and not told["wrong"]
    return 0 if good else 1


@contextlib.contextmanager
def house(name: str = _OUTER, *engine: str) -> Iterator[House]:
    """A house whose files are gone afterwards. `engine`: further options of its Docker engine."""
    outside = os.open("/proc/self/ns/net", os.O_RDONLY)
    with tempfile.TemporaryDirectory(prefix="powercut") as folder:
        home = House(Path(folder), name, *engine)
        try:
            yield home
        finally:
            home.close()
            os.environ.pop("DOCKER_HOST", None)
            os.setns(outside, os.CLONE_NEWNET)
            os.close(outside)


def one_cut(home: House, *, twofa: bool, dark_seconds: float) -> dict[str, Any]:
    """One account through one cut: what it held, what it cost, and what was wrong."""
    stack = _started(twofa)
    stack.until(lambda: covered(stack.book()), "a position with its exits", _TRADING_SECONDS)
    before, logins = stack.book(), stack.get("simulator", "/api/v1/status")
    begun, at = home.cut(dark_seconds)
    wrong: list[str] = []
    told: dict[str, Any] = {"twofa": twofa, "dark_s": dark_seconds, "positions": len(before["positions"])}
    if twofa:
        wrong += _held_until_approved(stack, told, logins["pushes"], begun, at)
    stack.until(stack.all_well, "gateway READY and engine TRADING", _TRADING_SECONDS)
    told["trading_s"] = round(time.monotonic() - begun, 1)
    stack.until(stack.books_agree, "both books to agree", 60)
    after, now = stack.book(), stack.get("simulator", "/api/v1/status")
    wrong += lost(before, after)
    told |= {
        "working_before": len(_working(before)),
        "executions_before": len(before["executions"]),
        "logins": now["logins"] - logins["logins"],
        "pushes": now["pushes"] - logins["pushes"],
        "incidents": [[one["fault"], one["outcome"]] for one in stack.incidents()],
    }
    if told["pushes"] != int(twofa) or told["logins"] != 1:
        wrong.append(f"{told['logins']} logins and {told['pushes']} pushes")
    return {**told, "wrong": wrong}


def _started(twofa: bool) -> Stack:
    stack = make_stack("powercut", "10.97.0", TWOFA="yes" if twofa else "no", SIM_TWOFA="never" if twofa else "off")
    os.environ.update(stack.environment)
    if twofa:
        threading.Thread(target=_approve, args=(stack,), daemon=True).start()
    plan = planned("sim", stack.tenant)
    write_files(ROOT, plan)
    if asyncio.run(start(ROOT, plan, SystemClock())):
        raise TimeoutError(f"the stack did not start\n{stack.story()}")
    return stack


def _approve(stack: Stack) -> None:
    """Say yes on the phone, once it asks."""
    url = stack.url("simulator", "/api/v1/push")
    with httpx.Client(timeout=5, trust_env=False) as phone:
        while True:
            with contextlib.suppress(httpx.TransportError):
                if phone.post(url, json={"answer": "approve"}).is_success:
                    return
            time.sleep(0.5)


def _held_until_approved(stack: Stack, told: dict[str, Any], pushes: int, begun: float, at: datetime) -> list[str]:
    """A push waits: a person is called, and nothing is done until the person has approved."""
    wrong = []
    stack.until(lambda: _pages(stack, at), "a page about the login", 120)
    told["paged_s"] = round(time.monotonic() - begun, 1)
    held = time.monotonic() + _HELD_SECONDS
    while time.monotonic() < held:
        if stack.get("simulator", "/api/v1/status")["pushes"] != pushes + 1:
            wrong.append("another push while one waited")
            break
        time.sleep(1.0)
    _approve(stack)
    told["approved_s"] = round(time.monotonic() - begun, 1)
    return wrong


def _pages(stack: Stack, since: datetime) -> bool:
    alerts = stack.get("alertmanager", "/api/v2/alerts")
    begun = [one["startsAt"] for one in alerts if one["labels"]["alertname"] == "LoginNeedsPerson"]
    return any(datetime.fromisoformat(one) > since for one in begun)


def _working(book: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in book["orders"] if one["status"] in _WORKING]


def covered(book: dict[str, Any]) -> bool:
    """Whether something is held, and each of it has a working order that closes it."""
    closing = {(one["con_id"], one["action"]) for one in _working(book)}
    held = [(one["con_id"], "SELL" if one["quantity"] > 0 else "BUY") for one in book["positions"]]
    return bool(held) and all(one in closing for one in held)


def lost(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What the broker's book had and has no more, has twice, or has otherwise than its executions explain."""
    wrong = []
    orders = {one["perm_id"]: one for one in after["orders"]}
    spent = {one["oca_group"] for one in after["orders"] if one["oca_group"] and one["filled"]}
    for one in _working(before):
        now = orders.get(one["perm_id"])
        if now is None:
            wrong.append(f"order {one['perm_id']} is gone")
        elif now["status"] not in (*_WORKING, "Filled") and now["oca_group"] not in spent:
            wrong.append(f"order {one['perm_id']} is {now['status']}, and nothing of its group was filled")
    known = {one["exec_id"] for one in before["executions"]}
    made = [one["exec_id"] for one in after["executions"]]
    wrong += [f"execution {one} is gone" for one in sorted(known - set(made))]
    if len(made) != len(set(made)):
        wrong.append("an execution is told twice")
    expected = _held(before)
    for fill in after["executions"]:
        if fill["exec_id"] not in known:
            expected[fill["con_id"]] += fill["shares"] if fill["side"] == "BOT" else -fill["shares"]
    held = _held(after)
    wrong += [
        f"{held[con_id]:g} of {con_id} are held, and by the executions {expected[con_id]:g} should be"
        for con_id in sorted(expected.keys() | held.keys())
        if held[con_id] != expected[con_id]
    ]
    return wrong


def _held(book: dict[str, Any]) -> Counter[int]:
    held = Counter[int]()
    for one in book["positions"]:
        held[one["con_id"]] += one["quantity"]
    return held


if __name__ == "__main__":
    sys.exit(main())
