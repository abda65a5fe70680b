"""Display groups and verification."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.simulator.raw import RawClient, of

if TYPE_CHECKING:
    from gateway.simulator.api.server import ApiServer

    pass


async def test_groups_are_listed_watched_and_shared(server: ApiServer) -> None:
    async with RawClient(server.port) as one, RawClient(server.port) as other:
        await one.start(1)
        await other.start(2)
        assert await one.answer("67", "1", "9", end="67") == [["67", "1", "9", "1|2|3|4|5|6|7"]]
        for client, req_id in ((one, "10"), (other, "20")):
            assert await client.answer("68", "1", req_id, "4", end="68") == [["68", "1", req_id, "none"]]
        one.send("69", "1", "10", "756733@SMART")
        assert await one.receive() == ["68", "1", "10", "756733@SMART"]
        assert await other.receive() == ["68", "1", "20", "756733@SMART"]
        other.send("70", "1", "20")
        assert await other.answer("68", "1", "21", "4", end="68") == [["68", "1", "21", "756733@SMART"]]
        one.send("69", "1", "10", "none")
        assert await other.receive() == ["68", "1", "21", "none"]
        assert await other.silence()


async def test_what_does_not_exist_is_refused(server: ApiServer) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        for request in (("68", "1", "9", "8"), ("69", "1", "9", "none")):
            [refusal] = await client.answer(*request, end="4")
            assert refusal[1:3] == ["9", "321"]


async def test_verification_is_refused(server: ApiServer) -> None:
    async with RawClient(server.port) as client:
        await client.start()
        for message in ("65", "66", "72", "73"):
            [refusal] = of(await client.answer(message, "1", "a", "1", "b", end="4"), "4")
            assert refusal[1:3] == ["-1", "321"]
