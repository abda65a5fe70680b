"""`python -m preflight [--json] [--only …]`: exit code 0 go, 1 no-go or unknown, 2 could not ask."""

import argparse
import sys

from preflight.command import Options, add_options, answer
from preflight.errors import SettingsError
from preflight.report import Report
from preflight.runner import run
from preflight.settings import Settings
from tws.clock import SystemClock


def main() -> int:
    parser = argparse.ArgumentParser(prog="preflight", description="Can this gateway be trusted today?")
    add_options(parser)
    options = Options.of(parser.parse_args())
    try:
        settings = Settings.load()
    except SettingsError as error:
        print(f"preflight: {error}", file=sys.stderr)
        return 2
    clock = SystemClock()

    async def ask() -> Report:
        return await run(settings, clock, only=options.only, skip=options.skip)

    return answer(options, ask, clock)


if __name__ == "__main__":
    sys.exit(main())
