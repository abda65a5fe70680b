"""Whom a stack's Alertmanager tells, and who silences it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from supervisor.drill.ports import free_port
from tests.e2e import receiver
from tests.e2e.stack import Stack, docker

WAYS: Mapping[str, str] = dict.fromkeys(("alert_webhook_url", "dead_man_url"), f"http://receiver:{receiver.PORT}/")
"""The secret files that lead to it."""


class Person:
    """Hears what Alertmanager tells, and can refuse to."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._before: dict[str, int] = {}

    def heard(self) -> dict[str, int]:
        """How many messages of each receiver were taken (`<receiver> told`) and refused (`<receiver> failed`)."""
        counted: dict[str, int] = httpx.get(self._url, timeout=5).raise_for_status().json()
        return {name: count - self._before.get(name, 0) for name, count in counted.items()}

    def begin_anew(self) -> None:
        """From now on it counts from nothing."""
        self._before = {}
        self._before = self.heard()

    def refuses(self) -> None:
        httpx.put(f"{self._url}/refuse", timeout=5).raise_for_status()

    def accepts(self) -> None:
        httpx.put(f"{self._url}/accept", timeout=5).raise_for_status()


@contextmanager
def person(stack: Stack) -> Iterator[Person]:
    """Somebody who listens beside the Alertmanager of a stack that is up, and has been told that it is alive.

    Alertmanager starts anew, so that it has failed to tell nobody.
    """
    name, port = stack.container("receiver"), free_port()
    project = f"watchkeeper-{stack.tenant}"
    place = ("--network", f"{project}_paging", "--network-alias", "receiver", "--publish", f"127.0.0.1:{port}:8080")
    script = ("--volume", f"{Path(receiver.__file__)}:/receiver.py:ro", "--entrypoint", "python")
    try:
        docker("run", "--detach", "--name", name, *place, *script, "watchkeeper/supervisor:local", "/receiver.py")
        docker("restart", f"{project}-alertmanager-1")
        made = Person(f"http://127.0.0.1:{port}")
        stack.until(lambda: made.heard().get("dead-man told"), "the watchdog outside the house", 180)
        yield made
    finally:
        docker("rm", "--force", name, check=False)


class Silence:
    """Keeps an alert from people while it stands."""

    def __init__(self, stack: Stack, alert: str) -> None:
        self._url = stack.url("alertmanager", "/api/v2")
        self._alert = alert
        self._id = ""

    def begin(self) -> None:
        now = datetime.now(UTC)
        matcher = {"name": "alertname", "value": self._alert, "isRegex": False, "isEqual": True}
        span = {"startsAt": now.isoformat(), "endsAt": (now + timedelta(hours=1)).isoformat()}
        asked = {"matchers": [matcher], **span, "createdBy": "the day", "comment": "it is known"}
        self._id = httpx.post(f"{self._url}/silences", json=asked, timeout=10).raise_for_status().json()["silenceID"]

    def end(self) -> None:
        httpx.delete(f"{self._url}/silence/{self._id}", timeout=10).raise_for_status()
