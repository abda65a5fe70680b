"""`python -m supervisor.breakglass`: exit code 0 flat and nothing works, 1 something is left, 2 could not ask."""

import asyncio
import sys

from preflight.errors import SettingsError
from preflight.settings import Settings
from supervisor.breakglass.hand import WITHIN_SECONDS, flatten
from tws.clock import SystemClock
from tws.errors import TwsError


def main() -> int:
    try:
        settings = Settings.load()
        remains = asyncio.run(flatten(settings, SystemClock(), lambda line: print(line, flush=True)))
    except (SettingsError, TwsError) as error:
        print(f"break-glass: {error}", file=sys.stderr)
        print("Close what is open in TWS, on the phone, or by IBKR's trade desk.", file=sys.stderr)
        return 2
    if remains:
        print(f"there is still: {'; '.join(remains)}", file=sys.stderr)
        print(
            f"It was tried for up to {WITHIN_SECONDS:.0f} s. Outside trading hours a market order waits. "
            "See it in TWS, or call IBKR's trade desk.",
            file=sys.stderr,
        )
        return 1
    print(f"{', '.join(settings.accounts)}: flat, and no order works; the broker said so twice.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
