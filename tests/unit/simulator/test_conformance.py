"""Real clients' decoders take every message the stand-in can send, at every version, whole and with nothing left."""

import dataclasses
import datetime as dt
import importlib
import inspect
import logging
import pkgutil
import re
from collections.abc import Callable, Mapping
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from ib_async.decoder import Decoder as IbAsyncDecoder
from ibapi.const import UNSET_DOUBLE
from ibapi.decoder import Decoder as IbapiDecoder
from ibapi.wrapper import EWrapper

from gateway.simulator.api.gateway import Gateway
from gateway.simulator.settings import MAX_SERVER_VERSION
from gateway.simulator.wire import answers, open_order
from gateway.simulator.wire.answers.answer import Answer
from gateway.simulator.wire.answers.fields import Fields
from gateway.simulator.wire.protobuf import PROTOBUF
from tests.unit.simulator.rig import VERSIONS
from tests.unit.simulator.samples.everything import every_answer
from tests.unit.simulator.samples.sample import frame_of
from tests.unit.simulator.told import Told, interpret, plain_sense

IB_ASYNC_VERSIONS = range(157, 179)


def frames(version: int, gateway: Gateway) -> list[tuple[str, bytes]]:
    made = every_answer(version, gateway.broker)
    return [(name, frame_of(said, version)[4:]) for name, group in made.items() for said in group]


def _answer_modules() -> list[ModuleType]:
    return [
        importlib.import_module(found.name)
        for found in pkgutil.iter_modules(answers.__path__, "gateway.simulator.wire.answers.")
    ]


def test_no_message_is_left_out(gateway: Gateway) -> None:
    messages = {
        name
        for module in (*_answer_modules(), open_order)
        for name, member in vars(module).items()
        if _is_message(member) and member.__module__ == module.__name__
    }
    assert messages == set(every_answer(MAX_SERVER_VERSION, gateway.broker))


def _is_message(member: object) -> bool:
    """Whether it is a class of messages, and not what several of them have in common."""
    return inspect.isclass(member) and issubclass(member, Answer) and hasattr(member, "id")


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


@pytest.mark.parametrize("version", range(PROTOBUF, MAX_SERVER_VERSION + 1))
def test_ibapi_is_told_the_same_in_both_encodings(
    version: int, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    """Message by message: what the real client makes of it at this version, and of its text at 200."""
    caplog.set_level(logging.WARNING, "ibapi")
    for name, said in every_answer(version, gateway.broker).items():
        before = every_answer(200, gateway.broker).get(name)
        for number, one in enumerate(said):
            if isinstance(one, list):
                continue
            told = _told(one, version)
            assert told, f"{name} says nothing at {version}"
            if before is not None:
                assert _known(name, version, told) == _known(name, version, _told(before[number], 200)), name
    assert [record.getMessage() for record in caplog.records] == []


_MARGINS = {
    f"{what}{when}"
    for what in ("initMargin", "maintMargin", "equityWithLoan")
    for when in ("Before", "Change", "After")
}
"""Of an order's state: text, which a client hands on as it came; in protobuf numbers, of which it makes its own text,
but for unset ones, which are left out."""


def _margins(calls: list[Any]) -> list[Any]:
    [(callback, [*rest, (kind, state)])] = calls
    margins = {margin: plain_sense(round(float(state[margin] or UNSET_DOUBLE), 2)) for margin in _MARGINS}
    return [(callback, [*rest, (kind, state | margins)])]


def _no_last_day(calls: list[Any]) -> list[Any]:
    """A bond's contract comes with its maturity, which clients find nowhere else in protobuf."""
    for _, [_, (_, details)] in calls:
        details["contract"][1]["lastTradeDateOrContractMonth"] = None
    return calls


def _by_bit(calls: list[Any]) -> list[Any]:
    """ibapi hands out a dictionary where it handed out a list."""
    [(name, [req_id, found])] = calls
    if isinstance(found, list):
        found = {one["bitNumber"]: [one["exchange"], one["exchangeLetter"]] for _, one in found}
    return [(name, [req_id, found])]


def _unescaped(calls: list[Any]) -> list[Any]:
    """ibapi hands out these texts as they are written: escaped as text, as they are meant in protobuf."""

    def meant(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), value.replace("\\\\", "\\"))

    return [(name, [meant(one) for one in args]) for name, args in calls]


CHANGES: Mapping[str, tuple[int, Callable[[list[Any]], list[Any]]]] = {
    "OpenOrder": (203, _margins),
    "BondDetails": (205, _no_last_day),
    "HistoricalNews": (209, _unescaped),
    "NewsArticle": (209, _unescaped),
    "NewsBulletin": (209, _unescaped),
    "TickNews": (209, _unescaped),
    "FundamentalData": (210, _unescaped),
    "ScannerParameters": (210, _unescaped),
    "SmartComponents": (212, _by_bit),
}
"""From which version on a client is told something else, and how the two are made the same."""


def _known(name: str, version: int, calls: list[Any]) -> list[Any]:
    """Without what is known to change from a version on, and is tested where it does."""
    since, alike = CHANGES.get(name, (MAX_SERVER_VERSION + 1, None))
    return alike(calls) if alike and version >= since else calls


def test_texts_are_told_as_they_are_meant(gateway: Gateway) -> None:
    for version, headline in ((208, r"\u00dcml\u00e4ut, back\\slash"), (209, "Ümläut, back\\slash")):
        [told] = every_answer(version, gateway.broker)["TickNews"]
        [(_, [*_, words, _])] = _told(told, version)
        assert words == headline


def test_a_bond_matures_on_its_last_day(gateway: Gateway) -> None:
    for bond in every_answer(205, gateway.broker)["BondDetails"]:
        [(_, [_, (_, details)])] = _told(bond, 205)
        assert details["maturity"]
        assert details["contract"][1]["lastTradeDateOrContractMonth"] == details["maturity"]


def _told(said: Answer | Fields, version: int) -> list[Any]:
    """What ibapi's wrapper is called with."""
    wrapper = Told()
    interpret(IbapiDecoder(wrapper, version), frame_of(said, version)[4:], version)
    return [(name, [plain_sense(one) for one in args]) for name, args in wrapper.calls]


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
