"""Frames and fields: the two layers under every message of the TWS API.

A frame is a 4-byte big-endian length and that many bytes. Below server version 201 the bytes are text fields,
each ended by a NUL, the first of them the message id in decimal.
"""

from collections.abc import Iterable
from decimal import Decimal

from tws.errors import FrameError

MAX_FRAME = 0xFFFFFF
"""Longest payload in bytes that clients accept (beyond it ibapi reports error 507)."""

_HEADER = 4

type Field = str | int | float | Decimal | bool | None


def frame(payload: bytes) -> bytes:
    """Prefix a payload with its length.

    Raises:
        FrameError: the payload is longer than `MAX_FRAME` bytes.
    """
    if len(payload) > MAX_FRAME:
        raise FrameError(f"expected a payload of at most {MAX_FRAME} bytes, found {len(payload)}")
    return len(payload).to_bytes(_HEADER) + payload


def _text(value: Field) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)


def encode_fields(*values: Field) -> bytes:
    """Values as NUL-ended text. Booleans become 1 and 0, None the empty field (which means unset)."""
    return "".join(f"{_text(value)}\0" for value in values).encode()


def decode_fields(payload: bytes) -> list[str]:
    """The text fields of a payload; an unended last field is kept, since some clients leave off the NUL."""
    fields = payload.decode(errors="backslashreplace").split("\0")
    if fields[-1] == "":
        fields.pop()
    return fields


class FrameReader:
    """Cuts a byte stream, in whatever pieces it arrives, into payloads."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Add bytes; return the payloads that are now whole, in order.

        Raises:
            FrameError: a header announces more than `MAX_FRAME` bytes. The stream cannot be read any further.
        """
        return list(self._cut(data))

    def _cut(self, data: bytes) -> Iterable[bytes]:
        buffer = self._buffer
        buffer += data
        start = 0
        try:
            while len(buffer) - start >= _HEADER:
                size = int.from_bytes(buffer[start : start + _HEADER])
                if size > MAX_FRAME:
                    raise FrameError(
                        f"expected a frame of at most {MAX_FRAME} bytes, found a header that announces {size}"
                    )
                end = start + _HEADER + size
                if end > len(buffer):
                    return
                yield bytes(buffer[start + _HEADER : end])
                start = end
        finally:
            del buffer[:start]
