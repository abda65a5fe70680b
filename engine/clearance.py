"""Asking the supervisor whether this engine may start. Fails closed.

A refusal holds for ever; only silence has an end: a supervisor that could not be reached for a whole minute
must not keep positions unattended, so the engine may then start after its own account and mode check.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from engine.clock import Clock

RETRY_SECONDS = 2.0
MAX_RETRY_SECONDS = 60.0


class Ground(StrEnum):
    """On whose word the engine starts."""

    SUPERVISOR = "supervisor"
    OWN_CHECK = "own check"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `reachable` is False when nobody spoke, and then the rest has no meaning."""

    reachable: bool
    granted: bool = False
    reason: str = ""
    retry_after: float = RETRY_SECONDS


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks. `further_accounts` are those of the same gateway."""

    tenant: str
    account: str
    mode: str
    instance: str
    further_accounts: tuple[str, ...] = ()


async def ask(
    client: httpx.AsyncClient, url: str, token: str | None, request: Request, *, timeout: float = 5.0
) -> Answer:
    """Ask once. Anything that answers HTTP counts as reached, and anything but a clear yes is a no."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = {
        "tenant": request.tenant,
        "account": request.account,
        "further_accounts": request.further_accounts,
        "mode": request.mode,
        "instance": request.instance,
    }
    try:
        response = await client.post(f"{url}/api/v1/clearance", json=body, headers=headers, timeout=timeout)
    except httpx.HTTPError as error:
        return Answer(reachable=False, reason=f"{type(error).__name__} at {url}")
    if response.status_code in (401, 403):
        return Answer(True, reason="the supervisor does not accept our machine token; both read the same secret")
    try:
        said = response.json()
        granted = response.status_code == 200 and said["granted"] is True
        retry_after = float(said.get("retry_after_seconds") or RETRY_SECONDS)
        return Answer(True, granted, str(said.get("reason", "")), min(max(retry_after, 0.1), MAX_RETRY_SECONDS))
    except (ValueError, TypeError, KeyError):
        return Answer(True, reason=f"the supervisor answered HTTP {response.status_code}, not a clearance")


async def obtain(
    ask_once: Callable[[], Awaitable[Answer]],
    clock: Clock,
    tell: Callable[[str], None],
    *,
    grace: float,
) -> Ground:
    """Ask until granted, or until nobody could be reached for `grace` seconds on end.

    `tell` gets a sentence after each try. Returns on whose word the engine may go on.
    """
    silent_since: float | None = None
    while True:
        answer = await ask_once()
        if answer.granted:
            return Ground.SUPERVISOR
        now = clock.monotonic()
        if answer.reachable:
            silent_since = None
            tell(f"waiting for clearance: {answer.reason or 'the supervisor says no'}")
        else:
            silent_since = now if silent_since is None else silent_since
            silent = now - silent_since
            if silent >= grace:
                return Ground.OWN_CHECK
            tell(f"the supervisor is away ({answer.reason}); own account check in {grace - silent:.0f} s")
        await clock.sleep(answer.retry_after)
