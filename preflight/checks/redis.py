"""redis: does the engine's cache answer it?

NautilusTrader keeps its orders and positions there and blocks the whole engine, health included, when Redis is away
while it starts. Only the engine is on Redis' network, so it is the engine that tries.
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.report import Result

_START = Remedy("redis-silent", "`make logs` shows why Redis ended; `make up` starts it and writes its users anew")


async def ask(site: Site) -> Answer:
    found = (await site.house.about_engine()).cache
    if found is None or not found.configured:
        return Answer(Result.SKIPPED, "no Redis is configured")
    if not found.answers:
        return Answer(Result.FAIL, found.why, (_START,))
    return Answer(Result.PASS, "answers the engine")


CHECK = Check("redis", "engine", "a cache that answers the engine", ask, remedies=(_START,))
