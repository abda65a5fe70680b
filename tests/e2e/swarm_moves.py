"""`make tenant-move` in a Swarm of three managers: from a node that answers, and from one whose power is gone.

Part of `python -m tests.e2e.swarm_faults`; each changes where its tenant is.
"""

import json
import time
from functools import partial
from typing import Any

from tests.e2e.swarm import until
from tests.e2e.swarm_stacks import TENANTS, Stacks

_TRADING_SECONDS = 300.0
_GONE_SECONDS = 240.0
"""For Swarm to end what ran on a node that was away."""


def moved(of: Stacks) -> dict[str, Any]:
    """A tenant goes to another node for one login, with its ledger, and the node that it left has nothing of it."""
    tenant, source, target = "one", TENANTS["one"], "b"
    begun, others = of.logins(tenant), {one: of.ids(one) for one in TENANTS if one != tenant}
    told = _move(of, tenant, target)
    until(partial(of.trading, tenant), f"{tenant} to trade on {target}", _TRADING_SECONDS)
    told["trading_s"] = round(time.monotonic() - told.pop("at"), 1)
    until(lambda: of.dashboard(target).get(tenant) == "can trade", f"the dashboard of {target} to show it", 120)
    told |= {"logins_spent": of.logins(tenant) - begun, "left_behind": len(of.running(tenant, source))}
    told["others_same_containers"] = {one: of.ids(one) for one in others} == others
    good = (told["exit_code"], told["proof"], told["logins_spent"], told["left_behind"]) == (0, "seen", 1, 0)
    return {**told, "as_told": good and told["others_same_containers"]}


def moved_from_a_dead_node(of: Stacks) -> dict[str, Any]:
    """Only for who types it; it begins behind a hold, and what ran on the old node is ended when that is back."""
    tenant, source, target = "three", TENANTS["three"], "a"
    asked = next(node for one, node in TENANTS.items() if one != tenant)
    of.it.kill(source)
    until(lambda: of.unknown(asked) == [tenant], f"{tenant} to be unknown", 180)
    refused = of.run("tenant-move", "--tenant", tenant, "--to", target, "--json", asked=asked)
    told: dict[str, Any] = {"refused_without_a_word": refused.returncode == 2}
    told |= _move(of, tenant, target, asked, CONFIRM=f"{tenant} {source}")
    until(lambda: of.row(tenant)["gateway"]["login"]["waiting"], "its gateway to wait", _TRADING_SECONDS)
    told["waits_s"] = round(time.monotonic() - told.pop("at"), 1)
    told["login_said"] = of.row(tenant)["gateway"]["login"]["sentence"]
    until(lambda: of.dashboard(target).get(tenant) == "cannot trade", f"the dashboard of {target} to show it", 120)
    begun = time.monotonic()
    of.it.start(source)
    until(lambda: not of.running(tenant, source), "the old containers to end", _GONE_SECONDS)
    told["old_gone_s"] = round(time.monotonic() - begun, 1)
    good = (told["exit_code"], told["proof"]) == (0, "typed") and told["refused_without_a_word"]
    return {**told, "as_told": good}


def _move(of: Stacks, tenant: str, target: str, asked: str = "a", **env: str) -> dict[str, Any]:
    at = time.monotonic()
    done = of.run("tenant-move", "--tenant", tenant, "--to", target, "--json", asked=asked, **env)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr)
    said = json.loads(done.stdout)
    TENANTS[tenant] = target
    return {
        "at": at,
        "exit_code": done.returncode,
        **{key: said[key] for key in ("source", "target", "steps", "proof")},
    }
