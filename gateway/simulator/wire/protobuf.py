"""The generated message classes, and from which server version a message is one of them.

The classes are those that come with nautilus-ibapi: imported and not copied, since its licence forbids to hand them on.
"""

import math
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from gateway.simulator.errors import RequestMalformed
from gateway.simulator.wire.cursor import UNSET_DOUBLE

PROTOBUF = 201
"""From this server version on a message's id is four bytes in front of it, and messages begin to be protobuf."""
OFFSET = 200
"""By how much the id of a message is raised where it is protobuf."""
_UNSET_INT = 2**31 - 1
_NEWEST_TEXT = 105
"""Requests with a higher id came after protobuf and have never been text."""


class _Generated:
    """A class by its name, as in `pb.TickPrice`; loaded when first needed: all 203 of them take 0.1 s and 7 MiB."""

    def __getattr__(self, name: str) -> Any:
        found = generated(name)
        setattr(self, name, found)
        return found


def generated(name: str) -> Any:
    """The class of that name."""
    return getattr(import_module(f"ibapi.protobuf.{name}_pb2"), name)


pb = _Generated()


def number(value: float) -> float | None:
    """A number that a client wrote: None where it is one of the values that mean unset.

    Raises:
        RequestMalformed: it is no number.
    """
    if math.isnan(value):
        raise RequestMalformed("expected a number, found NaN")
    return None if abs(value) > UNSET_DOUBLE else value


def optional(said: Any, name: str) -> float | None:
    """A number that a client may have left out or written as unset.

    Raises:
        RequestMalformed: it is no number.
    """
    return number(getattr(said, name)) if said.HasField(name) else None


def whole(value: int) -> int:
    """A whole number that a client wrote: 0 where it is the one that means unset, as in text."""
    return 0 if value == _UNSET_INT else value


def requests_since(message_id: int) -> int:
    """From which server version on clients write a message as protobuf: the client's own table. Later than all
    versions for what it always writes as text, and for ids that it does not know; its newest ones are protobuf from
    the beginning."""
    from ibapi.common import PROTOBUF_MSG_IDS  # ibapi takes its time, and is of use only from 201 on

    return PROTOBUF if message_id > _NEWEST_TEXT else int(PROTOBUF_MSG_IDS.get(message_id, 1000))


def _since(**versions: tuple[int, ...]) -> dict[int, int]:
    return {message: int(version[1:]) for version, messages in versions.items() for message in messages}


ANSWERS_SINCE: Mapping[int, int] = _since(
    v201=(11, 55),
    v203=(3, 4, 5, 53),
    v204=(100, 101, 102),
    v205=(10, 18, 52),
    v206=(1, 2, 12, 13, 21, 45, 46, 57, 58, 81),
    v207=(6, 7, 8, 15, 54, 61, 62, 63, 64, 71, 72, 73, 74),
    v208=(17, 50, 88, 89, 90, 96, 97, 98, 99, 108),
    v209=(14, 83, 84, 85, 86, 87, 104, 105),
    v210=(19, 20, 51, 94, 95),
    v211=(16, 59, 91, 92, 103, 106),
    v212=(75, 76, 77, 78, 79, 82, 93, 107),
    v213=(9, 49, 65, 66, 67, 68, 80, 109),
    v219=(110,),
    v221=(111,),
)
"""From which server version on the gateway writes a message as protobuf.

Known: a client of version 203 (nautilus-ibapi 10.37.2) can read executions, errors, open orders and statuses that way
and nothing else; one of 213 and later reads all. That an answer changes together with the request of its family is
assumed; the client's list of what it reads is in the order of families, and says which one a message belongs to where
no request does: headlines of subscriptions (84) came with the news, commissions, schedules and reroutes (59, 106, 91,
92) with advisors.
"""
