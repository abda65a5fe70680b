"""`python -m supervisor.fleet COMMAND`: what scripts/watchkeeper calls where tenants have files.

Exit codes: 0 good, 1 not ready in time or not while exposed, 2 could not.
"""

import argparse
import asyncio
import os

from supervisor import answers
from supervisor.errors import SettingsRefused
from supervisor.fleet import deploy, files, stack, stack_upgrade
from supervisor.stack import ROOT
from tws.clock import SystemClock


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m supervisor.fleet", description=__doc__)
    parser.add_argument(
        "command", choices=["up", "down", "purge", "render", "stack-deploy", "stack-upgrade", "stack-status"]
    )
    parser.add_argument("--mode", help="refused: each tenant's file says its own")
    parser.add_argument("--tenant", help="one of them; default: TENANT, else all")
    parser.add_argument("--force", action="store_true", help="also while positions or orders are open")
    parser.add_argument("--go", action="store_true", help="stack-upgrade: do it")
    parser.add_argument("--json", action="store_true", help="print JSON; not render, which prints YAML")
    options = parser.parse_args(arguments)
    as_json = options.json or os.environ.get("JSON") == "1"
    return answers.answered(lambda: _run(options), as_json=as_json and options.command != "render")


def _run(options: argparse.Namespace) -> int:
    tenant = options.tenant or os.environ.get("TENANT")
    known = files.names(ROOT)
    if options.mode:
        raise SettingsRefused(
            f"expected TENANT=… or nothing, since tenants/ has {', '.join(known)}, found {options.mode.upper()}=1"
        )
    if options.command == "render":
        print(stack.rendered(ROOT), end="")
        return 0
    if options.command == "stack-deploy":
        return asyncio.run(deploy.deploy(ROOT, SystemClock()))
    if options.command == "stack-upgrade":
        go, force = options.go, options.force
        return asyncio.run(stack_upgrade.upgrade(ROOT, tenant, SystemClock(), go=go, force=force))
    if options.command == "stack-status":
        return _show(deploy.status(ROOT))
    if options.command == "up":
        if tenant and tenant not in known:
            raise SettingsRefused(f"expected one of {', '.join(known)}, found {tenant}; write tenants/{tenant}.toml")
        return asyncio.run(stack.up(ROOT, SystemClock(), tenant))
    there = stack.present(ROOT)
    if tenant and tenant not in there:
        raise SettingsRefused(f"expected one of {', '.join(sorted(there)) or 'none'}, found {tenant}")
    names = [tenant] if tenant else sorted(there)
    return stack.leave(ROOT, names, purge=options.command == "purge", force=options.force)


def _show(found: tuple[deploy.Seen, ...]) -> int:
    """Print where each gateway is. Returns 0 when all run."""
    answers.tell(gateways=[{"tenant": one.tenant, "node": one.node, "state": one.state} for one in found])
    for one in found:
        print(f"{one.tenant:<20} {one.node or '-':<20} {one.state}")
    return 0 if all(one.state == "running" for one in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
