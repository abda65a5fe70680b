"""`python -m supervisor`. Exit code 2: it could not start, and says why."""

import asyncio
import os
import sys

import supervisor.lean  # isort: split  # noqa: F401  # before anything that would load what it leaves out
from preflight.errors import SettingsError
from supervisor.alone import Lock, refuse_second
from supervisor.errors import SupervisorError
from supervisor.logs import configure
from supervisor.service import serve
from supervisor.settings import Settings


def main() -> int:
    try:
        settings = Settings.load()
        configure(settings.log_level)
        tenants = settings.tenants()
        refuse_second(settings.supervisor_url, frozenset(tenant.tenant for tenant in tenants))
        lock = Lock(settings.state_dir)
        asyncio.run(serve(settings, tenants))
        lock.release()
    except (SupervisorError, SettingsError) as error:
        print(f"supervisor: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # A Docker call may still be waiting in its thread, with the restart it asked for: dockerd ends that without us.
    os._exit(code)
