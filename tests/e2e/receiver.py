"""Whom Alertmanager tells, in a container beside it: counts what is posted for each receiver, and can refuse it.

POST is a message of Alertmanager's; PUT /refuse and PUT /accept say what it answers from then on; GET is what was
counted. The standard library alone, since it runs in an image that has nothing else of the suite.
"""

import json
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = 8080
counted: Counter[str] = Counter()
answers = {"POST": 200}


class Handler(BaseHTTPRequestHandler):
    """One request."""

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = answers["POST"]
        counted[f"{message['receiver']} {'told' if status == 200 else 'failed'}"] += 1
        self._answer(status)

    def do_PUT(self) -> None:
        answers["POST"] = 403 if self.path == "/refuse" else 200
        self._answer(200)

    def do_GET(self) -> None:
        self._answer(200, json.dumps(counted).encode())

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("0.0.0.0", PORT), Handler).serve_forever()  # nosec B104 (inside its container)
