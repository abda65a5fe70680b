"""The handshake on the port that clients use: no client id, no trace in the gateway."""

from supervisor.observation import Ending, Look, Result
from supervisor.probes.names import Name
from tws import handshake
from tws.clock import Clock
from tws.errors import GatewayClosed, GatewayRefused, GatewaySilent, ProtocolError, TwsError


async def look(name: Name, port: int, timeout: float, clock: Clock) -> Look:
    """Greet the gateway. A name that does not resolve is our own trouble."""
    started = clock.monotonic()
    try:
        await handshake.probe(await name.address(timeout), port, timeout=timeout)
    except (GatewayRefused, GatewayClosed, GatewaySilent, ProtocolError) as error:
        ending = {GatewayRefused: Ending.REFUSED, GatewaySilent: Ending.SILENT}.get(type(error), Ending.CLOSED)
        return _made(Result.FAIL, ending, started, clock, str(error))
    except (TwsError, OSError) as error:
        return _made(Result.UNKNOWN, Ending.UNKNOWN, started, clock, str(error))
    return _made(Result.OK, Ending.ANSWERED, started, clock, "answered")


def _made(result: Result, ending: Ending, started: float, clock: Clock, why: str) -> Look:
    now = clock.monotonic()
    return Look(result, now, now - started, why, ending)
