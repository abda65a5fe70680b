"""The stand-in in a process that kills itself at a given moment: `python -m tests.crash_child`.

`CRASH_AT` says when, as a place and a number. `broker:N` and `save:N` are the Nth bytecode instruction in the broker's
modules or in the record's `save`, counted from the first order on; `open:N` counts in the record's module from the
start. `alarm:N` is N microseconds after the first order, wherever the processor is then: inside SQLite, perhaps. The
control port is left out, as its modules take longer to load than the rest of a round.
"""

import importlib
import os
import pkgutil
import signal
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

from gateway.simulator import __main__ as program
from gateway.simulator import app, broker
from gateway.simulator.broker import store
from gateway.simulator.broker.broker import Broker

_TOOL = 4
_AT_THE_LATEST = 2.0
"""Seconds."""


def _code(found: CodeType) -> Iterator[CodeType]:
    yield found
    for constant in found.co_consts:
        if isinstance(constant, CodeType):
            yield from _code(constant)


def _functions(module: ModuleType) -> Iterator[CodeType]:
    for member in vars(module).values():
        if isinstance(member, FunctionType) and member.__module__ == module.__name__:
            yield from _code(member.__code__)
        elif isinstance(member, type) and member.__module__ == module.__name__:
            for method in vars(member).values():
                inner = method.fget if isinstance(method, property) else getattr(method, "__func__", method)
                if isinstance(inner, FunctionType):
                    yield from _code(inner.__code__)


def _broker_code() -> Iterator[CodeType]:
    for found in pkgutil.walk_packages(broker.__path__, "gateway.simulator.broker."):
        yield from _functions(importlib.import_module(found.name))


def _count_down(codes: Iterator[CodeType], left: int) -> None:
    """Die at the instruction that brings the count to nothing."""

    def step(code: CodeType, offset: int) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.monitoring.use_tool_id(_TOOL, "crash")
    sys.monitoring.register_callback(_TOOL, sys.monitoring.events.INSTRUCTION, step)
    for code in codes:
        sys.monitoring.set_local_events(_TOOL, code, sys.monitoring.events.INSTRUCTION)


def _arm(place: str, number: int) -> None:
    # The signal's default action ends the process in the kernel, between any two machine instructions. A count that is
    # never reached ends so as well.
    signal.setitimer(signal.ITIMER_REAL, number / 1e6 if place == "alarm" else _AT_THE_LATEST)
    match place:
        case "open":
            _count_down(_functions(store), number)
        case "save":
            _count_down(_code(store.Store.save.__code__), number)
        case "broker":
            _count_down(_broker_code(), number)


async def _no_control(*_: Any) -> None:
    """In place of the control port."""


def main() -> int:
    place, _, number = os.environ["CRASH_AT"].partition(":")
    app._control = _no_control  # type: ignore[assignment]
    if place == "open":
        _arm(place, int(number))
    else:
        first = Broker.place

        def armed(self: Broker, *arguments: Any) -> Any:
            Broker.place = first  # type: ignore[method-assign]
            _arm(place, int(number))
            return first(self, *arguments)

        Broker.place = armed  # type: ignore[method-assign, assignment]
    return program.main()


if __name__ == "__main__":
    sys.exit(main())
