"""said-twice: is a secret given both as a value and as a file?

The gateway's image ends at once when a variable and the same name with _FILE are both set, and Docker starts it again
and again. Asked of .env, and of the gateway's container where there is one.
"""

from contextlib import suppress

from preflight.check import Answer, Check, Place, Remedy, Site
from preflight.errors import NotSeen
from preflight.report import Result

_ONE = Remedy("said-twice", "remove the one without _FILE: a value in the environment shows in `docker inspect`")


async def ask(site: Site) -> Answer:
    said = {".env": frozenset(await site.host.env_file())}
    with suppress(NotSeen):  # .env is all there is before the first `make up`
        said["the gateway's container"] = await site.host.gateway_environment()
    twice = [
        f"{name} and {name}_FILE in {where}"
        for where, names in said.items()
        for name in sorted(names)
        if f"{name}_FILE" in names
    ]
    if twice:
        return Answer(Result.FAIL, "; ".join(twice), (_ONE,))
    return Answer(Result.PASS, f"each once in {' and '.join(said)}")


CHECK = Check("said-twice", "configuration", "each setting given once", ask, place=Place.HOST, remedies=(_ONE,))
