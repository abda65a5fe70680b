"""A real engine process against the real stand-in process, on free loopback ports."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from supervisor.drill.ports import free_port
from tests.stand_in import ACCOUNT, Process, StandIn, wait_for

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "tests-machine-token"
OPERATOR = "tests-operator-token"
LATEST = "223"
in_both_encodings = pytest.mark.parametrize("version", ["200", LATEST], indirect=True)
"""For tests in which much crosses the wire: text up to server version 200, protobuf at the latest."""


class Engine(Process):
    """`python -m engine`, seen over its HTTP side."""

    def __init__(
        self, directory: Path, gateway: StandIn, supervisor_url: str, module: str = "engine", **more: str
    ) -> None:
        self.port = free_port()
        secrets = directory / "secrets"
        secrets.mkdir(exist_ok=True)
        (secrets / "machine_token").write_text(TOKEN)
        (secrets / "operator_token_hash").write_text(hashlib.sha256(OPERATOR.encode()).hexdigest())
        environment = {
            "IB_HOST": "127.0.0.1",
            "IB_PORT": str(gateway.api_port),
            "IB_ACCOUNT": ACCOUNT,
            "HTTP_HOST": "127.0.0.1",
            "HTTP_PORT": str(self.port),
            "SUPERVISOR_URL": supervisor_url,
            "SECRETS_DIR": str(secrets),
            "TRADE_PAUSE_SECONDS": "1",
            **more,
        }
        super().__init__("engine", module, environment, directory)
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30, trust_env=False)

    def close(self) -> None:
        self.kill()
        self._http.close()

    def get(self, path: str) -> httpx.Response:
        return self._http.get(path)

    def post(self, path: str, body: Any = None, token: str = TOKEN) -> httpx.Response:
        return self._http.post(path, json=body, headers={"authorization": f"Bearer {token}"})

    def status(self) -> Any:
        return self.get("/api/v1/status").raise_for_status().json()

    def reach(self, state: str, timeout: float = 30) -> float:
        """Wait for a state; returns the seconds it took."""
        begun = time.monotonic()
        wait_for(lambda: self.status()["state"] == state, timeout, lambda: (self.status(), self.tail()))
        return time.monotonic() - begun

    def metric(self, name: str) -> float:
        lines = self.get("/metrics").text.splitlines()
        return next((float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(f"{name} ")), 0.0)


class Supervisor:
    """Grants or refuses, as it is told."""

    def __init__(self) -> None:
        self.answer: dict[str, Any] = {"granted": True, "reason": "", "retry_after_seconds": 0.2}
        self.asked: list[Any] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                raw = json.dumps(outer.answer).encode()
                self.send_response(200 if self.headers["authorization"] == f"Bearer {TOKEN}" else 401)
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
