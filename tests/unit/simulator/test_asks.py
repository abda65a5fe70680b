"""Every request of ibapi and of ib_async is read to its last field, and the two mean the same by it; what ibapi says in
protobuf means what it says as text."""

from functools import cache

import pytest

from gateway.simulator.settings import MAX_SERVER_VERSION
from gateway.simulator.wire.protobuf import PROTOBUF, requests_since
from gateway.simulator.wire.requests.reader import protos, readers
from tests.unit.simulator.asks import IB_ASYNC, IBAPI, said
from tests.unit.simulator.reading import read_whole, sense, unread_allowed
from tests.unit.simulator.rig import VERSIONS

IB_ASYNC_VERSIONS = range(157, 179)
NEVER_TEXT = {106, 107, 108, 109}


@pytest.mark.parametrize("version", VERSIONS)
def test_what_ibapi_says_is_read_to_the_end(version: int) -> None:
    for name, payload in said(IBAPI, version).items():
        _, unread = read_whole(payload, version)
        assert unread <= unread_allowed(name), name


@pytest.mark.parametrize("version", IB_ASYNC_VERSIONS)
def test_ib_async_means_what_ibapi_means(version: int) -> None:
    theirs = said(IBAPI, version)
    for name, payload in said(IB_ASYNC, version).items():
        request, unread = read_whole(payload, version)
        assert unread <= unread_allowed(name), name
        if name in theirs:
            assert sense(request) == sense(read_whole(theirs[name], version)[0]), name


@cache
def as_text() -> dict[str, object]:
    """What ibapi means by its last requests that are all text."""
    return {name: sense(read_whole(payload, 200)[0]) for name, payload in said(IBAPI, 200).items()}


@pytest.mark.parametrize("version", range(PROTOBUF, MAX_SERVER_VERSION + 1))
def test_ibapi_means_the_same_in_both_encodings(version: int) -> None:
    for name, payload in said(IBAPI, version).items():
        request, unread = read_whole(payload, version)
        assert unread <= unread_allowed(name), name
        if name in as_text():
            assert sense(request) == as_text()[name], name


def test_every_request_can_be_read_in_both_encodings() -> None:
    switched = {number for number in readers() if requests_since(number) <= MAX_SERVER_VERSION}
    assert set(protos()) == switched | NEVER_TEXT
