"""The supervisor's answers with everything in them that may be there, for whoever reads them."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from supervisor import status
from supervisor.faults import Rung
from supervisor.memory import Act, Done, Incident, Withheld
from supervisor.observation import Audit as Audited
from supervisor.observation import (
    Container,
    Ending,
    EngineView,
    EngineWord,
    LoginPhase,
    LoginView,
    Look,
    Result,
    Status,
    Subject,
)
from supervisor.states import GatewayState
from supervisor.windows import Reauth, calendar, load
from tests.made_up import CLOCK, made_up_watch

_FRIDAY_NIGHT = datetime(2026, 11, 21, 4, 30, tzinfo=UTC)


@cache
def _made() -> str:
    async def make(directory: Path) -> dict[str, Any]:
        async with made_up_watch(directory) as watch:
            now = CLOCK.monotonic()
            look = Look(Result.OK, now, 0.01, "answered", Ending.ANSWERED)
            acts = (Done(1, Rung.CONTAINER_RESTART, now - 20.0, "failed"),)
            wrong = Incident(1, "jvm-dead", Subject.GATEWAY, now - 42.0, now - 41.0, now - 40.0, acts)
            watch.memory = replace(
                watch.memory,
                gateway=replace(watch.memory.gateway, state=GatewayState.FAILING, since=now - 41.0),
                gateway_incident=wrong,
                standing=(replace(wrong, id=2, fault="naked-position", subject=Subject.ACCOUNT, acts=()),),
                flight=Act(2, Rung.CONTAINER_RESTART, Subject.GATEWAY, 1, now - 3.0, now + 60.0, "jvm-dead"),
            )
            sentinel = replace(
                watch.observation.sentinel,
                heart=look,
                second=look,
                accounts=("DUSIM0001",),
                client_id=900,
                farms_down=(("usfarm", now),),
                audit=Audited(now, now, now),
            )
            gateway = Container("c" * 64, "watchkeeper-sim-gateway", Status.RUNNING, "t", up_since=now - 60.0)
            watch.observation = replace(
                watch.observation,
                docker=look,
                gateway=gateway,
                handshake=look,
                mailbox=look,
                sentinel=sentinel,
                login=LoginView(look, LoginPhase.QUIET, now - 60.0),
                engine_view=EngineView(look, EngineWord.TRADING, "trading"),
            )
            watch.calendar = calendar(
                load("na"),
                token=True,
                reauth=Reauth.parse("sun 08:00 America/New_York"),
                wall_now=_FRIDAY_NIGHT,
            )
            watch.set_pause("lunch", 1800.0)
            watch._withheld = Withheld(Rung.CONTAINER_RESTART, Subject.GATEWAY, "PAUSE: would container-restart")
            checks = [{"name": "utc", "result": "fail"}, {"name": "disk", "result": "warn"}]
            watch.preflighted = ({"verdict": "no-go", "seconds": 1.0, "checks": checks}, 0.0)
            wall = CLOCK.now().timestamp()
            watch.sentence = "sim: gateway FAILING; engine WAITING; gateway has jvm-dead"
            watch.story.goes_on(wall - 90.0, "sim: gateway READY; engine TRADING", "trading")
            watch.story.goes_on(wall - 40.0, watch.sentence, "down")
            watch._journal.put_incident("sim", wrong, watch._wall)
            watch._journal.intend("sim", Act(1, Rung.CONTAINER_RESTART, Subject.GATEWAY, 1, now, now, "jvm-dead"), wall)
            row = watch.explain()
            exposure = {"held": ["+1 SPY"], "working": ["SELL 1 SPY STP"], "positions": 1, "orders": 1}
            row["exposure"] |= exposure
            rows = [status.incident_row(one) for one in watch._journal.incidents("sim")]
            return {"explain": status.status([row], wall), "incidents": {"version": 1, "incidents": rows}}

    with TemporaryDirectory() as directory:
        return json.dumps(asyncio.run(make(Path(directory))))


def explained() -> dict[str, Any]:
    """`GET /api/v1/explain`: a gateway that is down, with all that may be told of it."""
    answer: dict[str, Any] = json.loads(_made())["explain"]
    return answer


def stands() -> dict[str, Any]:
    """`GET /api/v1/status` of the same."""
    answer = explained()
    for row in answer["tenants"]:
        for name in ("probes", "said", "stood"):
            del row[name]
    return answer


def happened() -> dict[str, Any]:
    """What `make incidents JSON=1` prints of the same."""
    answer: dict[str, Any] = json.loads(_made())["incidents"]
    return answer


def well(answer: dict[str, Any] | None = None) -> dict[str, Any]:
    """The same, status or explained, when nothing is wrong."""
    answer = stands() if answer is None else answer
    (row,) = answer["tenants"]
    row |= {"verdict": "trading", "sentence": "sim: gateway READY; engine TRADING", "open": [], "incident": None}
    row |= {"act": None, "withheld": None, "pause": None, "paused": False, "preflight": None, "conditions": []}
    row["gateway"] |= {"state": "READY"}
    row["next"] = {"who": "nobody", "sentence": "Nothing needs to be done.", "page": None}
    return answer | {"verdict": "trading", "sentence": row["sentence"]}
