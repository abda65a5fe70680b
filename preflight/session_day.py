"""Whether the exchange holds a session on a day, by the gateway's own hours and over a connection of its own."""

from datetime import datetime

from preflight.settings import Settings
from preflight.sources.conversation import Conversation
from preflight.trading_day import current, listed
from tws.clock import Clock
from tws.errors import TwsError


async def has_session(settings: Settings, clock: Clock, moment: datetime) -> bool | None:
    """By the hours of SPY. None: the gateway cannot be asked, or lists none."""
    async with Conversation(settings, clock) as gateway:
        try:
            found = listed(await gateway.reference())
        except TwsError:
            return None
    return current(found, moment) is not None if found else None
