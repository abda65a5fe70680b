"""The table of what the engine reads is what the pinned engine does."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from preflight.engine_times import ENGINE, TABLE, Reading, Row, reading
from tws.errors import ProtocolError
from tws.times import bar_time_form

ROOT = Path(__file__).parents[3]
MOMENT = datetime(2026, 7, 14, 13, 30, tzinfo=UTC)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.example)
def test_the_engine_does_what_the_table_says(row: Row) -> None:
    from nautilus_trader.adapters.interactive_brokers.parsing.execution import timestring_to_timestamp

    assert bar_time_form(row.example) is row.form
    assert reading(row.example) is row.reading
    if row.reading is Reading.LOST:
        with pytest.raises(Exception, match=r"(?i)time zone|out of range"):
            timestring_to_timestamp(row.example)
    else:
        assert (timestring_to_timestamp(row.example) == MOMENT) is (row.reading is Reading.READ)


def test_it_is_the_table_of_the_pinned_engine() -> None:
    pinned = re.search(r'"nautilus_trader\[ib\]==([\d.]+)"', (ROOT / "pyproject.toml").read_text())
    assert pinned is not None
    assert f"nautilus_trader {pinned[1]}" == ENGINE


@pytest.mark.parametrize("text", ["", "yesterday", "14.07.2026 09:30"])
def test_what_no_gateway_writes_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        reading(text)
