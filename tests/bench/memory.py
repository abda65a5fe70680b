"""`python -m tests.bench memory --seconds 5400`: the resident memory of a real engine that trades for hours.

The reference strategy with today's chain, quotes of a part of it for greeks, and the stand-in's own ticks. Each minute
is a line of JSON of its own, so that a run that is ended early is a shorter one. With `--day` the run is a trading day,
compressed: prices move as far as in six hours and a half, the strategy rests as much less between its trades, and
thirteen incidents, one each half hour of the day, are spread over the run.
"""

import contextlib
import itertools
import json
import math
import os
import time
from collections.abc import Callable, Iterator

import httpx

from tests.bench.engine import loaded, place, ready, resident
from tests.engine.rig import Engine
from tests.stand_in import StandIn, wait_for

_EVERY = 60.0
_GREEKS_STRIKES = "20"
"""On either side of the money: 40 of the chain's contracts are quoted."""
_DAY_SECONDS = 6.5 * 3600
_VOLATILITY, _PAUSE_SECONDS = 0.6, 5.0
"""The stand-in's own, and the strategy's own: at those a day is a day."""
_INCIDENTS = 13
_AWAY_SECONDS = 8.0


def watch(version: str, seconds: int, *, day: bool) -> None:
    """Minute by minute: resident memory of engine and stand-in, and what has happened in it so far."""
    speed = _DAY_SECONDS / seconds if day else 1.0
    pause = _PAUSE_SECONDS / speed if day else 1.0
    incidents = _incidents(seconds) if day else iter(())
    # What moves prices grows with the root of time.
    world = {"SIM_VOLATILITY": f"{_VOLATILITY * math.sqrt(speed):.3f}"}
    own = {"GREEKS_STRIKES": _GREEKS_STRIKES, "TRADE_PAUSE_SECONDS": f"{pause:.3f}"}
    with (
        place(version, **world) as (folder, gateway, supervisor),
        contextlib.closing(Engine(folder, gateway, supervisor.url, **own)) as engine,
    ):
        engine.start()
        wait_for(lambda: ready(engine) and loaded(engine), 120, engine.tail)
        print(json.dumps({"seconds_of_a_day_in_one": round(speed, 2), **world, **own}), flush=True)
        begun, had = time.monotonic(), 0
        due = next(incidents, None)
        while (passed := time.monotonic() - begun) < seconds and engine.running():
            _tell(version, passed, engine, gateway, had)
            if due is not None and passed >= due[0]:
                due[1](gateway)
                had += 1
                due = next(incidents, None)
            time.sleep(_EVERY - (time.monotonic() - begun) % _EVERY)
        if engine.running():
            _tell(version, time.monotonic() - begun, engine, gateway, had)
        else:
            print(json.dumps({"ended_with": engine.wait(1), "said": engine.tail(5)}), flush=True)


def _tell(version: str, passed: float, engine: Engine, gateway: StandIn, incidents: int) -> None:
    told = {
        "version": version,
        "seconds": round(passed),
        "engine_mib": round(resident(engine.pid), 1),
        "stand_in_mib": round(resident(gateway.pid), 1),
        "incidents": incidents,
        "load": round(os.getloadavg()[0], 1),
    }
    # On a busy machine, or in an incident, one of the two may not answer in time; the memory is told all the same.
    with contextlib.suppress(httpx.HTTPError):
        status, book = engine.status(), gateway.book()
        told |= {
            "contracts": status["chain"]["loaded"],
            "ticks": engine.metric("watchkeeper_engine_ticks_total"),
            "orders": len(book["orders"]),
            "executions": len(book["executions"]),
            "state": status["state"],
        }
    print(json.dumps(told), flush=True)


def _incidents(seconds: int) -> Iterator[tuple[float, Callable[[StandIn], None]]]:
    """When which one begins: those that take the session, the link, the subscriptions and the data, in turn."""
    kinds = itertools.cycle((_killed, _link_lost, _data_lost, _farm_broken, _session_reset))
    for number in range(1, _INCIDENTS + 1):
        yield number * seconds / (_INCIDENTS + 1), next(kinds)


def _killed(gateway: StandIn) -> None:
    gateway.kill()
    time.sleep(_AWAY_SECONDS)
    gateway.start()
    gateway.up(120)


def _link_lost(gateway: StandIn) -> None:
    _for_a_while(gateway, "upstream-lost", back="1101")


def _data_lost(gateway: StandIn) -> None:
    gateway.fault("data-lost")


def _farm_broken(gateway: StandIn) -> None:
    _for_a_while(gateway, "market-farm")


def _session_reset(gateway: StandIn) -> None:
    gateway.fault("reset")


def _for_a_while(gateway: StandIn, name: str, **parameters: object) -> None:
    gateway.fault(name, **parameters)
    time.sleep(_AWAY_SECONDS)
    gateway.cure(name)
