"""A small, strict checker of JSON against the part of JSON Schema that the control port's description uses."""

from __future__ import annotations

import datetime as dt
from typing import Any

_KNOWN = {
    "type", "properties", "required", "additionalProperties", "items", "enum", "anyOf", "oneOf", "format", "minimum",
    "maximum", "description", "default", "$ref",
}  # fmt: skip

_TYPES: dict[str, Any] = {
    "string": str, "number": (int, float), "integer": int, "boolean": bool, "object": dict, "array": list,
    "null": type(None),
}  # fmt: skip


def faults_of(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str = "$") -> list[str]:
    """What is wrong with a value; nothing if it is as described.

    Raises:
        LookupError: the schema uses a word that this checker does not know.
    """
    if unknown := set(schema) - _KNOWN:
        raise LookupError(f"{at}: the checker does not know {unknown}")
    if "$ref" in schema:
        return faults_of(value, _resolve(schema["$ref"], root), root, at)
    for word in ("anyOf", "oneOf"):
        if word in schema:
            fits = sum(not faults_of(value, one, root, at) for one in schema[word])
            if fits == 0 or (word == "oneOf" and fits > 1):
                return [f"{at}: fits {fits} of {word}: {value!r}"]
    kind = schema.get("type")
    if kind and (not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        return [f"{at}: expected {kind}, found {value!r}"]
    found: list[str] = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: {value!r} is none of {schema['enum']}")
    if schema.get("format") == "date-time" and dt.datetime.fromisoformat(value).tzinfo is None:
        found.append(f"{at}: {value!r} has no zone")
    if isinstance(value, (int, float)) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        found.append(f"{at}: {value!r} is out of bounds")
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        found += [f"{at}: {name} is missing" for name in schema.get("required", []) if name not in value]
        if schema.get("additionalProperties") is False:
            found += [f"{at}: {name} is not described" for name in value if name not in properties]
        for name in properties.keys() & value.keys():
            found += faults_of(value[name], properties[name], root, f"{at}.{name}")
    if isinstance(value, list) and "items" in schema:
        for number, one in enumerate(value):
            found += faults_of(one, schema["items"], root, f"{at}[{number}]")
    return found


def _resolve(reference: str, root: dict[str, Any]) -> dict[str, Any]:
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    assert isinstance(found, dict)
    return found
