"""May the stack be taken down? Not while the broker holds positions or works orders that nobody would watch then.

Asked of the supervisor, whose sentinel has the broker's own word. No word counts as exposed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping

_ASK_SECONDS = 5.0


def ask(url: str) -> Mapping[str, Any] | str:
    """The supervisor's status, version 1; or a sentence that says why there is none."""
    try:
        answer = httpx.get(f"{url}/api/v1/status", timeout=_ASK_SECONDS, trust_env=False).raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        return f"the supervisor does not answer at {url} ({type(error).__name__})"
    return answer if isinstance(answer, dict) else f"the supervisor's status at {url} cannot be read"


def open_at_broker(status: Mapping[str, Any] | str, tenant: str) -> str | None:
    """What would be left without a watch, in a sentence; None when the account is flat and nothing works."""
    if isinstance(status, str):
        return f"positions and orders cannot be asked about: {status}"
    row = next((row for row in status.get("tenants") or [] if row.get("name") == tenant), None)
    if row is None:
        return f"positions and orders cannot be asked about: the supervisor does not know tenant {tenant}"
    exposure = row.get("exposure") or {}
    held, working = exposure.get("held") or [], exposure.get("working") or []
    if not exposure.get("known") and exposure.get("positions_known"):
        # A read-only gateway: no order of ours can be there, and which others work it does not tell.
        return (
            f"open at the broker: {'; '.join(held)}; which orders work, a read-only API does not tell" if held else None
        )
    if not exposure.get("known"):
        state = (row.get("gateway") or {}).get("state", "unknown")
        return f"positions and orders cannot be asked about: the gateway is {state}, last heard at {_last(exposure)}"
    if not held and not working:
        return None
    return f"open at the broker: {'; '.join([*held, *working])}"


def _last(exposure: Mapping[str, Any]) -> str:
    return str(exposure.get("audited_at") or "no time")
