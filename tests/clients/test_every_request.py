"""Every request a client can make is answered or refused by the running gateway: none meets silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.simulator.asks import IB_ASYNC, IBAPI, said
from tests.unit.simulator.binary import BinaryClient
from tests.unit.simulator.raw import RawClient
from tws.frames import frame

if TYPE_CHECKING:
    from tests.stand_in import StandIn

ENVIRONMENT = {"SIM_MAX_MESSAGES_PER_SECOND": "1000", "SIM_SERVER_VERSION": "223"}
SILENT = ("cancel", "unsubscribe", "setServerLogLevel", "reqMarketDataType", "reqNewsBulletins", "reqGlobalCancel")
"""Beginnings of the names of requests that a gateway takes without a word."""
VOCAL = {"cancelOrder", "cancelHistoricalData"}
"""Cancels of what does not exist that it does complain about."""
ASKED = {name: payload for kit, at in ((IB_ASYNC, 178), (IBAPI, 200)) for name, payload in said(kit, at).items()}


@pytest.mark.parametrize("name", ASKED)
async def test_it_is_answered_or_refused(stand_in: StandIn, name: str) -> None:
    asked = list(ASKED).index(name)
    async with RawClient(stand_in.api_port) as client:
        await client.start(100 + asked)
        client.send_bytes(frame(ASKED[name]))
        if name.startswith(SILENT) and name not in VOCAL:
            heard = await client.answer("67", "1", "777001", end="67")
            assert heard[-1][2] == "777001"
        else:
            await client.until(lambda message: not notice(message), 8)


NEWEST = said(IBAPI, 223)


@pytest.mark.parametrize("name", NEWEST)
async def test_it_is_answered_or_refused_in_protobuf(stand_in: StandIn, name: str) -> None:
    asked = list(NEWEST).index(name)
    async with BinaryClient(stand_in.api_port) as client:
        await client.start(300 + asked)
        client.send_bytes(frame(NEWEST[name]))
        if name.startswith(SILENT) and name not in VOCAL:
            client.ask(lambda c: c.queryDisplayGroups(777001))
            await client.until(lambda message: message[0] == "67")
        else:
            await client.until(lambda message: not notice(message), 8)


def notice(message: list[str]) -> bool:
    """Of farms and the like, which nobody asked for."""
    return message[:2] == ["4", "-1"] and 2100 <= int(message[2]) < 2200
