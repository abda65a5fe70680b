"""From what somebody asks for to a fault: strict, and before anything is changed."""

import dataclasses
import datetime as dt
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.simulator.errors import FaultRefused, SettingsError
from gateway.simulator.faults.catalogue import FAULTS
from gateway.simulator.faults.fault import Fault, Parameter, Scope, parameters

_LONGEST = 366 * 86_400.0
"""World seconds that anything may be put off or last."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One fault as it was asked for."""

    fault: Fault
    delay: float | dt.datetime
    """World seconds from now, or a moment of the world."""
    duration: float | None
    """World seconds; None until it is ended."""
    scope: Scope
    seed: int
    asked: tuple[tuple[str, Any], ...]
    """Parameters that were given, as they were."""


def wish(name: str, body: Mapping[str, Any]) -> Wish:
    """Read one wish.

    Raises:
        FaultRefused: no such fault, a parameter that it does not have, or one that cannot be.
    """
    kind = FAULTS.get(name)
    if kind is None:
        raise FaultRefused(f"name: expected one of {', '.join(FAULTS)}, found {name!r}")
    own = {one.name: one for one in parameters(kind)}
    common = common_parameters(kind)
    known = common | own
    for key in body:
        if key not in known:
            raise FaultRefused(f"expected one of {', '.join(known)} for {name}, found {key!r}")
    values = {key: _value(known[key], value) for key, value in body.items() if value is not None}
    fault = kind(**{key: value for key, value in values.items() if key in own})
    fault.check()
    return Wish(
        fault=fault,
        delay=_start(values.get("start", 0.0)),
        duration=None if "duration" in own else values.get("duration"),
        scope=Scope(values.get("client"), values.get("contract")),
        seed=values.get("seed", 0),
        asked=tuple(sorted((key, value) for key, value in values.items() if key != "start")),
    )


def common_parameters(kind: type[Fault]) -> dict[str, Parameter]:
    """What can be chosen about every fault of its sort."""
    found = [
        Parameter("start", "string", None, "when: world seconds from now, or a moment of the world with its zone"),
        Parameter("seed", "integer", 0, "of everything that is random about it", 0, 2**53),
    ]
    if not kind.momentary and kind.curable:
        found.append(Parameter("duration", "number", None, "world seconds until it ends by itself", 0.0, _LONGEST))
    if "client" in kind.scopes:
        found.append(Parameter("client", "integer", None, "client id: only that one is hit", 0, 2**31 - 1))
    if "contract" in kind.scopes:
        found.append(Parameter("contract", "integer", None, "contract id: only that one is hit", 1, 2**31 - 1))
    return {one.name: one for one in found}


def _value(parameter: Parameter, value: Any) -> Any:
    name, kind = parameter.name, parameter.kind
    if name == "start":
        return value
    if kind == "boolean":
        good, expected = isinstance(value, bool), "true or false"
    elif kind == "string":
        good, expected = isinstance(value, str), "a text"
        if parameter.choices:
            good, expected = value in parameter.choices, f"one of {', '.join(parameter.choices)}"
    else:
        whole = kind == "integer"
        good = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        lowest, highest = parameter.lowest or 0, parameter.highest or math.inf
        expected = f"a {'whole ' if whole else ''}number from {lowest:g} to {highest:g}"
        good = good and lowest <= value <= highest
    if not good:
        raise FaultRefused(f"{name}: expected {expected}, found {value!r}")
    return float(value) if kind == "number" else value


def _start(value: Any) -> float | dt.datetime:
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value.astimezone(dt.UTC)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= _LONGEST:
        return float(value)
    if isinstance(value, str):
        try:
            moment = dt.datetime.fromisoformat(value)
            if moment.tzinfo is not None:
                return moment.astimezone(dt.UTC)
        except (ValueError, OverflowError):
            pass
    raise FaultRefused(
        f"start: expected seconds from now, or a moment with its zone such as 2026-11-18T15:00:00Z, found {value!r}"
    )


def from_file(path: Path) -> list[Wish]:
    """Every fault of a file: TOML with a [[fault]] each, or JSON with a list under "fault".

    Raises:
        SettingsError: the file cannot be read, or one of its faults cannot be.
    """
    import tomllib  # takes its time, and most runs have no file

    try:
        text = path.read_text(encoding="utf-8")
        found = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise _unusable(path, f"found: {error}") from error
    rows = found.get("fault") if isinstance(found, dict) and set(found) == {"fault"} else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _unusable(path, "found something else than [[fault]] tables")
    wishes: list[Wish] = []
    for number, row in enumerate(rows, 1):
        try:
            wishes.append(wish(str(row.get("name", "")), {key: value for key, value in row.items() if key != "name"}))
        except FaultRefused as refused:
            raise _unusable(path, f"in number {number}: {refused}") from refused
    return wishes


def _unusable(path: Path, found: str) -> SettingsError:
    return SettingsError(
        f"SIM_FAULTS: expected a TOML or JSON file of faults in {path}, {found}; "
        "correct the file or remove the variable"
    )


def described(wish: Wish) -> dict[str, Any]:
    """A fault's parameters with the values they have."""
    fault = wish.fault
    values = {one.name: getattr(fault, one.name) for one in parameters(type(fault))}
    scope = {key: value for key, value in dataclasses.asdict(wish.scope).items() if value is not None}
    return values | scope | {"seed": wish.seed}
