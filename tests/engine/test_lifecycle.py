"""Starting, waiting and leaving: HTTP from the first second, clearance before anything, SIGTERM at any moment."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.engine.rig import Engine, in_both_encodings
from tests.engine.test_trading import agree
from tests.stand_in import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.engine.rig import Supervisor
    from tests.stand_in import StandIn


def left_well(engine: Engine) -> None:
    # Of an attempt to connect that failed, Nautilus logs a traceback, and its lines come when it likes.
    before = len(engine.log.read_text(errors="replace"))
    code, seconds = engine.terminate(20)
    assert code == 0, engine.tail()
    assert seconds < 15
    after = engine.log.read_text(errors="replace")[before:].splitlines()
    assert "Traceback" not in "\n".join(line for line in after if '"component":' not in line)


def test_http_answers_in_the_first_second(engine: Engine) -> None:
    begun = time.monotonic()
    engine.start()
    wait_for(lambda: engine.get("/healthz").status_code == 200, 5, engine.tail)
    assert time.monotonic() - begun < 2.0
    assert engine.get("/readyz").status_code == 503


def test_sigterm_while_nautilus_is_still_loading(engine: Engine) -> None:
    engine.start()
    wait_for(lambda: engine.get("/healthz").status_code == 200, 5, engine.tail)
    left_well(engine)


def test_no_clearance_no_connection(gateway: StandIn, engine: Engine, supervisor: Supervisor) -> None:
    supervisor.answer = {"granted": False, "reason": "preflight is red", "retry_after_seconds": 0.1}
    gateway.start()
    gateway.up()
    engine.start()
    wait_for(lambda: len(supervisor.asked) > 10, 20, engine.tail)
    status = engine.status()
    assert status["state"] == "WAITING"
    assert "preflight is red" in status["sentence"]
    assert gateway.status()["clients"] == []
    assert supervisor.asked[0]["account"] == "DUSIM0001"
    assert engine.post("/api/v1/resync").status_code == 409
    supervisor.answer = {"granted": True}
    engine.reach("TRADING", 40)
    left_well(engine)


def test_sigterm_while_waiting_for_clearance(engine: Engine, supervisor: Supervisor) -> None:
    supervisor.answer = {"granted": False, "reason": "no", "retry_after_seconds": 60}
    engine.start()
    wait_for(lambda: "clearance: no" in engine.status()["sentence"], 20, engine.tail)
    left_well(engine)


def test_supervisor_away_own_check_then_trading(tmp_path: Path, gateway: StandIn) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        nobody = f"http://127.0.0.1:{held.getsockname()[1]}"
    gateway.start()
    gateway.up()
    with contextlib.closing(Engine(tmp_path, gateway, nobody, CLEARANCE_GRACE_SECONDS="1")) as engine:
        engine.start()
        engine.reach("TRADING", 40)


def test_the_wrong_account_is_never_traded(tmp_path: Path, gateway: StandIn, supervisor: Supervisor) -> None:
    gateway.start()
    gateway.up()
    with contextlib.closing(Engine(tmp_path, gateway, supervisor.url, IB_ACCOUNT="DUSIM0002")) as engine:
        engine.start()
        status = wait_for(
            lambda: status if "wrong account" in (status := engine.status())["sentence"] else None, 20, engine.tail
        )
        assert status["state"] == "CONNECTING"
        assert not status["trader_running"]
        assert gateway.book()["orders"] == []
        left_well(engine)


def test_sigterm_while_the_gateway_is_away(engine: Engine) -> None:
    engine.start()
    wait_for(lambda: engine.status()["connection"]["attempts"] >= 2, 30, engine.tail)
    left_well(engine)


@pytest.fixture
def mute_port(gateway: StandIn) -> Iterator[None]:
    """Somebody who accepts on the gateway's port and says nothing, like a hanging JVM behind socat."""
    server = socket.create_server(("127.0.0.1", gateway.api_port))
    held: list[socket.socket] = []
    done = threading.Event()

    def serve() -> None:
        server.settimeout(0.05)
        while not done.is_set():
            with contextlib.suppress(TimeoutError):
                held.append(server.accept()[0])

    thread = threading.Thread(target=serve)
    thread.start()
    yield
    done.set()
    thread.join()
    for one in (server, *held):
        one.close()


@pytest.mark.usefixtures("mute_port")
def test_sigterm_while_the_handshake_hangs(engine: Engine) -> None:
    engine.start()
    wait_for(lambda: engine.status()["connection"]["attempts"] >= 1, 30, engine.tail)
    assert engine.get("/healthz").status_code == 200
    left_well(engine)


def test_sigterm_while_trading_leaves_exits_at_the_broker(trading: Engine, gateway: StandIn) -> None:
    wait_for(lambda: trading.status()["positions"], 60, trading.tail)
    left_well(trading)
    wait_for(lambda: gateway.status()["clients"] == [], 10, gateway.tail)


@in_both_encodings
def test_a_restart_without_a_cache_takes_up_what_the_broker_holds(trading: Engine, gateway: StandIn) -> None:
    wait_for(lambda: trading.status()["positions"], 60, trading.tail)
    trading.kill()
    trading.start()
    trading.reach("TRADING", 40)
    wait_for(lambda: agree(trading, gateway), 10, lambda: (trading.status(), gateway.book()))
    bought = [o for o in gateway.book()["orders"] if o["action"] == "BUY"]
    sold = [o for o in gateway.book()["orders"] if o["action"] == "SELL" and o["status"] == "Filled"]
    assert 0 <= len(bought) - len(sold) <= 1
    # Taken up by reconciliation, not by the last resort of booking a difference.
    assert "positions differ" not in trading.log.read_text(errors="replace")
