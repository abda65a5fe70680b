"""`python -m preflight [--json]`: exit code 0 go, 1 no-go or unknown, 2 could not ask."""

import argparse
import asyncio
import json
import sys

from preflight.errors import SettingsError
from preflight.report import Verdict
from preflight.runner import run
from preflight.settings import Settings


def main() -> int:
    parser = argparse.ArgumentParser(prog="preflight", description="Can this gateway be trusted today?")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    arguments = parser.parse_args()
    try:
        settings = Settings.load()
    except SettingsError as error:
        print(f"preflight: {error}", file=sys.stderr)
        return 2
    report = asyncio.run(run(settings))
    print(json.dumps(report.as_json(), indent=2) if arguments.json else report.as_table())
    return 0 if report.verdict is Verdict.GO else 1


if __name__ == "__main__":
    sys.exit(main())
