"""`python -m tests.bench memory --seconds 5400`: the resident memory of a real engine that trades for hours.

The reference strategy with today's chain, quotes of a part of it for greeks, and the stand-in's own ticks. Each minute
is a line of JSON of its own, so that a run that is ended early is a shorter one.
"""

import contextlib
import json
import os
import time

from tests.bench.engine import loaded, place, ready, resident
from tests.engine.rig import Engine
from tests.stand_in import wait_for

_EVERY = 60.0
_GREEKS_STRIKES = "20"
"""On either side of the money: 40 of the chain's contracts are quoted."""


def watch(version: str, seconds: int) -> None:
    """Minute by minute: resident memory of engine and stand-in, and what has happened in it so far."""
    with (
        place(version) as (folder, gateway, supervisor),
        contextlib.closing(Engine(folder, gateway, supervisor.url, GREEKS_STRIKES=_GREEKS_STRIKES)) as engine,
    ):
        engine.start()
        wait_for(lambda: ready(engine) and loaded(engine), 120, engine.tail)
        begun = time.monotonic()
        while (passed := time.monotonic() - begun) < seconds:
            status, book = engine.status(), gateway.book()
            print(
                json.dumps(
                    {
                        "version": version,
                        "seconds": round(passed),
                        "engine_mib": round(resident(engine.pid), 1),
                        "stand_in_mib": round(resident(gateway.pid), 1),
                        "contracts": status["chain"]["loaded"],
                        "ticks": engine.metric("watchkeeper_engine_ticks_total"),
                        "orders": len(book["orders"]),
                        "executions": len(book["executions"]),
                        "state": status["state"],
                        "load": round(os.getloadavg()[0], 1),
                    }
                ),
                flush=True,
            )
            time.sleep(_EVERY - (time.monotonic() - begun) % _EVERY)
