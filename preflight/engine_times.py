"""What the pinned engine makes of the times that a gateway writes: a table, with its sources.

The engine reads bars and quotes by epoch seconds; the times of executions alone come as text. Its adapter splits them
at the last blank and takes the rest for a zone's name; without a blank it takes UTC. What it cannot read raises in its
message handler, and the fill is lost: the order stays submitted and no position is known.

Source of each row: `timestring_to_timestamp` in nautilus_trader/adapters/interactive_brokers/parsing/execution.py of
nautilus_trader 1.231.0, read, and run on the text in the row (tests/unit/preflight/test_engine_times.py runs it again).
Engines built on the adapter in Rust are not in the table: its first versions took UTC names alone for a zone
(nautechsystems/nautilus_trader issue 4396), and refused the dashed form in the end of an answer of bars.
"""

import enum
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tws.times import TimeForm, bar_time_form

ENGINE = "nautilus_trader 1.231.0"


class Reading(enum.Enum):
    """What becomes of a fill with such a time."""

    READ = "read"
    FRAGILE = "read until the clocks change, an hour wrong or lost then"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Row:
    """One form, a time in it, and what becomes of it."""

    form: TimeForm
    example: str
    reading: Reading


TABLE = (
    Row(TimeForm.UTC_DASH, "20260714-13:30:00", Reading.READ),
    Row(TimeForm.UTC_DASH, "20260714-13:30:00Z", Reading.READ),
    Row(TimeForm.ZONED, "20260714 13:30:00 Universal", Reading.READ),
    Row(TimeForm.ZONED, "20260714 09:30:00 US/Eastern", Reading.READ),
    Row(TimeForm.ZONED, "20260714 15:30:00 Europe/Berlin", Reading.READ),
    Row(TimeForm.ZONED, "20260714 15:30:00 MET", Reading.READ),
    Row(TimeForm.ZONED, "20260714 09:30:00 EST", Reading.FRAGILE),
    Row(TimeForm.ZONED, "20260714 07:30:00 MST", Reading.FRAGILE),
    Row(TimeForm.ZONED, "20260714 09:30:00 EDT", Reading.LOST),
    Row(TimeForm.ZONED, "20260714 08:30:00 CST", Reading.LOST),
    Row(TimeForm.ZONED, "20260714 15:30:00 Central European Standard Time", Reading.LOST),
    Row(TimeForm.LEGACY, "20260714  09:30:00", Reading.LOST),
    Row(TimeForm.EPOCH, "1784035800", Reading.LOST),
)

_WINTER_ALONE = frozenset({"EST", "MST"})
"""Names that zoneinfo knows as a fixed offset, and that a gateway's clock bears for half of the year."""


def reading(text: str) -> Reading:
    """What the engine makes of an execution's time.

    Raises:
        ProtocolError: of no form that a gateway writes.
    """
    form = bar_time_form(text)
    if form is not TimeForm.ZONED:
        return Reading.READ if form is TimeForm.UTC_DASH else Reading.LOST
    _, zone = text.rsplit(" ", 1)
    if len(text.split()) > 3 or not _is_known(zone):
        return Reading.LOST
    return Reading.FRAGILE if zone in _WINTER_ALONE else Reading.READ


def _is_known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
