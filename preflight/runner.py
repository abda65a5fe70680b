"""Asks the checks, one after the other, and makes the report."""

from preflight.check import Answer, Check, Gateway
from preflight.checks import CHECKS
from preflight.conversation import Conversation
from preflight.report import Finding, Report, Result
from preflight.settings import Settings
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

_REMEDIES: dict[type[TwsError], str] = {
    NameUnresolved: "start the stack with `make up`; a stopped container has no name on its network",
    GatewayRefused: "start the gateway with `make up`, or look at `make logs`",
    GatewayClosed: "the forwarder is up, the gateway is not (or it has not logged in): `make logs`",
    GatewaySilent: "the gateway hangs: `make status` shows what the supervisor does about it",
    ProtocolError: "something else listens there: check GATEWAY_HOST and GATEWAY_PORT",
    ClientIdInUse: "close other clients with ids 910 to 919, or restart the gateway",
    RequestUnanswered: "the session is open but requests go unanswered: `make status`",
    RequestRefused: "the gateway says why; docs/tws-api.md lists its codes",
    TwsError: "look at `make status` and `make logs`",
}


async def run(settings: Settings, clock: Clock | None = None) -> Report:
    """Ask every check of one gateway. Never raises for what the gateway does: that is a finding.

    A check whose prerequisite did not pass is skipped, and says which one that was.
    """
    clock = clock or SystemClock()
    started = clock.monotonic()
    findings: dict[str, Finding] = {}
    async with Conversation(settings, clock) as gateway:
        for check in CHECKS:
            findings[check.name] = await _ask(check, gateway, settings, clock, findings)
    return Report(tuple(findings.values()), clock.monotonic() - started)


async def _ask(
    check: Check, gateway: Gateway, settings: Settings, clock: Clock, earlier: dict[str, Finding]
) -> Finding:
    if check.needs is not None and earlier[check.needs].result in (Result.FAIL, Result.SKIPPED):
        answer = Answer(Result.SKIPPED, f"not asked, since {check.needs} did not pass")
    else:
        try:
            answer = await check.ask(gateway, settings, clock.now())
        except TwsError as error:
            remedy = next(text for kind, text in _REMEDIES.items() if isinstance(error, kind))
            answer = Answer(Result.FAIL, str(error), remedy)
    expected = answer.expected or check.expected
    return Finding(check.name, check.group, answer.result, expected, answer.found, answer.remedy)
