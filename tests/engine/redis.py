"""A real Redis for one engine."""

import subprocess
from pathlib import Path

from dotenv import dotenv_values

from supervisor.drill.ports import free_port

IMAGES = Path(__file__).parents[2] / "var" / "images.env"


class Redis:
    """The stack's own Redis image, on a free port of loopback, with nothing kept."""

    def __init__(self) -> None:
        self.port = free_port()
        self._id = ""

    def start(self) -> None:
        image = dotenv_values(IMAGES)["REDIS_IMAGE"]
        assert image
        published = f"127.0.0.1:{self.port}:6379"
        server = ["redis-server", "--save", "", "--protected-mode", "no"]
        command = ["docker", "run", "--detach", "--rm", "--publish", published, "--entrypoint", server[0], image]
        self._id = subprocess.check_output([*command, *server[1:]], text=True).strip()

    def pause(self) -> None:
        subprocess.run(["docker", "pause", self._id], check=True, stdout=subprocess.DEVNULL)

    def unpause(self) -> None:
        subprocess.run(["docker", "unpause", self._id], check=True, stdout=subprocess.DEVNULL)

    def close(self) -> None:
        if self._id:
            subprocess.run(["docker", "kill", self._id], check=True, stdout=subprocess.DEVNULL)
