"""A Docker API on a loopback port, with one dead gateway, which answers each kind of call or hangs on it."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class FakeDocker:
    """Serves until closed. What is in `hangs` (`list`, `inspect`, `act`, `logs`) is taken and never answered."""

    def __init__(self, tenant: str, *, hangs: tuple[str, ...] = ()) -> None:
        self.name = f"watchkeeper-{tenant}-gateway"
        self.tenant = tenant
        self.hangs = set(hangs)
        self.asked: list[str] = []
        self.over = threading.Event()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                fake.answer(self)

            do_POST = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = handler.path.partition("?")[0]
        kind, body = self._kind(handler.command, path)
        self.asked.append(f"{handler.command} {path}" if kind == "act" else kind)
        if kind in self.hangs:
            self.over.wait()
            handler.close_connection = True
            return
        data = json.dumps(body).encode()
        with suppress(OSError):  # who asked may have gone
            handler.send_response(200)
            handler.send_header("Content-Type", "application/json")
            handler.send_header("Content-Length", str(len(data)))
            handler.end_headers()
            handler.wfile.write(data)

    def _kind(self, method: str, path: str) -> tuple[str, Any]:
        labels = {"watchkeeper.role": "gateway", "watchkeeper.tenant": self.tenant}
        if method == "POST":
            return "act", {}
        if path.endswith("/version"):
            return "version", {"ApiVersion": "1.41"}
        if path.endswith("/containers/json"):
            return "list", [{"Names": [f"/{self.name}"], "Labels": labels}]
        if path.endswith("/logs"):
            return "logs", ""
        if path.endswith("/events"):
            self.over.wait()
            return "events", {}
        state = {
            "Status": "exited",
            "ExitCode": 137,
            "StartedAt": "2026-01-01T00:00:00.000000001Z",
            "FinishedAt": "2026-01-01T00:00:01.000000001Z",
        }
        return "inspect", {"Id": "c0ffee" * 6, "Name": f"/{self.name}", "State": state}
