"""`python -m supervisor.utc`: have the gateway write its times in UTC, over its own API, and see that it says so.

Runs in the supervisor's container for `make gateway-setup BY_API=1`. Exit code 0: it is set so; 1: the gateway did not
take it; 2: it cannot be asked.
"""

import asyncio
import sys

from preflight.errors import SettingsError
from preflight.settings import Settings
from tws.clock import SystemClock
from tws.errors import RequestRefused, TwsError
from tws.settings import SettingsSession
from tws.times import TimeMode

CLIENT_ID = 922
PATIENCE_SECONDS = 10.0
BY_HAND = "set it in the gateway's window: make gateway-setup"


async def ask(settings: Settings) -> str | None:
    """Have it set; returns why it is not, None when the gateway says that it is.

    Raises:
        TwsError: the gateway cannot be asked.
    """
    async with await SettingsSession.open(
        settings.gateway_host, settings.gateway_port, CLIENT_ID, timeout=PATIENCE_SECONDS, clock=SystemClock()
    ) as session:
        try:
            change = await session.write_times_in_utc(timeout=PATIENCE_SECONDS)
        except RequestRefused as error:
            return str(error)
        for warning in change.warnings:
            print(warning)
        mode = (await session.config(timeout=PATIENCE_SECONDS)).time_mode
    if mode is TimeMode.UTC:
        return None
    what = f"{change.status}: {change.words} {' '.join(change.errors)}".strip()
    return f"expected a gateway that writes UTC, found {mode.value if mode else 'another mode'} ({what})"


def main() -> int:
    try:
        why_not = asyncio.run(ask(Settings.load()))
    except (SettingsError, TwsError) as error:
        print(f"{error}; {BY_HAND}", file=sys.stderr)
        return 2
    if why_not is not None:
        print(f"{why_not}; {BY_HAND}", file=sys.stderr)
        return 1
    print("The gateway says that it writes its times in UTC.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
