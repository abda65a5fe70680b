"""How many market data lines our engine holds, by its own word."""

import httpx

from preflight.errors import NotSeen
from preflight.http import client
from preflight.settings import Settings


async def engine_lines(settings: Settings) -> int:
    """An engine that is not there holds none: it answers HTTP before it does anything else.

    Raises:
        NotSeen: nobody says, and so nobody knows.
    """
    if settings.engine != "on":
        raise NotSeen(f"with ENGINE={settings.engine} nobody says how many lines are in use")
    if settings.engine_url is None:
        raise NotSeen("asked where the engine can be asked how many lines are in use")
    try:
        async with client(settings.engine_url, settings.preflight_timeout_seconds) as http:
            answer = await http.get("/api/v1/status")
        return int(answer.raise_for_status().json()["connection"]["subscriptions"])
    except httpx.ConnectError:
        return 0
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise NotSeen("the engine does not say how many lines it holds") from error
