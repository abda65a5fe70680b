"""A Docker API on a loopback port, which answers each kind of call or hangs on it, and tells what happens as events."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

LONG_AGO = "2026-01-01T00:00:00.000000001Z"


class FakeDocker:
    """Serves until closed, at first with one dead gateway a tenant.

    What is in `hangs` is taken and never answered: a kind of call (`list`, `inspect`, `act`, `logs`), or a kind and a
    container's name, such as `inspect watchkeeper-a-gateway`.
    """

    def __init__(self, *tenants: str, hangs: tuple[str, ...] = ()) -> None:
        self.hangs = set(hangs)
        self.asked: list[str] = []
        self.acted: list[tuple[str, float]] = []
        self.since: list[str] = []
        self.over = threading.Event()
        self._boxes: dict[str, dict[str, Any]] = {}
        self._events: list[dict[str, Any]] = []
        self._happened = threading.Condition()
        self._broken = 0
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                fake.answer(self)

            do_POST = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

        for tenant in tenants:
            self.add(tenant, running=False)
        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self.over.set()
        with self._happened:
            self._happened.notify_all()
        self._server.shutdown()
        self._server.server_close()

    # -- what happens -----------------------------------------------------------------------------------------------

    def add(self, tenant: str, role: str = "gateway", *, running: bool = True, name: str = "") -> None:
        """A container, made long ago or just now, with its usual name or another one."""
        now = f"{datetime.now(UTC).replace(tzinfo=None).isoformat()}Z"
        state = {"Status": "running", "ExitCode": 0, "StartedAt": now, "FinishedAt": "0001-01-01T00:00:00Z"}
        dead = {"Status": "exited", "ExitCode": 137, "StartedAt": LONG_AGO, "FinishedAt": LONG_AGO}
        usual = f"watchkeeper-{tenant}-{role}"
        self._boxes[name or usual] = {
            "Id": hashlib.sha256((name or usual).encode()).hexdigest(),
            "Name": f"/{name or usual}",
            "Created": len(self._boxes),
            "State": state if running else dead,
            "Config": {"Labels": {"watchkeeper.role": role, "watchkeeper.tenant": tenant}, "Tty": False},
        }
        if running and not name:
            self.tell(tenant, role, "create")

    def remove(self, tenant: str, role: str = "gateway") -> None:
        """`docker rm`."""
        self.tell(tenant, role, "destroy")
        del self._boxes[f"watchkeeper-{tenant}-{role}"]

    def die(self, tenant: str, role: str = "gateway") -> None:
        """It ends by itself."""
        box = self._boxes[f"watchkeeper-{tenant}-{role}"]
        now = f"{datetime.now(UTC).replace(tzinfo=None).isoformat()}Z"
        box["State"] = {**box["State"], "Status": "exited", "ExitCode": 1, "FinishedAt": now}
        self.tell(tenant, role, "die", exitCode="1")

    def tell(self, tenant: str, role: str, action: str, **more: str) -> None:
        """An event, for who listens now or asks for it later."""
        box = self._boxes[f"watchkeeper-{tenant}-{role}"]
        attributes = {**box["Config"]["Labels"], **more}
        event = {"Type": "container", "Action": action, "Actor": {"ID": box["Id"], "Attributes": attributes}}
        with self._happened:
            self._events.append({**event, "timeNano": time.time_ns()})
            self._happened.notify_all()

    def break_events(self) -> None:
        """Every stream of events ends."""
        with self._happened:
            self._broken += 1
            self._happened.notify_all()

    # -- what is answered -------------------------------------------------------------------------------------------

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        kind, name = self._kind(handler.command, parts.path)
        self.asked.append(f"{handler.command} {parts.path}" if kind == "act" else kind)
        if kind == "act":
            self.acted.append((parts.path, time.time()))
        with suppress(OSError):  # who asked may have gone
            if self.hangs & {kind, f"{kind} {name}"}:
                self.over.wait()
                handler.close_connection = True
            elif kind == "events":
                query = {key: values[0] for key, values in parse_qs(parts.query).items()}
                if "until" in query:
                    self._send(handler, 200, self._past(int(query["since"]), int(query["until"])))
                else:
                    self._stream(handler, query.get("since", "0.0"))
            elif name and name not in self._boxes:
                self._send(handler, 404, {"message": f"No such container: {name}"})
            else:
                self._send(handler, 200, self._body(kind, name))

    def _kind(self, method: str, path: str) -> tuple[str, str]:
        words = path.strip("/").split("/")
        if words[-1] in ("version", "events"):
            return words[-1], ""
        if words[-2:] == ["containers", "json"]:
            return "list", ""
        name = words[words.index("containers") + 1]
        return {"json": "inspect", "logs": "logs", "stats": "stats"}.get(words[-1], "act"), name

    def _body(self, kind: str, name: str) -> Any:
        if kind == "act":
            box = self._boxes[name]
            now = f"{datetime.now(UTC).replace(tzinfo=None).isoformat()}Z"
            box["State"] = {**box["State"], "Status": "running", "StartedAt": now}
            return {}
        if kind == "version":
            return {"ApiVersion": "1.41"}
        if kind == "list":
            return [
                {
                    "Names": [box["Name"]],
                    "Labels": box["Config"]["Labels"],
                    "State": box["State"]["Status"],
                    "Created": box["Created"],
                }
                for box in list(self._boxes.values())
            ]
        if kind == "stats":
            return {"memory_stats": {"usage": 1 << 29, "limit": 1 << 30}}
        return b"" if kind == "logs" else self._boxes[name]

    def _send(self, handler: BaseHTTPRequestHandler, status: int, body: Any) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def _past(self, since: int, until: int) -> bytes:
        found = [event for event in self._events if since <= event["timeNano"] / 1_000_000_000 <= until]
        return b"".join(json.dumps(event).encode() + b"\n" for event in found)

    def _stream(self, handler: BaseHTTPRequestHandler, since: str) -> None:
        """Each event from `since` on as a chunk, until the streams are broken."""
        self.since.append(since)
        whole, _, fraction = since.partition(".")
        first = int(whole) * 1_000_000_000 + int(fraction or 0)
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.close_connection = True
        told, broken = 0, self._broken
        while not self.over.is_set():
            with self._happened:
                self._happened.wait_for(
                    lambda: self.over.is_set() or self._broken != broken or len(self._events) > told  # noqa: B023
                )
                fresh, told = self._events[told:], len(self._events)
                ends = self._broken != broken
            if ends:
                break
            for event in fresh:
                if event["timeNano"] >= first:
                    line = json.dumps(event).encode() + b"\n"
                    handler.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        handler.wfile.write(b"0\r\n\r\n")
