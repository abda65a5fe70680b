"""docs/simulator/encodings.md says of each message from which server version on it is protobuf, as the code does."""

import re
from collections import defaultdict
from pathlib import Path

from ibapi.message import IN, OUT

from gateway.simulator.settings import MAX_SERVER_VERSION
from gateway.simulator.wire.protobuf import ANSWERS_SINCE, PROTOBUF, requests_since
from gateway.simulator.wire.requests.reader import protos

PAGE = Path(__file__).parents[3] / "docs" / "simulator" / "encodings.md"


def rows() -> list[str]:
    """One a version at which something changes."""
    requests, answers = defaultdict(list), defaultdict(list)
    for message_id in protos():
        requests[FIRST.get(message_id) or requests_since(message_id)].append(_name(OUT, message_id))
    for message_id, since in ANSWERS_SINCE.items():
        answers[since].append(_name(IN, message_id))
    return [
        f"| {version} | {', '.join(sorted(requests[version])) or '–'} | {', '.join(sorted(answers[version])) or '–'} |"
        for version in range(PROTOBUF, MAX_SERVER_VERSION + 1)
        if requests[version] or answers[version]
    ]


FIRST = {106: 215, 107: 215, 108: 219, 109: 221}
"""Requests that came after protobuf, and the version that they came with."""


def _name(table: object, message_id: int) -> str:
    [name] = [name for name, value in vars(table).items() if value == message_id and name.isupper()]
    return f"`{name.lower()}`"


def test_the_page_has_the_codes_rows() -> None:
    assert [line for line in PAGE.read_text().splitlines() if re.match(r"\| 2\d\d \|", line)] == rows()
