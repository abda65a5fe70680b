"""A strategy of the user's own: an ordinary Nautilus Strategy, imported by name, with its configuration from a file."""

from __future__ import annotations

import importlib
import json
import sys
import tomllib
import typing
from typing import TYPE_CHECKING, Any

import msgspec
from nautilus_trader.config import StrategyConfig
from nautilus_trader.trading.strategy import Strategy

from engine.errors import StrategyUnusable

if TYPE_CHECKING:
    from pathlib import Path


def search(folder: Path) -> None:
    """Import from the user's folder too; searched last, so that no module in it can stand in for one of ours."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


def load(name: str, file: Path | None) -> Strategy:
    """Import `package.module:Class`, read its configuration and create it. Raises StrategyUnusable."""
    wanted = f"STRATEGY={name} to be a class of NautilusTrader's Strategy"
    kind = _attribute(name, wanted)
    if not (isinstance(kind, type) and issubclass(kind, Strategy)):
        raise StrategyUnusable(wanted, repr(kind), "name the class that derives from Strategy behind the colon")
    config = _config(name, kind, file)
    if config.oms_type == "HEDGING":
        raise StrategyUnusable(
            f"{name} to book net positions, as IBKR does", "oms_type=HEDGING", "leave oms_type out, or say NETTING"
        )
    try:
        return kind(config)
    except Exception as error:  # the user's own code: whatever it raises is the answer
        found = f"{type(error).__name__}: {error}"
        raise StrategyUnusable(f"STRATEGY={name} to be created from its configuration", found, "mend it") from error


def check_filter(name: str) -> None:
    """Import `package.module:function`, which Nautilus will ask about each instrument. Raises StrategyUnusable."""
    wanted = f"FILTER_CALLABLE={name} to be a function"
    if not callable(found := _attribute(name, wanted)):
        raise StrategyUnusable(wanted, repr(found), "name the function behind the colon")


def _attribute(name: str, wanted: str) -> Any:
    module, _, attribute = name.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        remedy = "put it into the folder of STRATEGY_PATH, with all that it imports"
        raise StrategyUnusable(wanted, f"no module {error.name!r}", remedy) from None
    except AttributeError as error:
        raise StrategyUnusable(wanted, str(error), f"correct the name, or {module}") from None
    except Exception as error:  # the user's own code: whatever it raises at import is the answer
        found = f"{type(error).__name__} while it is imported: {error}"
        raise StrategyUnusable(wanted, found, f"mend {module}") from error


def _config(name: str, kind: type[Strategy], file: Path | None) -> Any:
    """The configuration class is the type that the strategy's own `__init__` declares for its first argument."""
    declared: list[Any] = [one for one in typing.get_type_hints(kind.__init__).values() if isinstance(one, type)]
    config = next((one for one in declared if issubclass(one, StrategyConfig)), StrategyConfig)
    wanted = f"STRATEGY_CONFIG to hold the fields of {config.__name__}, the configuration of {name}"
    given = _read(wanted, file)
    known = set(config.__struct_fields__)
    if unknown := sorted(given.keys() - known):
        raise StrategyUnusable(wanted, ", ".join(unknown), f"use only {', '.join(sorted(known))}")
    try:
        return config.parse(json.dumps(given, default=str))
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        where = str(file) if file is not None else "no STRATEGY_CONFIG"
        raise StrategyUnusable(wanted, f"{error} ({where})", "correct or complete that file") from None


def _read(wanted: str, file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        text = file.read_text()
        given = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise StrategyUnusable(wanted, f"{file}: {error.strerror or error}", "name a file that is there") from None
    except ValueError as error:
        form = "JSON" if file.suffix == ".json" else "TOML"
        raise StrategyUnusable(wanted, f"{file} is not {form}: {error}", "correct it") from None
    if not isinstance(given, dict):
        raise StrategyUnusable(wanted, f"{file} holds a {type(given).__name__}", "write an object of fields")
    return given
