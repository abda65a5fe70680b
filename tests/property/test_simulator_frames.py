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
from tests.unit.simulator.raw import RawClient
from tests.unit.simulator.rig import HandClock, make_gateway
from tws.frames import encode_fields, frame

IDS = sorted({*reader._READERS, *reader._UNSERVED})

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


@given(messages, st.integers(157, 200))
@settings(max_examples=500, deadline=None)
def test_reading_ends_in_a_request_or_a_refusal(fields: list[str], version: int) -> None:
    try:
        read = reader.read(fields, version)
    except RequestMalformed:
        return
    assert isinstance(read, Request)


@given(st.lists(st.one_of(messages.map(lambda m: encode_fields(*m)), st.binary(max_size=60)), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_server_answers_or_refuses_and_lives(payloads: list[bytes]) -> None:
    async def session() -> None:
        with tempfile.TemporaryDirectory() as folder:
            gateway, store = make_gateway(Path(folder), HandClock(), SIM_MAX_MESSAGES_PER_SECOND="1000")
            server = ApiServer(gateway)
            await server.open()
            async with RawClient(server.port) as client:
                await client.start()
                for payload in payloads:
                    client.send_bytes(frame(payload))
                client.send("8", "1", "1")
                await client.until(lambda message: message[0] == "9", seconds=30)
            assert gateway.tally.failures == 0
            await server.close()
            store.close()

    asyncio.run(session())
