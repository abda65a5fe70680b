"""What a move does on a node: run as text, by a task there, in the supervisor's image.

`look TENANT`, `pause BODY`, `hold REASON`, `send WHERE`, `receive SCRIPT REASON`. Prints one JSON object;
where it could not be done, `{"error": …}`.
"""

import asyncio
import hashlib
import http.client
import json
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tws.clock import SystemClock

SOCKET = "/run/docker.sock"
SUPERVISOR = ("supervisor", 9180)
TOKEN = Path("/run/secrets/operator_token")
HOLD = Path("/var/lib/hold/hold")
VOLUMES = Path("/volumes")
CARRIED = Path("/tmp/carried.tar.gz")  # noqa: S108 (of a container that is one task's)
PORT = 4711
WITHIN = 40.0
"""Shorter than a task is waited for, so that it says itself what did not come."""


class _Engine(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(SOCKET)


def look(tenant: str) -> dict[str, Any]:
    """The containers of a tenant that run here, or may in a moment; those that compose has started, too."""
    found = set()
    for label in (f"com.docker.stack.namespace=watchkeeper-{tenant}", f"watchkeeper.tenant={tenant}"):
        engine = _Engine("docker")
        engine.request("GET", f"/containers/json?all=1&filters={quote(json.dumps({'label': [label]}))}")
        rows = json.loads(engine.getresponse().read())
        found |= {row["Names"][0].lstrip("/") for row in rows if row["State"] not in ("exited", "dead")}
    return {"running": sorted(found)}


def pause(body: str) -> dict[str, Any]:
    """Ask this node's supervisor to keep its hands off a tenant."""
    connection = http.client.HTTPConnection(*SUPERVISOR, timeout=10)
    connection.request("POST", "/api/v1/pause", body, {"Authorization": f"Bearer {TOKEN.read_text().strip()}"})
    answer = connection.getresponse()
    text = answer.read().decode()
    return {"paused": True} if answer.status == http.HTTPStatus.OK else {"error": text}


def hold(reason: str) -> dict[str, Any]:
    """Let nobody log in here. A hold that is there keeps its reason."""
    if not HOLD.exists():
        beside = HOLD.with_name(".hold")
        beside.write_text(f"{reason}\n")
        beside.rename(HOLD)
    return {"hold": HOLD.read_text().strip()}


def send(where: str, volumes: Path = VOLUMES, carried: Path = CARRIED) -> dict[str, Any]:
    """Give the volumes here to whoever listens there."""
    names = sorted(one.name for one in volumes.iterdir())
    tar = ["tar", "--create", "--gzip", "--numeric-owner", "--exclude=autorestart", f"--directory={volumes}"]
    subprocess.run([*tar, f"--file={carried}", *names], check=True)  # noqa: S603 (our own words)
    text = carried.read_bytes()
    with _connected(where) as peer:
        peer.sendall(struct.pack(">Q", len(text)) + hashlib.sha256(text).digest() + text)
        heard = peer.recv(2)
    return {"sent": hashlib.sha256(text).hexdigest(), "taken": heard == b"ok", "bytes": len(text)}


def receive(script: str, reason: str, volumes: Path = VOLUMES, carried: Path = CARRIED) -> dict[str, Any]:
    """Put what comes in the place of what the volumes here have, once all of it has come.

    `reason` is that of the move's own hold on the other node: it does not come along, and an older one here goes.
    """
    with socket.create_server(("", PORT)) as server:
        server.settimeout(WITHIN)
        peer, _ = server.accept()
    with peer, peer.makefile("rb") as stream:
        (length,), wanted = struct.unpack(">Q", stream.read(8)), stream.read(32)
        text = stream.read(length)
        if hashlib.sha256(text).digest() != wanted:
            return {"error": f"expected {length} bytes as they were sent, found {len(text)}; nothing was touched"}
        carried.write_bytes(text)
        _lift(volumes / "hold" / "hold", reason)
        with carried.open("rb") as archive:
            subprocess.run(["bash", "-c", script], stdin=archive, check=True)  # noqa: S603, S607 (our own words)
        _lift(volumes / "hold" / "hold", reason)
        os.sync()
        peer.sendall(b"ok")
    return {"received": hashlib.sha256(text).hexdigest(), "volumes": sorted(one.name for one in volumes.iterdir())}


def _lift(path: Path, reason: str) -> None:
    if path.exists() and path.read_text().startswith(reason):
        path.unlink()


def _connected(where: str) -> socket.socket:
    clock = SystemClock()
    until = clock.monotonic() + WITHIN
    while True:
        try:
            return socket.create_connection((where, PORT), timeout=WITHIN)
        except OSError:
            if clock.monotonic() >= until:
                raise
            asyncio.run(clock.sleep(0.5))


def _main() -> None:
    known: dict[str, Any]
    known = {"look": look, "pause": pause, "hold": hold, "send": send, "receive": receive}
    try:
        told = known[sys.argv[1]](*sys.argv[2:])
    except (OSError, ValueError, subprocess.CalledProcessError, struct.error) as error:
        told = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(told))


if __name__ == "__main__":
    _main()
