"""docker: are Docker and Compose there, and new enough?

The supervisor reaches Docker through a proxy that lets only versions of its API from 1.41 on through, for older ones
let a start change a container's rights. Compose 1 reads neither profiles nor this project's compose files.
"""

from preflight.check import Answer, Check, Place, Remedy, Site
from preflight.report import Result

API = (1, 41)
COMPOSE = 2

_START = Remedy("docker-silent", "start Docker (`systemctl start docker`, or Docker Desktop), then `make up`")
_UPDATE = Remedy("docker-old", "update Docker Engine to 20.10 or newer")
_COMPOSE = Remedy("compose-old", "install the Docker Compose plugin, version 2 or newer; scripts/bootstrap does it")


async def ask(site: Site) -> Answer:
    found = await site.host.docker()
    if not found.engine:
        return Answer(Result.FAIL, "no Docker Engine answers", (_START,))
    said = f"Docker {found.engine} (API {found.api}), Compose {found.compose or 'none'}"
    remedies = (() if _numbers(found.api) >= API else (_UPDATE,)) + (
        () if _numbers(found.compose) >= (COMPOSE,) else (_COMPOSE,)
    )
    return Answer(Result.FAIL if remedies else Result.PASS, said, remedies)


def _numbers(version: str) -> tuple[int, ...]:
    """`2.27.1-desktop.1` as (2, 27, 1); nothing where it does not begin with a number."""
    parts = version.partition("-")[0].split(".")
    return tuple(int(part) for part in parts if part.isdigit())


CHECK = Check(
    "docker",
    "host",
    f"Docker with API {API[0]}.{API[1]} and Compose {COMPOSE}, or newer",
    ask,
    place=Place.HOST,
    remedies=(_START, _UPDATE, _COMPOSE),
)
