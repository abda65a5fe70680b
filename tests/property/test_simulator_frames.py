"""No frame a client can send goes unanswered in an unforeseen way, let alone ends the server."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.simulator.api.server import ApiServer
from gateway.simulator.errors import RequestMalformed
from gateway.simulator.wire.requests import reader
from gateway.simulator.wire.requests.base import Request
from tests.unit.simulator.asks import IB_ASYNC, IBAPI, said
from tests.unit.simulator.raw import RawClient
from tests.unit.simulator.rig import HandClock, make_gateway
from tws.frames import decode_fields, encode_fields, frame

IDS = sorted(reader.readers())

KNOWN = (
    ",0,1,-1,7,2147483647,1.7976931348623157E308,Infinity,nan,SPY,STK,OPT,BAG,SMART,USD,BUY,MKT,LMT,756733,1 D,1 min,"
    "TRADES,All"
)
values = st.one_of(
    st.sampled_from(KNOWN.split(",")),
    st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=12),
    st.integers(-(2**70), 2**70).map(str),
)
messages = st.tuples(st.sampled_from(IDS).map(str), st.lists(values, max_size=140)).map(lambda m: [m[0], *m[1]])


RECORDED = {
    version: [*said(IBAPI, version).values(), *(said(IB_ASYNC, version).values() if version <= 178 else ())]
    for version in (157, 178, 200)
}
"""What real clients write, for taking apart."""


@st.composite
def spoiled(draw: st.DrawFn, version: int) -> bytes:
    """A real client's message with a few things wrong in it."""
    fields = decode_fields(draw(st.sampled_from(RECORDED[version])))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, max(len(fields) - 1, 0)))
        match draw(st.sampled_from(["other", "gone", "more", "twice", "end", "swap"])):
            case "other":
                fields[at : at + 1] = [draw(values)]
            case "gone":
                del fields[at : at + 1]
            case "more":
                fields.insert(at, draw(values))
            case "twice":
                fields[at:at] = fields[at:]
            case "end":
                del fields[at:]
            case "swap":
                fields = fields[at:] + fields[:at]
    payload = bytearray(encode_fields(*fields))
    for _ in range(draw(st.integers(0, 2))):
        if payload:
            payload[draw(st.integers(0, len(payload) - 1))] = draw(st.integers(0, 255))
    return bytes(payload)


anything = st.one_of(messages.map(lambda m: encode_fields(*m)), st.binary(max_size=60))


@given(messages, st.integers(157, 200))
@settings(max_examples=500, deadline=None)
def test_reading_ends_in_a_request_or_a_refusal(fields: list[str], version: int) -> None:
    read_or_refuse(encode_fields(*fields), version)


@given(st.sampled_from(sorted(RECORDED)).flatmap(lambda version: st.tuples(spoiled(version), st.just(version))))
@settings(max_examples=500, deadline=None)
def test_reading_what_is_almost_right_does_too(spoilt: tuple[bytes, int]) -> None:
    payload, version = spoilt
    read_or_refuse(payload, version)


def read_or_refuse(payload: bytes, version: int) -> None:
    try:
        read = reader.read(payload, version)
    except RequestMalformed:
        return
    assert isinstance(read, Request)


@given(
    st.sampled_from(sorted(RECORDED)).flatmap(
        lambda version: st.tuples(
            st.just(version), st.lists(st.one_of(spoiled(version), anything), min_size=1, max_size=12)
        )
    )
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_server_answers_or_refuses_and_lives(said_to_it: tuple[int, list[bytes]]) -> None:
    version, payloads = said_to_it

    async def session() -> None:
        env = {"SIM_MAX_MESSAGES_PER_SECOND": "1000", "SIM_SERVER_VERSION": str(version)}
        with tempfile.TemporaryDirectory() as folder:
            gateway, store = make_gateway(Path(folder), HandClock(), **env)
            server = ApiServer(gateway)
            await server.open()
            async with RawClient(server.port) as client:
                await client.start()
                for payload in payloads:
                    client.send_bytes(frame(payload))
                client.send("67", "1", "777001")
                await client.until(lambda message: message[:3] == ["67", "1", "777001"], seconds=30)
            assert gateway.tally.failures == 0
            await server.close()
            store.close()

    asyncio.run(session())
