"""server-version: can the engine's API library speak with this gateway, and read its times?

The pinned library (nautilus-ibapi 10.45.1) speaks server versions 100 to 223. Below 174 a gateway writes execution
times without a zone, which the pinned engine cannot read: each fill would be lost. What a newer gateway offers beyond
223 is not used. Whether the engine's image carries that library is the engine group's question.
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.report import Result
from tws.handshake import MAX_CLIENT_VERSION

_ZONES_SINCE = 174

_NEWER = Remedy("gateway-too-old", "use a newer gateway: set GATEWAY_IMAGE in .env to one of this year, then `make up`")
_STRANGE = Remedy("server-version-unasked", "something that is no gateway answers: check GATEWAY_HOST and GATEWAY_PORT")


async def ask(site: Site) -> Answer:
    version = (await site.gateway.greeting()).server_version
    if version > MAX_CLIENT_VERSION:
        return Answer(Result.FAIL, f"{version}, which nobody here asked for", (_STRANGE,))
    if version < _ZONES_SINCE:
        return Answer(Result.FAIL, f"{version}, which writes times without a zone", (_NEWER,))
    return Answer(Result.PASS, str(version))


CHECK = Check(
    "server-version",
    "gateway",
    f"{_ZONES_SINCE} to {MAX_CLIENT_VERSION}, which the engine's library speaks and whose times it reads",
    ask,
    needs=("port",),
    remedies=(_NEWER, _STRANGE),
)
