"""Real clients' decoders take every message the stand-in can send, at every version, whole and with nothing left."""

import dataclasses
import datetime as dt
import importlib
import inspect
import logging
import pkgutil
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from ib_async.decoder import Decoder as IbAsyncDecoder
from ibapi.decoder import Decoder as IbapiDecoder
from ibapi.wrapper import EWrapper

from gateway.simulator.api.gateway import Gateway
from gateway.simulator.wire import answers, open_order
from gateway.simulator.wire.text import encode
from tests.unit.simulator.rig import VERSIONS
from tests.unit.simulator.samples.everything import every_answer

IB_ASYNC_VERSIONS = range(157, 179)


def frames(version: int, gateway: Gateway) -> list[tuple[str, bytes]]:
    made = every_answer(version, gateway.broker)
    return [(name, encode(fields)[4:]) for name, group in made.items() for fields in group]


def _answer_modules() -> list[ModuleType]:
    return [
        importlib.import_module(found.name)
        for found in pkgutil.iter_modules(answers.__path__, "gateway.simulator.wire.answers.")
    ]


def test_no_message_is_left_out(gateway: Gateway) -> None:
    senders = {
        name
        for module in (*_answer_modules(), open_order)
        for name, member in inspect.getmembers(module, inspect.isfunction)
        if member.__module__ == module.__name__ and not name.startswith("_")
    }
    assert senders - set(every_answer(200, gateway.broker)) == {"contract", "submitter"}


class Quiet(EWrapper):  # type: ignore[misc]  # ibapi carries no types
    """Takes errors without logging them, so that what is logged is the decoder's own."""

    def error(self, *args: Any) -> None: ...


@pytest.mark.parametrize("version", VERSIONS)
def test_ibapi_reads_everything(version: int, gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "ibapi")
    decoder = IbapiDecoder(Quiet(), version)
    for name, payload in frames(version, gateway):
        fields = tuple(payload.split(b"\0")[:-1])
        handling = decoder.msgId2handleInfo[int(fields[0])]
        if handling.wrapperMeth is not None:
            decoder.interpret(fields[1:], int(fields[0]))
        else:
            left = iter(fields[1:])
            handling.processMeth(decoder, left)
            assert list(left) == [], f"{name} has fields left over at {version}"
    assert [record.getMessage() for record in caplog.records] == []


class Heard:
    """Takes the place of ib_async's wrapper and notes what was called."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.defaultTimezone = dt.UTC
        self.ib = SimpleNamespace(TimezoneTWS="")

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: self.calls.append((name, (*args, *kwargs.values())))


@pytest.mark.parametrize("version", IB_ASYNC_VERSIONS)
def test_ib_async_reads_everything(version: int, gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    heard = Heard()
    decoder = IbAsyncDecoder(heard, version)
    expected = 0
    for _, payload in frames(version, gateway):
        decoder.interpret(payload.decode().split("\0")[:-1])
        expected += 1
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert len(heard.calls) >= expected


def test_what_ib_async_reads_is_what_was_meant(gateway: Gateway) -> None:
    """The fields sit where they belong: a shift by one would still decode, into nonsense."""
    heard = Heard()
    decoder = IbAsyncDecoder(heard, 178)
    for _, payload in frames(178, gateway):
        decoder.interpret(payload.decode().split("\0")[:-1])
    orders = [args for name, args in heard.calls if name == "openOrder"]
    _, contract, order, state = orders[1]
    assert dataclasses.asdict(contract)["localSymbol"] == "SPY   261118C00600000"
    assert (order.orderRef, order.clientId, order.permId, order.parentId) == ("O-1:5", 7, 600745656, 4)
    assert (order.ocaGroup, order.ocaType, order.lmtPrice, order.auxPrice) == ("group", 1, 1.05, 1.1)
    assert (order.algoStrategy, len(order.conditions), order.minCompeteSize) == ("Adaptive", 2, 100)
    assert state.status == "PreSubmitted"
    previewed = orders[-1][3]
    assert float(previewed.initMarginAfter) > 0
    assert previewed.commissionCurrency == "USD"
    details = [args[1] for name, args in heard.calls if name == "contractDetails"]
    assert details[0].secIdList[0].value == "US78462F1030"
    call = next(told for told in details if told.contract.secType == "OPT")
    assert call.underConId == 756733
    assert call.contract.multiplier == "100"
    assert (call.minSize, call.stockType, details[0].stockType) == (1.0, "", "ETF")
