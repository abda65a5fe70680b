"""No frame a client can send goes unanswered in an unforeseen way, let alone ends the server."""

import asyncio
import tempfile
import tracemalloc
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.simulator.api.server import ApiServer
from gateway.simulator.errors import RequestMalformed
from gateway.simulator.wire.protobuf import OFFSET
from gateway.simulator.wire.requests import reader
from gateway.simulator.wire.requests.base import Request
from tests.unit.simulator.caller import Caller
from tests.unit.simulator.rig import HandClock, make_gateway
from tests.unit.simulator.spoil import TEXTS, recorded, spoilt
from tws.frames import encode_fields, frame

IDS = sorted(reader.readers())
OLD = (157, 178, 200)
NEW = (201, 203, 205, 208, 213, 218, 223)

values = st.one_of(
    st.sampled_from(TEXTS),
    st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=12),
    st.integers(-(2**70), 2**70).map(str),
)
messages = st.tuples(st.sampled_from(IDS).map(str), st.lists(values, max_size=140)).map(lambda m: [m[0], *m[1]])
versions = st.sampled_from((*OLD, *NEW))
draws = st.integers(0, 2**32).map(Random)


def numbered(message_id: int, body: bytes) -> bytes:
    return message_id.to_bytes(4) + body


anything = st.one_of(
    messages.map(lambda m: encode_fields(*m)),
    st.binary(max_size=60),
    st.builds(numbered, st.sampled_from([*IDS, *(OFFSET + number for number in IDS)]), st.binary(max_size=200)),
)


@given(messages, st.integers(157, 200))
@settings(max_examples=500, deadline=None)
def test_reading_ends_in_a_request_or_a_refusal(fields: list[str], version: int) -> None:
    read_or_refuse(encode_fields(*fields), version)


@given(anything, st.integers(201, 223))
@settings(max_examples=500, deadline=None)
def test_reading_binary_ids_ends_in_one_too(payload: bytes, version: int) -> None:
    read_or_refuse(payload, version)


@given(versions, draws)
@settings(max_examples=1000, deadline=None)
def test_reading_what_is_almost_right_does_too(version: int, random: Random) -> None:
    read_or_refuse(spoilt(random, version), version)


def test_some_of_what_is_spoilt_is_read_all_the_same() -> None:
    """Else the tests above would show nothing but that nonsense is refused."""
    random = Random(1)
    for version in (*OLD, *NEW):
        read = sum(read_or_refuse(spoilt(random, version), version) for _ in range(400))
        assert 40 < read < 390, version


@pytest.mark.parametrize("number", [2**31, -(2**31) - 1, 2**70, "1e12"])
def test_a_number_that_no_answer_could_repeat_is_refused(number: int | str) -> None:
    with pytest.raises(RequestMalformed):
        reader.read(encode_fields(67, 1, number), 200)


def read_or_refuse(payload: bytes, version: int) -> bool:
    try:
        read = reader.read(payload, version)
    except RequestMalformed:
        return False
    assert isinstance(read, Request)
    return True


def test_a_message_takes_no_more_memory_than_its_bytes_give_reason_for() -> None:
    """Whatever it says of its own lengths."""
    random = Random(2)
    for payload in recorded(223):
        read_or_refuse(payload, 223)  # classes and tables are loaded once
    tracemalloc.start()
    for _ in range(500):
        payload = spoilt(random, 223)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        read_or_refuse(payload, 223)
        assert tracemalloc.get_traced_memory()[1] - before < 100_000 + 20 * len(payload)
    tracemalloc.stop()


@given(
    versions.flatmap(
        lambda version: st.tuples(
            st.just(version),
            st.lists(st.one_of(draws.map(lambda r: spoilt(r, version)), anything), min_size=1, max_size=12),
        )
    )
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_server_answers_or_refuses_and_lives(said_to_it: tuple[int, list[bytes]]) -> None:
    version, payloads = said_to_it

    async def session(server: ApiServer) -> None:
        async with Caller(server.port, version) as client, Caller(server.port, 223) as bystander:
            await client.start(7)
            await bystander.start(8)
            for payload in payloads:
                client.send_bytes(frame(payload))
            await client.asks_and_is_answered()
            await bystander.asks_and_is_answered()

    serve(session)


@given(st.integers(0x01000000, 0xFFFFFFFF), st.binary(max_size=200), st.booleans())
@settings(max_examples=30, deadline=None)
def test_a_frame_that_nobody_could_send_ends_its_own_connection_only(size: int, rest: bytes, greeted: bool) -> None:
    async def session(server: ApiServer) -> None:
        async with Caller(server.port, 223) as client, Caller(server.port, 223) as bystander:
            await bystander.start(8)
            if greeted:
                await client.start(7)
            client.send_bytes(size.to_bytes(4) + rest)
            assert await client.is_cut_off()
            await bystander.asks_and_is_answered()

    serve(session)


def serve(session: Callable[[ApiServer], Awaitable[None]]) -> None:
    async def run() -> None:
        env = {"SIM_MAX_MESSAGES_PER_SECOND": "1000", "SIM_SERVER_VERSION": "223"}
        with tempfile.TemporaryDirectory() as folder:
            gateway, store = make_gateway(Path(folder), HandClock(), **env)
            server = ApiServer(gateway)
            await server.open()
            try:
                await session(server)
                assert gateway.tally.failures == 0
            finally:
                await server.close()
                store.close()

    asyncio.run(run())


def test_a_greeting_without_an_end_is_not_waited_for() -> None:
    """Else anybody could have it keep 16 MiB for each connection, before it knows who is there."""

    async def session(server: ApiServer) -> None:
        async with Caller(server.port, 223) as client:
            client.send_bytes((1_000_000).to_bytes(4) + b"v" * 200_000)
            assert await client.is_cut_off()

    serve(session)
