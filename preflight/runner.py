"""Asks the checks, all at once, and makes the report."""

import asyncio
import traceback
from collections.abc import Sequence
from pathlib import Path

from preflight.catalogue import catalogue, chosen
from preflight.check import Answer, Check, Place, Remedy, Site
from preflight.errors import NotSeen
from preflight.report import Finding, Report, Result
from preflight.settings import Settings
from preflight.sources.conversation import Conversation
from preflight.sources.host import Host
from preflight.sources.local import LocalHost, LocalHouse
from tws.clock import Clock, SystemClock
from tws.errors import (
    ClientIdInUse,
    GatewayClosed,
    GatewayRefused,
    GatewaySilent,
    NameUnresolved,
    ProtocolError,
    RequestRefused,
    RequestUnanswered,
    TwsError,
)

REMEDIES: dict[type[TwsError], Remedy] = {
    NameUnresolved: Remedy(
        "name-unresolved", "start the stack with `make up`; a stopped container has no name on its network"
    ),
    GatewayRefused: Remedy("port-refused", "start the gateway with `make up`, or look at `make logs`"),
    GatewayClosed: Remedy(
        "port-closed", "the forwarder is up, the gateway is not (or it has not logged in): `make logs`"
    ),
    GatewaySilent: Remedy("gateway-silent", "the gateway hangs: `make status` shows what the supervisor does about it"),
    ProtocolError: Remedy("not-a-gateway", "something else listens there: check GATEWAY_HOST and GATEWAY_PORT"),
    ClientIdInUse: Remedy("client-ids-used-up", "close other clients with ids 910 to 919, or restart the gateway"),
    RequestUnanswered: Remedy("request-unanswered", "the session is open but requests go unanswered: `make status`"),
    RequestRefused: Remedy("request-refused", "the gateway says why; docs/tws-api.md lists its codes"),
    TwsError: Remedy("gateway-trouble", "look at `make status` and `make logs`"),
}
"""What to do about a gateway that does not answer, whichever check asked; the first kind that fits."""

BUG = Remedy("bug-of-a-check", "report it with this line, or leave the check out for today with SKIP and its name")


async def run(
    settings: Settings,
    clock: Clock | None = None,
    place: Place = Place.STACK,
    *,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    host: Host | None = None,
) -> Report:
    """Ask every check that can be asked from `place`, together. Never raises for what it looks at: that is a finding.

    A check whose prerequisite did not pass is skipped, and says which one that was. No check waits longer than its
    own patience, whatever the others meet, and none beyond the deadline of the whole.
    `host` is the machine as somebody knows it who knows more of it than its settings.

    Raises:
        UnknownCheck: `only` or `skip` has a word that is neither a check's name nor a group's.
    """
    clock = clock or SystemClock()
    started = clock.monotonic()
    known = catalogue()
    wanted = chosen(known, only, skip)
    checks = [check for check in wanted if check.place is place]
    asked = {check.name for check in checks}
    left_out = [check.name for check in known if check.place is place and check.name not in asked]
    async with Conversation(settings, clock) as gateway, LocalHouse(settings) as house:
        site = Site(settings, gateway, host or LocalHost(settings), house, clock.now())
        findings = await ask_all(checks, site)
    return Report(findings, clock.monotonic() - started, left_out)


async def ask_all(checks: Sequence[Check], site: Site) -> tuple[Finding, ...]:
    """The findings, in the order of the checks."""
    deadline = asyncio.get_running_loop().time() + site.settings.preflight_deadline_seconds
    asked: dict[str, asyncio.Task[Finding]] = {}
    async with asyncio.TaskGroup() as group:
        for check in checks:
            earlier = [asked[name] for name in check.needs if name in asked]
            asked[check.name] = group.create_task(_finding(check, site, earlier, deadline), name=check.name)
    return tuple(task.result() for task in asked.values())


async def _finding(check: Check, site: Site, earlier: Sequence[asyncio.Task[Finding]], deadline: float) -> Finding:
    before = [await task for task in earlier]
    answer = await _ask(check, site, before, deadline)
    remedy = "; ".join(remedy.text for remedy in answer.remedies)
    docs = tuple(f"docs/preflight.md#{remedy.name}" for remedy in answer.remedies)
    expected = answer.expected or check.expected
    return Finding(check.name, check.group, answer.result, expected, answer.found, remedy, check.vital, docs)


async def _ask(check: Check, site: Site, before: Sequence[Finding], deadline: float) -> Answer:
    if bad := [found.name for found in before if found.result in (Result.FAIL, Result.SKIPPED)]:
        return Answer(Result.SKIPPED, f"not asked, since {' and '.join(bad)} did not pass")
    began = asyncio.get_running_loop().time()
    patience = min(site.settings.preflight_patience_seconds, deadline - began)
    try:
        async with asyncio.timeout(patience):
            return await check.ask(site)
    except TwsError as error:
        remedy = next(remedy for kind, remedy in REMEDIES.items() if isinstance(error, kind))
        return Answer(Result.FAIL, str(error), (remedy,))
    except NotSeen as reason:
        return Answer(Result.SKIPPED, str(reason))
    except TimeoutError:
        return Answer(Result.FAIL, f"no answer in {patience:.2g} s", (REMEDIES[RequestUnanswered],))
    except Exception as error:  # whatever it is, the other checks go on
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        return Answer(Result.FAIL, f"a bug of the check: {type(error).__name__}: {error} ({place})", (BUG,))
