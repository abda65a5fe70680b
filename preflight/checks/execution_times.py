"""execution-times: can the engine read the times of today's executions?

These are the only times that the engine reads as text, and what it cannot read is a fill that it never hears of. Each
execution of today, whoever ordered it, is held against a table of what the pinned engine reads (nautilus_trader
1.231.0; `preflight/engine_times.py`, with its sources). On a day without executions there is nothing to look at, and
the form of a bar's time stands for them (`utc`).
"""

from preflight.check import Answer, Check, Site
from preflight.engine_times import ENGINE, Reading, reading
from preflight.errors import NotSeen
from preflight.report import Result
from preflight.time_setting import FORM, ZONE


async def ask(site: Site) -> Answer:
    times = [execution.time for execution in await site.gateway.executions()]
    if not times:
        raise NotSeen("no execution today to look at")
    worst = max(times, key=lambda text: list(Reading).index(reading(text)))
    found = f"{len(times)} like '{worst}': {reading(worst).value}"
    match reading(worst):
        case Reading.READ:
            return Answer(Result.PASS, found)
        case Reading.FRAGILE:
            return Answer(Result.WARN, found, (FORM, ZONE))
        case Reading.LOST:
            return Answer(Result.FAIL, found, (FORM, ZONE))


CHECK = Check(
    "execution-times",
    "time",
    f"times that {ENGINE} reads",
    ask,
    needs=("login", "server-version"),
    remedies=(FORM, ZONE),
)
