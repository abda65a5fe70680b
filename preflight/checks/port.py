"""port: does a gateway answer the API handshake?

An open port is no answer: socat and Docker's proxy accept for a gateway that is dead.
"""

from datetime import datetime

from preflight.check import Answer, Check, Gateway
from preflight.report import Result
from preflight.settings import Settings


async def ask(gateway: Gateway, settings: Settings, now: datetime) -> Answer:
    greeting = await gateway.greeting()
    where = f"{settings.gateway_host}:{settings.gateway_port}"
    return Answer(
        Result.PASS, f"server version {greeting.server_version} at {where} in {greeting.seconds * 1000:.0f} ms"
    )


CHECK = Check("port", "gateway", "an API handshake", ask)
