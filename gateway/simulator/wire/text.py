"""How the gateway spells numbers and texts."""

from collections.abc import Iterable

UNSET_INT = "2147483647"
UNSET_LONG = "9223372036854775807"
UNSET_DOUBLE = "1.7976931348623157E308"

type Value = str | int | float | None
"""One field: text as it is, numbers as `plain` writes them, None the empty field."""


def plain(number: float) -> str:
    """Shortest decimal form without an exponent or a needless point: 1, 0.01, 257.95."""
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    text = repr(number)
    return text if "e" not in text else f"{number:.12f}".rstrip("0")


def double(number: float | None) -> str:
    """A Java double: 0.0, 2000.05; empty for None."""
    if number is None:
        return ""
    text = plain(number)
    return text if "." in text else f"{text}.0"


def cents(number: float) -> str:
    """Two decimals, as bar prices and money are written: 254.20."""
    return f"{number:.2f}"


def ascii7(text: str) -> str:
    """Texts as clients decode them from 153 on: ASCII, everything else and the backslash escaped."""
    escaped = text.replace("\\", "\\\\")
    if escaped.isascii():
        return escaped
    utf16 = escaped.encode("utf-16-be")
    units = [int.from_bytes(utf16[i : i + 2]) for i in range(0, len(utf16), 2)]
    return "".join(chr(unit) if unit < 128 else f"\\u{unit:04x}" for unit in units)


def _field(value: Value) -> str:
    # The class is looked at and not asked for with isinstance, because this is where the server spends its time; mypy
    # does not follow that.
    kind = value.__class__
    if kind is str:
        return value  # type: ignore[return-value]  # a str
    if kind is int:
        return str(value)
    if kind is float:
        return plain(value)  # type: ignore[arg-type]  # a float
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)


def payload(fields: Iterable[Value]) -> bytes:
    """Fields as bytes, each with the NUL that ends it."""
    # Most fields are text already; asking here saves a call for each.
    return (
        "\0".join([value if type(value) is str else _field(value) for value in fields]).encode(errors="surrogateescape")
        + b"\0"
    )


def encode(fields: Iterable[Value]) -> bytes:
    """One message as bytes with its length in front."""
    body = payload(fields)
    return len(body).to_bytes(4) + body
