"""`python -m tests.e2e.swarm_faults`: our own stacks in a Swarm of three managers, while nodes die and are cut off.

Three tenants, one of them with an engine; a supervisor on each node. Prints a JSON line for each fault and each
upgrade; exits 1 if one did not end as docs/swarm.md tells it. Wants root on Linux, some 8 GB, and the images that
`make up SIM=1` has built.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supervisor.stack import given, look_at_host
from tests.e2e.stack import ROOT
from tests.e2e.swarm import swarm, until
from tests.e2e.swarm_moves import moved, moved_from_a_dead_node
from tests.e2e.swarm_stacks import BUDGET, TENANTS, WITH_ENGINE, Stacks, moment

if TYPE_CHECKING:
    from collections.abc import Callable

_STAND_IN = "watchkeeper/simulator:local"
_DARK_SECONDS = 40.0
_TRADING_SECONDS = 300.0
_DASHBOARD = dict.fromkeys(TENANTS, "can trade")
"""What it shows of each while all is well."""
_WATCHDOG = 'ALERTS{alertname="Watchdog"}'
_QUIET_SECONDS = 30.0
"""After a fault's end: what would follow late has followed."""


class Watch:
    """What the tenants of other nodes were before a fault, and whether they still are."""

    def __init__(self, of: Stacks, hit: str) -> None:
        self._of = of
        self.others = [tenant for tenant in TENANTS if tenant != hit]
        self._ids = {tenant: of.ids(tenant) for tenant in self.others}
        self._logins = {tenant: of.logins(tenant) for tenant in self.others}

    def told(self) -> dict[str, Any]:
        of = self._of
        return {
            "others_same_containers": {one: of.ids(one) for one in self.others} == self._ids,
            "others_same_logins": {one: of.logins(one) for one in self.others} == self._logins,
            "others_trade": all(of.trading(one) for one in self.others),
        }


def _all_well(of: Stacks, asked: str = "a") -> bool:
    return of.dashboard(asked) == _DASHBOARD


def _in_the_dark(of: Stacks, hit: str, asked: str) -> dict[str, Any]:
    """Wait, and tell what is seen meanwhile.

    Raises:
        TimeoutError: the Fleet dashboard on another node does not show it as unknown, and all others as well.
    """
    begun = time.monotonic()
    until(lambda: of.dashboard(asked) == _DASHBOARD | {hit: "unknown"}, f"{hit} to be unknown on the dashboard", 120)
    dashboard_s = round(time.monotonic() - begun, 1)
    time.sleep(max(0.0, _DARK_SECONDS - dashboard_s))
    return {
        "seen_meanwhile": of.seen(asked),
        "node_said": of.it.nodes(asked)[TENANTS[hit]],
        "unknown_by_status": of.unknown(asked),
        "unknown_on_dashboard_s": dashboard_s,
    }


def _end(of: Stacks, hit: str, watch: Watch, told: dict[str, Any], logins: int, begun: int) -> dict[str, Any]:
    """What is the same after every fault, and whether it is as it should be."""
    time.sleep(_QUIET_SECONDS)
    told |= watch.told()
    told |= {"logins_spent": of.logins(hit) - begun}
    told |= {"two_at_once_s": of.two_at_once(hit), "elsewhere": len(of.elsewhere())}
    states = {one: "unknown" if one == hit else "running" for one in TENANTS}
    good = told["seen_meanwhile"] == states and all(told[key] for key in told if key.startswith("others_"))
    good = good and told["unknown_by_status"] == [hit]
    alone = (told["logins_spent"], told["two_at_once_s"], told["elsewhere"]) == (logins, 0.0, 0)
    return {**told, "as_told": good and alone}


def deployed(of: Stacks) -> dict[str, Any]:
    """The first `make stack-deploy`, until every tenant trades."""
    begun = time.monotonic()
    done = of.run("stack-deploy")
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    given_s = round(time.monotonic() - begun, 1)
    for tenant in TENANTS:
        until(partial(of.trading, tenant), f"{tenant} to trade", _TRADING_SECONDS)
    told: dict[str, Any] = {"deploy_s": given_s, "trading_s": round(time.monotonic() - begun, 1)}
    for node in TENANTS.values():
        until(partial(_all_well, of, node), f"the dashboard of {node} to show all well", 120)
    told["dashboards_s"] = round(time.monotonic() - begun, 1)
    told["rules_of"] = sorted(row["metric"]["node"] for row in of.query("a", "fleet", _WATCHDOG))
    told |= {"logins": {one: of.logins(one) for one in TENANTS}, "seen": of.seen()}
    ids = {one: of.ids(one) for one in TENANTS}
    again = of.run("stack-deploy")
    same = ids == {one: of.ids(one) for one in TENANTS}
    told["same_containers_when_deployed_again"] = again.returncode == 0 and same
    good = set(told["logins"].values()) == {1} and set(told["seen"].values()) == {"running"}
    good = good and told["rules_of"] == sorted(TENANTS.values())
    return {**told, "as_told": good and told["same_containers_when_deployed_again"]}


def node_killed(of: Stacks) -> dict[str, Any]:
    """The power of a node goes, and comes back: its tenant trades again for one login."""
    hit = "two"
    watch, begun = Watch(of, hit), of.logins(hit)
    of.it.kill(TENANTS[hit])
    told = _in_the_dark(of, hit, "a")
    told["others_traded_meanwhile"] = watch.told()["others_trade"]
    told["back_s"] = _back(of, hit)
    return _end(of, hit, watch, told, 1, begun)


def _back(of: Stacks, hit: str) -> float:
    """Give a node its power again; seconds until its tenant trades."""
    begun = time.monotonic()
    of.it.start(TENANTS[hit])
    until(lambda: of.trading(hit), f"{hit} to trade again", _TRADING_SECONDS)
    back_s = round(time.monotonic() - begun, 1)
    until(partial(_all_well, of), "the dashboard to show it again", 120)
    return back_s


def node_partitioned(of: Stacks) -> dict[str, Any]:
    """A node is cut off and comes back: its tenant trades through it, and nothing of it is touched."""
    hit = "two"
    node, watch, begun, ids = TENANTS[hit], Watch(of, hit), of.logins(hit), of.ids(hit)
    of.it.partition(node)
    told = _in_the_dark(of, hit, "a")
    told["traded_meanwhile"] = of.trading(hit)
    told["cut_off_shows"] = of.dashboard(node)
    of.it.heal(node)
    until(lambda: of.it.nodes()[node] in ("Ready Reachable", "Ready Leader"), f"{node} to be back", 180)
    until(lambda: of.seen()[hit] == "running", "stack-status to see it again")
    until(partial(_all_well, of), "the dashboard to show it again", 120)
    told = _end(of, hit, watch, told, 0, begun)
    told["same_containers"] = of.ids(hit) == ids
    alone = told["cut_off_shows"] == dict.fromkeys(TENANTS, "unknown") | {hit: "can trade"}
    return {**told, "as_told": told["as_told"] and told["traded_meanwhile"] and told["same_containers"] and alone}


def manager_lost(of: Stacks) -> dict[str, Any]:
    """The power of the leader's node goes: the others go on, another leads, and the view is asked of it."""
    leader = next(node for node, said in of.it.nodes().items() if said.endswith("Leader"))
    hit = next(tenant for tenant, node in TENANTS.items() if node == leader)
    asked = next(node for node in TENANTS.values() if node != leader)
    watch, begun = Watch(of, hit), of.logins(hit)
    of.it.kill(leader)
    until(lambda: of.it.nodes(asked), "another leader", 180)
    told = {"leader": leader} | _in_the_dark(of, hit, asked)
    told["back_s"] = _back(of, hit)
    until(lambda: of.seen(leader), "it to answer as a manager", 180)
    return _end(of, hit, watch, told, 1, begun)


def ledger_spent(of: Stacks) -> dict[str, Any]:
    """A node's power goes more often than its ledger has logins: the last gateway waits, and logs in nowhere."""
    hit = "two"
    watch, begun, cuts = Watch(of, hit), of.logins(hit), 0
    while of.logins(hit) < BUDGET:
        of.it.kill(TENANTS[hit])
        _back(of, hit)
        cuts += 1
    of.it.kill(TENANTS[hit])
    told = _in_the_dark(of, hit, "a")
    of.it.start(TENANTS[hit])
    until(lambda: of.row(hit)["gateway"]["login"]["waiting"], "its gateway to wait", _TRADING_SECONDS)
    told |= {"cuts": cuts + 1, "login_said": of.row(hit)["gateway"]["login"]["sentence"]}
    return _end(of, hit, watch, told, BUDGET - begun, begun)


def _another_image(of: Stacks, marked: str, broken: str = "") -> None:
    """Another stand-in behind the same tag on every node; on `broken`, one that cannot start and so logs in nowhere."""
    for node in TENANTS.values():
        without = "USER root\nRUN rm /bin/bash\n" if node == broken else ""
        text = f"FROM {_STAND_IN}\nLABEL of={marked}\n{without}"
        of.it.docker(node, "build", "--quiet", "--tag", _STAND_IN, "-", given=text)


def rolling_upgrade(of: Stacks) -> dict[str, Any]:
    """`make stack-upgrade GO=1`: one tenant after another, for one login each."""
    begun, ids = {one: of.logins(one) for one in TENANTS}, {one: of.ids(one) for one in TENANTS}
    _another_image(of, "upgrade")
    told: dict[str, Any] = {
        "told_first": of.run("stack-upgrade").returncode == 0,
        "deploy_said": _last(of.run("stack-deploy")),
    }
    told["untouched_till_then"] = ids == {one: of.ids(one) for one in TENANTS}
    started = time.monotonic()
    done = of.run("stack-upgrade", "--go", "--json")
    answer = json.loads(done.stdout)
    told |= {"upgrade_s": round(time.monotonic() - started, 1), "done": answer["done"], "exit_code": done.returncode}
    told["logins_spent"] = {one: of.logins(one) - begun[one] for one in TENANTS}
    starts = {one: moment(of.gateway(one)["StartedAt"]) for one in answer["done"]}
    ready = {one: datetime.fromisoformat(of.row(one)["gateway"]["since"]) for one in answer["done"]}
    told["each_ready_before_the_next"] = all(ready[one] < starts[two] for one, two in pairwise(answer["done"]))
    told["engine_stayed"] = len(set(ids[WITH_ENGINE]) & set(of.ids(WITH_ENGINE))) == 1
    told |= {"two_at_once_s": max(of.two_at_once(one) for one in TENANTS), "elsewhere": len(of.elsewhere())}
    good = (done.returncode, sorted(answer["done"])) == (0, sorted(TENANTS)) and told["told_first"]
    good = good and set(told["logins_spent"].values()) == {1} and (told["two_at_once_s"], told["elsewhere"]) == (0, 0)
    return {**told, "as_told": good and told["each_ready_before_the_next"] and told["untouched_till_then"]}


def _last(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout.splitlines()[-1]


def upgrade_that_fails(of: Stacks) -> dict[str, Any]:
    """An image that cannot start on one node: who is behind it is not begun, and a repaired one brings it back."""
    order = sorted(TENANTS)
    hit, behind = order[1], order[2]
    ids, begun = of.ids(behind), {one: of.logins(one) for one in TENANTS}
    _another_image(of, "bad", broken=TENANTS[hit])
    done = of.run("stack-upgrade", "--go", "--json")
    answer = {key: json.loads(done.stdout)[key] for key in ("done", "skipped", "failed", "left")}
    told: dict[str, Any] = {"exit_code": done.returncode, **answer}
    told["behind_untouched"] = of.ids(behind) == ids and of.trading(behind)
    told["logins_spent"] = {one: of.logins(one) - begun[one] for one in TENANTS}
    of.it.load(TENANTS[hit], _STAND_IN)
    repaired = of.run("stack-upgrade", "--go", "--force", "--json", TENANT=hit)
    told |= {"repaired": repaired.returncode == 0 and of.trading(hit), "logins_of_repair": of.logins(hit) - begun[hit]}
    told |= {"two_at_once_s": max(of.two_at_once(one) for one in TENANTS), "elsewhere": len(of.elsewhere())}
    good = answer == {"done": order[:1], "skipped": {}, "failed": hit, "left": [behind]} and done.returncode == 1
    good = good and told["logins_spent"] == {order[0]: 1, hit: 0, behind: 0} and told["logins_of_repair"] == 1
    good = good and told["behind_untouched"] and told["repaired"]
    return {**told, "as_told": good and (told["two_at_once_s"], told["elsewhere"]) == (0, 0)}


def main() -> int:
    """Deploy, then each fault that is named, or all of them."""
    named, good = sys.argv[1:], True
    command = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=True)
    images = look_at_host(ROOT, given(ROOT, os.environ), os.environ).images
    shared = [images[f"{name}_IMAGE"] for name in ("HAPROXY", "PROMETHEUS", "ALERTMANAGER", "REDIS")]
    with swarm("watchkeeper-stacks") as it, tempfile.TemporaryDirectory() as folder:
        for tenant, node in TENANTS.items():
            own = ("supervisor", "simulator", *(["engine"] if tenant == WITH_ENGINE else []))
            it.load(node, *(f"watchkeeper/{name}:local" for name in own), *shared)
        it.heartbeat("720h")
        of = Stacks(it, Path(folder))
        faults: tuple[Callable[[Stacks], dict[str, Any]], ...] = (
            *(deployed, node_partitioned, node_killed, rolling_upgrade, manager_lost, upgrade_that_fails, ledger_spent),
            *(moved, moved_from_a_dead_node),
        )
        for fault in faults:
            name = fault.__name__.replace("_", "-")
            if named and name not in (*named, "deployed"):
                continue
            at = datetime.now(UTC).isoformat(timespec="seconds")
            told = {"fault": name, "at": at, "commit": commit.stdout.strip(), **fault(of)}
            print(json.dumps(told), flush=True)
            good = good and told["as_told"]
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
