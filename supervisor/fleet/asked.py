"""What a node is asked of itself: run as text, by a task on that node, with an image's Python and nothing of ours.

Its arguments are names of images. Prints one JSON object. The Docker socket is where the task has it mounted.
"""

import http.client
import json
import os
import socket
import sys
from typing import Any
from urllib.parse import quote

MOUNTED = "/run/docker.sock"


class _Engine(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(MOUNTED)


def _ask(path: str) -> Any:
    engine = _Engine("docker")
    engine.request("GET", path)
    answer = engine.getresponse()
    text = answer.read()
    return json.loads(text) if answer.status == http.HTTPStatus.OK else None


def _main() -> None:
    info = _ask("/info")
    images = {name: (_ask(f"/images/{quote(name, safe='/:@')}/json") or {}).get("Id") for name in sys.argv[1:]}
    told = {
        "gid": os.stat(MOUNTED).st_gid,
        "memory_mib": info["MemTotal"] // 2**20,
        "hardened": any("no-new-privileges" in option for option in info["SecurityOptions"]),
        "images": {name: mark for name, mark in images.items() if mark},
    }
    print(json.dumps(told))


if __name__ == "__main__":
    _main()
