"""Who watches a day beside Prometheus: what the services said each half second, and what Alertmanager had meanwhile."""

import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Final

import httpx

from tests.e2e.causes import Fired, Key, Look
from tests.e2e.stack import Stack

_BETWEEN_SECONDS: Final = 0.5
_FALLS_SILENT_SECONDS: Final = 3.0
"""A series that has had no sample for so long has ended."""


class Witness:
    """Looks on in a thread of its own."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.looks: list[Look] = []
        self.told: dict[tuple[str, str, str], dict[str, Any]] = {}
        """By alert, severity and fault (where it names one): what Alertmanager did with it, from when to when."""

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._thread.join(30)

    def _watch(self) -> None:
        with httpx.Client(timeout=1.5, trust_env=False) as client:
            while not self._over.wait(_BETWEEN_SECONDS):
                try:
                    self.looks.append(self._look(client))
                    self._listen(client)
                except (httpx.HTTPError, KeyError, IndexError, ValueError):
                    continue  # what was not seen makes the moments around it less certain, and no more

    def _look(self, client: httpx.Client) -> Look:
        def get(service: str, path: str) -> Any:
            return client.get(self._stack.url(service, path)).raise_for_status().json()

        at = time.time()
        row = get("supervisor", "/api/v1/status")["tenants"][0]
        said = {"gateway", f"gateway:{row['gateway']['state']}", f"engine:{row['engine']['state']}"}
        said |= {f"fault:{one['fault']}" for one in row["open"]}
        facts = {"held": row["gateway"]["login"]["hold"], "paused": row["paused"], "blind": row["blind"]}
        said |= {word for word, there in facts.items() if there}
        with contextlib.suppress(httpx.HTTPError):  # a process that is gone has no alerts of its own
            engine = get("engine", "/api/v1/status")
            said |= {f"cache:{engine['cache']}"} | ({"halted"} if engine["halted"] else set())
            said |= {"naked" for position in engine["positions"] if not position["exits"]}
        with contextlib.suppress(httpx.HTTPError):
            said |= {f"stand-in:{name}" for name in get("simulator", "/api/v1/faults")["active"]}
        return Look(at, time.time(), frozenset(said))

    def _listen(self, client: httpx.Client) -> None:
        rows = client.get(self._stack.url("alertmanager", "/api/v2/alerts")).raise_for_status().json()
        at = time.time()
        for row in rows:
            labels = row["labels"]
            key = labels["alertname"], labels["severity"], labels.get("fault", "")
            one = self.told.setdefault(key, {"from": at, "receivers": [], "inhibited": False})
            one["until"] = at
            one["receivers"] = sorted({*one["receivers"], *(receiver["name"] for receiver in row["receivers"])})
            one["inhibited"] |= bool(row["status"]["inhibitedBy"])


@contextmanager
def witness(stack: Stack) -> Iterator[Witness]:
    """One that watches for as long as this lasts."""
    made = Witness(stack)
    made.start()
    try:
        yield made
    finally:
        made.close()


def fired(stack: Stack, since: float) -> dict[Key, list[Fired]]:
    """What Prometheus remembers of alerts that have fired since then."""
    now = time.time()
    answer = httpx.get(
        stack.url("prometheus", "/api/v1/query_range"),
        params={"query": 'ALERTS{alertstate="firing"}', "start": since, "end": now, "step": "1"},
        timeout=10,
    ).raise_for_status()
    moments: dict[Key, set[float]] = {}
    for row in answer.json()["data"]["result"]:
        key = row["metric"]["alertname"], row["metric"]["severity"]
        moments.setdefault(key, set()).update(float(at) for at, _ in row["values"])
    return {key: _times(sorted(at), now) for key, at in moments.items()}


def _times(moments: list[float], now: float) -> list[Fired]:
    breaks = [(before, later) for before, later in pairwise(moments) if later - before > _FALLS_SILENT_SECONDS]
    begun = [moments[0], *(later for _, later in breaks)]
    last = [*(before for before, _ in breaks), moments[-1]]
    return [
        Fired(first, None if now - end <= _FALLS_SILENT_SECONDS else end + 1.0)
        for first, end in zip(begun, last, strict=True)
    ]
