"""Values beside their names in the API, for messages that text and protobuf say alike."""

from collections.abc import Iterable
from typing import Any

from gateway.simulator.wire.answers.fields import Fields
from gateway.simulator.wire.cursor import UNSET_DOUBLE
from gateway.simulator.wire.text import Value

type Pair = tuple[str, Value]
type Pairs = list[Pair]
"""Values under their names in the API. Without a name: where only text says it like that, counts and groups above
all."""


def unnamed(*values: Value) -> Pairs:
    """Values that only text has."""
    return [("", value) for value in values]


def values(pairs: Pairs) -> Fields:
    """What text writes."""
    return [value for _, value in pairs]


def fill(message: Any, pairs: Iterable[tuple[str, Value]]) -> Any:
    """Put values into those fields of a generated message that have their names.

    What is empty is left out; so is what a field cannot hold, which only a client that wrote text can have said, and
    an unset number with a point, of which clients make 309 digits. Assumed: the rest is the same as in text.
    """
    fields = message.DESCRIPTOR.fields_by_name
    for name, value in pairs:
        if value in ("", None) or name not in fields:
            continue
        text, field = str(value), fields[name]
        try:
            if field.type == field.TYPE_STRING:
                setattr(message, name, text.encode(errors="surrogateescape").decode(errors="replace"))
            elif field.type == field.TYPE_BOOL:
                setattr(message, name, text.lower() in ("1", "true", "a"))  # a: and
            elif field.type == field.TYPE_DOUBLE:
                if abs(number := float(text)) <= UNSET_DOUBLE or number == float("inf"):
                    setattr(message, name, number)
            else:
                setattr(message, name, int(text) if text.lstrip("-").isdigit() else int(float(text)))
        except (ValueError, OverflowError):
            continue
    return message
