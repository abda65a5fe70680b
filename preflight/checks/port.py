"""port: does a gateway answer the API handshake?

An open port is no answer: socat and Docker's proxy accept for a gateway that is dead.
"""

from preflight.check import Answer, Check, Site
from preflight.report import Result


async def ask(site: Site) -> Answer:
    greeting = await site.gateway.greeting()
    where = f"{site.settings.gateway_host}:{site.settings.gateway_port}"
    return Answer(
        Result.PASS,
        f"server version {greeting.server_version}, zone '{greeting.time.zone_text}', at {where} "
        f"in {greeting.seconds * 1000:.0f} ms",
    )


CHECK = Check("port", "gateway", "an API handshake", ask, vital=True)
