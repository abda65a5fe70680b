"""Imported first by the process that runs for months: it leaves out what that never needs, and waits with what it may.

structlog and httpx load rich and pygments wherever they find them: 5 MiB, for colours. The process has no terminal; the
preflight's table has them. ibapi loads each of its 200 types of protobuf message with the first: 11 MiB, of which a
supervisor writes and reads a dozen.
"""

import importlib
import importlib.abc
import importlib.machinery
import sys
from types import ModuleType
from typing import Any, override

_MESSAGES = "ibapi.protobuf."


class _Message:
    """A type of message that is loaded when the first one is made."""

    def __init__(self, module: str, name: str) -> None:
        self._where = (module, name)

    def __call__(self) -> Any:
        module, name = self._where
        return getattr(importlib.import_module(module), name)()


class _Waiting(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds ibapi's modules of messages, without looking into them."""

    @override
    def find_spec(self, fullname: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        return importlib.machinery.ModuleSpec(fullname, self) if fullname.startswith(_MESSAGES) else None

    @override
    def exec_module(self, module: ModuleType) -> None:
        name = module.__name__
        vars(module)["__getattr__"] = lambda message: _Message(name, message)


def _load_client() -> None:
    """Load ibapi's client and decoder with messages that wait; whoever imports a module of them later gets it."""
    waiting = _Waiting()
    sys.meta_path.insert(0, waiting)
    try:
        for name in ("ibapi.client", "ibapi.decoder"):
            importlib.import_module(name)
    finally:
        sys.meta_path.remove(waiting)
        for name in [name for name in sys.modules if name.startswith(_MESSAGES)]:
            del sys.modules[name]


for _name in ("rich", "pygments"):
    sys.modules[_name] = None  # type: ignore[assignment]
_load_client()
