"""Reads the fields of a client's message one after the other.

Empty text and the clients' own 'unset' numbers read as nothing said: one client leaves out what another writes as
0 or 2147483647.
"""

import math
from collections.abc import Sequence

from gateway.simulator.errors import RequestMalformed

_UNSET_INTS = (2147483647, 9223372036854775807)
UNSET_DOUBLE = 1e308
"""What is further from zero than this was not said."""


class Cursor:
    """A position in a list of fields."""

    def __init__(self, fields: Sequence[str], start: int = 0) -> None:
        self._fields = fields
        self._at = start

    @property
    def left(self) -> int:
        """How many fields have not been read."""
        return len(self._fields) - self._at

    def skip(self, count: int = 1) -> None:
        """Pass over fields.

        Raises:
            RequestMalformed: there are not so many.
        """
        for _ in range(count):
            self.text()

    def text(self) -> str:
        """The next field as it is.

        Raises:
            RequestMalformed: the message has ended.
        """
        if self._at >= len(self._fields):
            raise RequestMalformed("message too short")
        value = self._fields[self._at]
        self._at += 1
        return value

    def integer(self, default: int = 0) -> int:
        """The next field as a whole number, which to the gateway is one of 32 bits.

        Raises:
            RequestMalformed: it is none.
        """
        text = self.text()
        if not text:
            return default
        try:
            value = int(text)
        except ValueError:
            number = self._float(text)
            if not math.isfinite(number) or number != int(number):
                raise RequestMalformed(f"expected a whole number, found '{text[:40]}'") from None
            value = int(number)
        if value in _UNSET_INTS:
            return default
        if not -(2**31) <= value < 2**31:
            raise RequestMalformed(f"expected a whole number of 32 bits, found '{text[:40]}'")
        return value

    def number(self) -> float | None:
        """The next field as a number, None if unset.

        Raises:
            RequestMalformed: it is no number.
        """
        text = self.text()
        if not text:
            return None
        value = self._float(text)
        if math.isnan(value):
            raise RequestMalformed(f"expected a number, found '{text[:40]}'")
        return None if abs(value) > UNSET_DOUBLE else value

    def flag(self) -> bool:
        """The next field as yes or no; whatever is not 1 or true is no."""
        return self.text().lower() in ("1", "true")

    def count(self, limit: int = 1000) -> int:
        """The next field as the length of a list that follows.

        Raises:
            RequestMalformed: it is negative or beyond all reason.
        """
        value = self.integer()
        if not 0 <= value <= limit:
            raise RequestMalformed(f"expected a count from 0 to {limit}, found {value}")
        return value

    @staticmethod
    def _float(text: str) -> float:
        try:
            return float(text)
        except ValueError:
            raise RequestMalformed(f"expected a number, found '{text[:40]}'") from None
