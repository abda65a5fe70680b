"""strategy: can all that trades be imported?

A slip in a strategy's file ends the engine at its start, which is noticed when the market is open. A running engine
has passed that; where none runs, its image is asked to import everything, without network, and then ends. What a
strategy does once it runs cannot be seen.
"""

from preflight.check import Answer, Check, Place, Remedy, Site
from preflight.errors import NotSeen
from preflight.report import Result

_MEND = Remedy("strategy-import", "mend the file that is named under engine/, then `make up`, which builds the image")


async def ask(site: Site) -> Answer:
    try:
        found, where = await site.house.about_engine(), "by the engine that runs"
    except NotSeen:
        if site.settings.engine != "on":
            raise
        found, where = await site.host.engine_image(), "by the engine's image"
    strategy = found.strategy
    if strategy.imports is None:
        return Answer(Result.SKIPPED, "the engine is still loading")
    if not strategy.imports:
        return Answer(Result.FAIL, f"{strategy.why}, {where}", (_MEND,))
    return Answer(Result.PASS, f"{strategy.name or 'everything'} imports, {where}")


CHECK = Check("strategy", "engine", "a strategy that imports", ask, place=Place.HOST, remedies=(_MEND,))
