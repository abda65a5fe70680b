"""The handshake alone: the cheapest question that only a living API server can answer.

It is asked before startApi, so it uses no client id and leaves no trace in the gateway's list of clients. An open
port proves nothing: the popular image fronts the API with socat, which accepts before it dials, and Docker's own
port proxy does the same.
"""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from tws.errors import GatewayClosed, GatewayRefused, GatewaySilent, NameUnresolved, ProtocolError
from tws.frames import FrameReader, frame
from tws.times import GatewayTime, parse_connection_time

MIN_CLIENT_VERSION = 100
MAX_CLIENT_VERSION = 223
"""What ibapi of nautilus-ibapi 10.45.1 announces (ibapi.server_versions)."""

HELLO = b"API\0" + frame(f"v{MIN_CLIENT_VERSION}..{MAX_CLIENT_VERSION}".encode())
"""What a client says first, in one write."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """A gateway's answer to the handshake."""

    server_version: int
    connection_time: str
    time: GatewayTime
    seconds: float
    """From dialling to the answer."""


def parse_greeting(payload: bytes, seconds: float) -> Greeting:
    """Read the server's one frame: server version and its clock.

    Raises:
        ProtocolError: the payload is not two fields, a number and a time.
    """
    # Zone names are the operating system's, in its own language and encoding; latin-1 never fails.
    fields = payload.decode("latin-1").split("\0")
    if len(fields) != 3 or not fields[0].isdecimal() or fields[2]:
        raise ProtocolError(f"expected server version and time from a TWS API server, found {payload[:80]!r}")
    return Greeting(int(fields[0]), fields[1], parse_connection_time(fields[1]), seconds)


@contextmanager
def dialling(host: str, port: int) -> Iterator[None]:
    """Around a connect: turns the operating system's errors into this floor's.

    Raises:
        NameUnresolved: the name cannot be resolved.
        GatewayRefused: nothing listens, or there is no route.
    """
    try:
        yield
    except socket.gaierror as error:
        raise NameUnresolved(
            f"expected {host!r} to resolve, found: {error.strerror}; check the host name and this machine's DNS"
        ) from error
    except OSError as error:
        raise GatewayRefused(
            f"expected a listener on {host}:{port}, found: {error.strerror or error}; is the gateway running?"
        ) from error


async def probe(host: str, port: int, *, timeout: float) -> Greeting:
    """Shake hands and hang up.

    Args:
        host: name or address.
        port: TCP port of the API, or of the socat before it.
        timeout: seconds for all of it.

    Raises:
        NameUnresolved, GatewayRefused: see `dialling`.
        GatewayClosed: the peer closed without a full answer.
        GatewaySilent: no full answer within `timeout`.
        ProtocolError: an answer, but not a gateway's.
    """
    loop = asyncio.get_running_loop()
    started = loop.time()
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(timeout):
            with dialling(host, port):
                reader, writer = await asyncio.open_connection(host, port)
            writer.write(HELLO)
            frames = FrameReader()
            while not (payloads := frames.feed(data := await reader.read(4096))):
                if not data:
                    raise GatewayClosed(
                        f"expected a handshake from {host}:{port}, found the connection closed; "
                        "the port's forwarder is up, the gateway behind it is not"
                    )
            return parse_greeting(payloads[0], loop.time() - started)
    except ConnectionError as error:
        raise GatewayClosed(f"expected a handshake from {host}:{port}, found: {error.strerror}") from error
    except TimeoutError as error:
        raise GatewaySilent(f"expected a handshake from {host}:{port} within {timeout:g} s, found silence") from error
    finally:
        if writer is not None:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
