"""What several tenants share, as a plan of its own: the house. Pure.

Each tenant stays a project of its own, so nothing that is done here touches a container of a tenant. The house's
supervisor and Prometheus join each tenant's network, and the supervisor mounts each tenant's mailbox, ledger and hold.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from preflight.settings import Settings as PreflightSettings
from supervisor.fleet.files import HOUSE
from supervisor.plan import FLEET_SUBNETS, GRAFANA, THIS_MACHINE, Host, Plan, plan
from supervisor.tenants import Tenant, said_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SUBNET_PREFIX: Final = f"{FLEET_SUBNETS}.255"
OVERRIDE: Final = "tenants.yaml"
NODES: Final = "compose/nodes.yaml"
PLACED: Final = "tenant:watchkeeper_placed:node"
"""1 for each tenant of a fleet, with the node that its file says."""
_ALL_NODES: Final = {
    "fleet": {"networks": ["dashboards"]},
    "grafana": {
        "volumes": ["./grafana/all-nodes.yaml:/etc/grafana/provisioning/datasources/all-nodes.yaml:ro"],
    },
}
"""A second source for the dashboards, where there is Grafana."""
_BY_THE_HOUSE: Final = frozenset(
    ("tenant", "gateway", "gateway_host", "gateway_port", "engine_url", "mailbox_dir", "ledger_dir", "hold_dir")
)
"""What the environment of a single tenant's supervisor says and a table need not, or says in its own way."""


def house(
    given: Mapping[str, str],
    host: Host,
    tenants: Sequence[Plan],
    name: str = HOUSE,
    placed: Mapping[str, str] | None = None,
) -> Plan:
    """The plan of what these tenants share.

    Args:
        given: what `.env` says.
        host: facts of this machine.
        tenants: their plans, each `one_of_several`.
        name: its own, where each of several nodes has one.
        placed: there, the node of every tenant of the fleet; the house then has a Prometheus of all nodes.

    Raises:
        SettingsRefused: every fault found, one a line.
    """
    own = dict(given) | {"TENANT": name, "SUBNET_PREFIX": given.get("SUBNET_PREFIX") or SUBNET_PREFIX, "GATEWAY": ""}
    base = plan("sim", own, host)
    files = {
        "tenants.toml": tables(tenants),
        "engine-targets.yml": _targets(tenants, "engine", 9190, lambda one: one.variables["ENGINE"] == "on"),
        "stand-in.yml": _targets(tenants, "gateway", 9170, lambda one: one.mode == "sim"),
    }
    further = [GRAFANA] if GRAFANA in base.variables["COMPOSE_FILE"] else []
    override = joined(tenants)
    if placed is not None:
        if further:
            override["services"] |= _ALL_NODES
        further.append(NODES)
        files |= {"nodes.yml": _nodes(placed), "placed.yml": _placed(placed)}
    files[OVERRIDE] = json.dumps(override, indent=1) + "\n"
    variables = {
        **base.variables,
        "COMPOSE_FILE": os.pathsep.join(("compose.yaml", "compose/house.yaml", *further, f"var/{name}/{OVERRIDE}")),
        "COMPOSE_PROFILES": "",
        "TENANTS": "|".join(sorted(one.tenant for one in tenants)),
        "TENANTS_CONFIG": hashlib.sha256(files["tenants.toml"].encode()).hexdigest()[:16],
    }
    return replace(base, variables=variables, files=files)


def tables(tenants: Sequence[Plan]) -> str:
    """TENANTS_FILE of the supervisor: a table for each tenant, with all that is not a default by itself."""
    return "\n".join(_table(one) for one in tenants)


def _table(one: Plan) -> str:
    said, asked = said_of(Tenant, one.variables), said_of(PreflightSettings, one.variables)
    rows = {name: value for name, value in said.items() if name not in _BY_THE_HOUSE}
    rows["gateway_port"] = said["gateway_port"]
    if one.external:
        rows |= {"gateway": "external", "gateway_host": said["gateway_host"]}
    if "windows_file" in said:
        rows["windows_file"] = _windows(one)
    checks = {name: value for name, value in asked.items() if name not in rows and name not in _BY_THE_HOUSE}
    lines = [f"[{one.tenant}]", *_lines(rows), f"[{one.tenant}.preflight]", *_lines(checks), ""]
    return "\n".join(lines)


def _lines(rows: Mapping[str, str]) -> list[str]:
    return [f"{name} = {json.dumps(value)}" for name, value in rows.items()]  # a JSON text is a TOML one


def _windows(one: Plan) -> str:
    return f"/etc/watchkeeper/windows-{one.tenant}.toml"


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """What the shared supervisor's container must be told to look at one tenant, as the environment of a single one."""
    tenant = variables["TENANT"]
    said = {name.upper(): value for name, value in said_of(PreflightSettings, variables).items()}
    own = {"TENANT": tenant, "ENGINE_URL": f"http://watchkeeper-{tenant}-engine:9190"}
    if "compose/external.yaml" not in variables["COMPOSE_FILE"]:
        own |= {"GATEWAY_HOST": f"watchkeeper-{tenant}-gateway", "MAILBOX_DIR": f"/run/tenants/{tenant}/mailbox"}
    return said | own


def joined(tenants: Sequence[Plan]) -> dict[str, Any]:
    """The override that joins the house to its tenants: their networks, volumes and tokens, by compose's names."""
    networks = [f"{one.tenant}-trading" for one in tenants]
    supervisor: dict[str, Any] = {
        "networks": networks,
        "volumes": [mount for one in tenants for mount in _mounts(one)],
        "secrets": [{"source": f"{one.tenant}-machine", "target": f"machine_token.{one.tenant}"} for one in tenants],
    }
    if any(one.variables["GATEWAY_HOST"] == THIS_MACHINE for one in tenants):
        supervisor["extra_hosts"] = [f"{THIS_MACHINE}:host-gateway"]
    return {
        "services": {"supervisor": supervisor, "prometheus": {"networks": networks}},
        "networks": {f"{one.tenant}-trading": {"external": True, "name": f"{one.project}_trading"} for one in tenants},
        "volumes": {
            f"{one.tenant}-{name}": {"external": True, "name": f"{one.project}_{name}"}
            for one in tenants
            for name in ("mailbox", "ledger", "hold")
        },
        "secrets": {
            f"{one.tenant}-machine": {"file": f"{one.variables['TOKENS_DIR']}/machine_token"} for one in tenants
        },
    }


def _mounts(one: Plan) -> list[Any]:
    mounts: list[Any] = [
        f"{one.tenant}-mailbox:/run/tenants/{one.tenant}/mailbox",
        f"{one.tenant}-ledger:/run/tenants/{one.tenant}/ledger:ro",
        f"{one.tenant}-hold:/run/tenants/{one.tenant}/hold",
    ]
    if own := one.variables.get("WINDOWS_FILE"):
        bind = {"type": "bind", "source": own, "target": _windows(one), "read_only": True}
        mounts.append(bind | {"bind": {"create_host_path": False}})
    return mounts


def _nodes(placed: Mapping[str, str]) -> str:
    """The Prometheus of each node, by the name that it has on the network of all of them."""
    rows = [
        {"targets": [f"watchkeeper-{HOUSE}-{node}-prometheus:9090"], "labels": {"node": node}}
        for node in sorted(set(placed.values()))
    ]
    return json.dumps(rows) + "\n"


def _placed(placed: Mapping[str, str]) -> str:
    """A series for each tenant, whoever tells of it: so one of which nobody does is seen to be unknown."""
    rows = [
        {"record": PLACED, "expr": "vector(1)", "labels": {"tenant": tenant, "node": node}}
        for tenant, node in sorted(placed.items())
    ]
    return json.dumps({"groups": [{"name": "placed", "rules": rows}]}) + "\n"


def _targets(tenants: Sequence[Plan], role: str, port: int, has: Any) -> str:
    rows = [
        {"targets": [f"{one.project}-{role}:{port}"], "labels": {"tenant": one.tenant}} for one in tenants if has(one)
    ]
    return json.dumps(rows) + "\n"
