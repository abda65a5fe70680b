"""The road once more behind a gateway of server version 200, where all is text: the other tests have protobuf."""

from collections.abc import Iterator

import pytest

from tests.e2e.stack import Stack
from tws.handshake import probe

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def old(stack: Stack) -> Iterator[Stack]:
    """The shared stack with its gateway at 200, for this file."""
    stack.until(stack.all_well, "gateway READY and engine TRADING")
    try:
        assert stack.make("up", "SIM=1", SIM_SERVER_VERSION="200").returncode == 0, stack.story()
        stack.until(stack.all_well, "gateway READY and engine TRADING at server version 200")
        yield stack
    finally:
        assert stack.make("up", "SIM=1").returncode == 0, stack.story()


async def test_it_trades_and_passes_its_preflight(old: Stack) -> None:
    port = int(old.environment["HOST_PORT_API"])
    assert (await probe("127.0.0.1", port, timeout=5)).server_version == 200
    executed = len(old.book()["executions"])
    old.until(lambda: len(old.book()["executions"]) > executed, "a fill")
    old.until(old.books_agree, "the stand-in's record and Nautilus's to agree", 30)
    result = old.run("preflight")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "inferred from bars like" in result.stdout


def test_its_gateway_dies_and_everything_trades_again(old: Stack) -> None:
    known = {incident["id"] for incident in old.incidents()}
    old.inject("jvm-dead")
    (incident,) = old.until(lambda: old.recovered(known), "recovery from jvm-dead")
    assert (incident["fault"], incident["outcome"]) == ("jvm-dead", "recovered")
    old.until(old.books_agree, "positions and orders to equal the stand-in's record", 60)
