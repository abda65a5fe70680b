"""Every request of ibapi and of ib_async is read to its last field, and the two mean the same by it."""

import pytest

from gateway.simulator.settings import MAX_SERVER_VERSION
from gateway.simulator.wire.protobuf import OFFSET, PROTOBUF
from gateway.simulator.wire.requests import reader
from tests.unit.simulator.asks import IB_ASYNC, IBAPI, said
from tests.unit.simulator.reading import read_whole, sense, unread_allowed
from tests.unit.simulator.rig import VERSIONS

IB_ASYNC_VERSIONS = range(157, 179)


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


@pytest.mark.parametrize("version", range(PROTOBUF, MAX_SERVER_VERSION + 1))
def test_ibapi_means_the_same_in_both_encodings(version: int) -> None:
    before = said(IBAPI, 200)
    for name, payload in said(IBAPI, version).items():
        protobuf = int.from_bytes(payload[:4]) - OFFSET
        if name in before and (protobuf < 0 or protobuf in reader.protos()):
            assert sense(reader.read(payload, version)) == sense(reader.read(before[name], 200)), name
