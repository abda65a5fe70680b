"""image-port: does the gateway's image listen where the stack asks it?

Images forward the API on ports of their own: gnzsnz's on 4003 (live) and 4004 (paper), extrange's on 8888. The other
image's port is refused for ever. And clients take 4001 for live and 4002 for paper: published crosswise, a client that
means paper trades for real.
"""

from preflight.check import Answer, Check, Place, Remedy, Site
from preflight.report import Result
from preflight.variables import published

_LISTENS: dict[str, tuple[int, int]] = {
    "gnzsnz/ib-gateway": (4003, 4004),
    "gnzsnz/tws-rdesktop": (7498, 7499),
    "extrange/ibkr": (8888, 8888),
    "heshiming/ibga": (4000, 4000),
    "watchkeeper/simulator": (4003, 4004),
}
"""The port of the API outside the container, live and paper, by what is in an image's name."""
_LIVES = frozenset({4001, 4003, 7496})
_PAPERS = frozenset({4002, 4004, 7497})

_IMAGE = Remedy(
    "image-port",
    "set GATEWAY_IMAGE in .env to a tag of ghcr.io/gnzsnz/ib-gateway, whose start script and ports this stack uses",
)
_CROSSWISE = Remedy("port-crosswise", "set HOST_PORT_API in .env to the port that clients expect, then `make up`")


async def ask(site: Site) -> Answer:
    variables = await site.host.variables()
    if "external" in variables["COMPOSE_FILE"]:
        return Answer(Result.SKIPPED, "the gateway is not ours")
    image, port = variables["GATEWAY_IMAGE"], int(variables["GATEWAY_PORT"])
    live = site.settings.mode == "live"
    listens = next((ports for name, ports in _LISTENS.items() if name in image), None)
    if listens is None:
        return Answer(Result.SKIPPED, f"{image} is not an image that is known here")
    expected = f"{listens[0] if live else listens[1]}, where {image} listens"
    if port != (listens[0] if live else listens[1]):
        return Answer(Result.FAIL, f"port {port}", (_IMAGE,), expected)
    outside = published(variables).get("HOST_PORT_API")
    if site.settings.mode != "sim" and outside in (_PAPERS if live else _LIVES):
        said = f"port {port}, published as {outside}, which clients take for {'paper' if live else 'live'}"
        return Answer(Result.WARN, said, (_CROSSWISE,), expected)
    return Answer(Result.PASS, f"port {port}", expected=expected)


CHECK = Check(
    "image-port",
    "configuration",
    "the port on which the gateway's image listens",
    ask,
    place=Place.HOST,
    remedies=(_IMAGE, _CROSSWISE),
)
