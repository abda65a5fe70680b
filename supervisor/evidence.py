"""Why a tenant is in the state that it is in: what each probe last found, and what was said lately. Pure."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from supervisor.observation import NEVER, Look, Observation
from supervisor.rules import Rules
from supervisor.status import iso
from supervisor.story import Said, Story

_SAID: Final = 20
"""The newest of each."""


def evidence(
    observation: Observation, story: Story, rules: Rules, now: float, wall: Callable[[float], float]
) -> dict[str, Any]:
    """What `GET /api/v1/explain` tells of a tenant beside its row of the status; keys are only ever added."""
    return {
        "probes": [_probe(name, look, now, wall) for name, look in _looks(observation, rules)],
        "said": _newest(story.sentences),
        "stood": _newest(story.verdicts),
    }


def _looks(observation: Observation, rules: Rules) -> Iterable[tuple[str, Look]]:
    """Every look that is taken at such a tenant, from the outside in."""
    yield "docker", observation.docker
    yield "host", observation.host.look
    yield "handshake", observation.handshake
    yield "heartbeat", observation.sentinel.heart
    if observation.sentinel.second.at != NEVER.at:
        yield "second-request", observation.sentinel.second
    if not rules.external:
        yield "mailbox", observation.mailbox
        yield "login-log", observation.login.look
        yield "ledger", observation.ledger.look
        yield "resources", observation.resources.look
    if rules.engine and rules.engine_api:
        yield "engine", observation.engine_view.look


def _probe(name: str, look: Look, now: float, wall: Callable[[float], float]) -> dict[str, Any]:
    taken = look.at != float("-inf")
    return {
        "name": name,
        "result": look.result,
        "at": iso(wall(look.at)) if taken else None,
        "age_seconds": round(now - look.at, 3) if taken else None,
        "took_seconds": round(look.seconds, 4) if taken else None,
        "why": look.why,
    }


def _newest(said: Iterable[Said]) -> list[dict[str, Any]]:
    """The oldest first."""
    return [{"at": iso(one.at), "text": one.text} for one in [*said][-_SAID:]]
