"""What all requests have in common, and how the plain ones are read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gateway.simulator.wire.cursor import Cursor


@dataclass(frozen=True, slots=True)
class Request:
    """Anything a client sends."""


@dataclass(frozen=True, slots=True)
class Numbered(Request):
    """A request with an id of its own."""

    req_id: int


type Reader = Callable[[Cursor, int], Request]
"""Makes a request of the fields behind the message id; the number is the server version."""


type ProtoReader = tuple[str, Callable[[Any], Request]]
"""The name of a generated class, and what makes a request of an instance of it."""


def bare(make: Callable[[], Request]) -> Reader:
    """A request without fields that matter."""
    return lambda cursor, version: make()


def numbered(make: Callable[[int], Request], *, versioned: bool = True) -> Reader:
    """A request that is its id, behind an old version field or not."""

    def reader(cursor: Cursor, version: int) -> Request:
        if versioned:
            cursor.skip()
        return make(cursor.integer())

    return reader


def bare_proto(name: str, make: Callable[[], Request]) -> ProtoReader:
    """A request without fields that matter."""
    return name, lambda said: make()


def numbered_proto(name: str, make: Callable[[int], Request]) -> ProtoReader:
    """A request that is its id."""
    return name, lambda said: make(said.reqId)
