"""engine-health: does the engine answer, and does it do what it says?

An engine that waits for clearance is well: it waits for this very answer. One that does not answer is the supervisor's
to start, and no reason not to start it. What it holds and trades is asked elsewhere.
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.report import Result

_SILENT = Remedy(
    "engine-silent", "`make status` shows what the supervisor does about it; `make logs` shows why an engine ended"
)
_ILL = Remedy("engine-ill", "`make status` shows what the supervisor does about it")

_WELL = frozenset({"WAITING", "CONNECTING", "TRADING"})


async def ask(site: Site) -> Answer:
    found = await site.house.engine_health()
    if not found.state:
        return Answer(Result.WARN, found.sentence, (_SILENT,))
    said = f"{found.state}: {found.sentence}"
    if found.alive and found.state in _WELL:
        return Answer(Result.PASS, said)
    return Answer(Result.WARN, said, (_ILL,))


CHECK = Check("engine-health", "engine", "an engine that answers and is well", ask, remedies=(_SILENT, _ILL))
