"""The session itself: its start, errors and notices, clocks and who we are."""

import datetime as dt
from collections.abc import Sequence

from gateway.simulator.wire.answers.fields import Fields
from gateway.simulator.wire.text import ascii7


def managed_accounts(accounts: Sequence[str]) -> Fields:
    return [15, 1, ",".join(accounts)]


def next_valid_id(order_id: int) -> Fields:
    return [9, 1, order_id]


def error(version: int, req_id: int, code: int, text: str, at: dt.datetime, reject_json: str = "") -> Fields:
    """Message 4: errors, warnings and notices alike."""
    fields: Fields = [4] if version >= 194 else [4, 2]
    fields += [req_id, code, ascii7(text)]
    if version >= 166:
        fields.append(ascii7(reject_json))
    if version >= 194:
        fields.append(int(at.timestamp() * 1000))
    return fields


def current_time(at: dt.datetime) -> Fields:
    return [49, 1, int(at.timestamp())]


def current_time_millis(at: dt.datetime) -> Fields:
    return [109, int(at.timestamp() * 1000)]


def user_info(req_id: int) -> Fields:
    return [107, req_id, ""]
