"""`make status` where tenants say a node: every node's supervisor is asked, and one that does not answer is unknown.

A supervisor knows its own node only, and nothing of a node is published: a task on each node asks there, and a manager
reads what it printed. What each said last is kept in var/swarm/heard.json, for the age of what is not known any more.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from supervisor import answers
from supervisor.errors import SettingsRefused
from supervisor.fleet import deploy, survey, tasks
from supervisor.stack import ROOT
from supervisor.status import status
from tws.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tws.clock import Clock

    type Heard = Mapping[str, Mapping[str, Any]]
    """By node: `at`, and `tenants`, each one's verdict by name."""

UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Told:
    """What all nodes say together, and what each has said last."""

    answer: Mapping[str, Any]
    heard: Heard


def wanted(pinned: Mapping[str, str], tenant: str | None) -> Mapping[str, str]:
    """The tenants that are asked about, each with its node: all, or the one named. Raises: SettingsRefused."""
    if tenant is None:
        return pinned
    if tenant not in pinned:
        raise SettingsRefused(f"TENANT: expected one of {', '.join(sorted(pinned)) or 'none'}, found {tenant}")
    return {tenant: pinned[tenant]}


def together(
    said: Mapping[str, Mapping[str, Any] | str],
    pinned: Mapping[str, str],
    heard: Heard,
    now: float,
    tenant: str | None = None,
) -> Told:
    """One status of all nodes; a tenant whose supervisor does not tell of it is unknown, never well and never down.

    Args:
        said: by node, its supervisor's status, version 1, or why there is none.
        pinned: the node that Swarm has each tenant on.
        heard: what each node has said last.
        now: epoch seconds.
        tenant: the only one that is told of; what its node says of others is kept all the same.
    """
    rows = [
        row
        for one in said.values()
        if not isinstance(one, str)
        for row in one["tenants"]
        if tenant in (None, row["name"])
    ]
    kept = dict(heard) | {
        node: {"at": one["at"], "tenants": {row["name"]: row["verdict"] for row in one["tenants"]}}
        for node, one in said.items()
        if not isinstance(one, str)
    }
    known = {row["name"] for row in rows}
    nodes = [
        _node(node, one, sorted(name for name, at in pinned.items() if at == node and name not in known), heard, now)
        for node, one in sorted(said.items())
    ]
    made = status(sorted(rows, key=lambda row: str(row["name"])), now)
    missing = [one["sentence"] for one in nodes if one["unknown"] or one["why"]]
    if missing:
        worse = [] if made["verdict"] == "trading" or not rows else [made["sentence"]]
        verdict = "down" if rows and made["verdict"] == "down" else UNKNOWN
        made |= {"verdict": verdict, "sentence": " | ".join([*missing, *worse])}
    return Told(made | {"nodes": nodes}, kept)


def _node(node: str, said: Mapping[str, Any] | str, unknown: list[str], heard: Heard, now: float) -> dict[str, Any]:
    why, last = (said, heard.get(node)) if isinstance(said, str) else (None, said)
    at = str(last["at"]) if last else None
    silent = [{"name": name, "last": _last(heard.get(node), name)} for name in unknown]
    return {
        "node": node,
        "answered_at": at,
        "why": why,
        "unknown": silent,
        "sentence": _sentence(node, why, at, silent, now),
    }


def _last(heard: Mapping[str, Any] | None, name: str) -> str | None:
    verdict: str | None = heard["tenants"].get(name) if heard is not None else None
    return verdict


def _sentence(node: str, why: str | None, at: str | None, unknown: list[dict[str, Any]], now: float) -> str:
    names = ", ".join(f"{one['name']} (last {one['last']})" if one["last"] else one["name"] for one in unknown)
    if why is None:
        return f"{node}: its supervisor does not tell of {names}" if names else f"{node}: answers"
    age = (
        f"last answer {_age(now - datetime.fromisoformat(at).timestamp())} ago"
        if at
        else "no answer was ever heard here"
    )
    return f"{node}: unknown, {age}{f'; unknown: {names}' if names else ''} ({why})"


def _age(seconds: float) -> str:
    seconds = max(0.0, seconds)
    minutes = int(seconds // 60)
    return (
        f"{minutes // 60} h {minutes % 60} min"
        if minutes >= 60
        else f"{minutes} min"
        if minutes
        else f"{seconds:.0f} s"
    )


# ---- a Swarm ---------------------------------------------------------------------------------------------------------


async def ask(root: Path, clock: Clock, tenant: str | None = None) -> Mapping[str, Any]:
    """What all nodes say together, now; of one tenant, what its node says. Raises: RuntimeTrouble, SettingsRefused."""
    docker = partial(deploy.docker, root)
    if faults := [*deploy.unfit(docker("info", "--format", "{{json .Swarm}}"))]:
        raise SettingsRefused("\n".join(faults))
    # One that is not deployed, or is being moved, is asked about where its file says.
    pinned = wanted(deploy.written(root) | deploy.pinned(root), tenant)
    there = {one.label: one for one in tasks.members(docker)}
    networks = docker("network", "ls", "--format", "{{.Name}}").split()
    reached = [
        there[node]
        for node in sorted(set(pinned.values()) & there.keys())
        if there[node].reached and survey.monitoring(node) in networks
    ]
    said = dict.fromkeys(sorted(set(pinned.values())), "the managers do not reach it, or nothing is deployed there")
    told = together(
        {**said, **await survey.statuses(docker, reached, clock)}, pinned, _kept(root), clock.now().timestamp(), tenant
    )
    path = root / "var" / "swarm" / "heard.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(told.heard) + "\n")
    draft.replace(path)
    return told.answer


def _kept(root: Path) -> Heard:
    try:
        found: Heard = json.loads((root / "var" / "swarm" / "heard.json").read_text())
    except (OSError, ValueError):
        return {}  # only ages are in it
    return found


def main(arguments: list[str] | None = None) -> int:
    """Command line. Exit codes: 0 all trade, 1 not, or one is unknown, 2 could not ask."""
    parser = argparse.ArgumentParser(prog="python -m supervisor.fleet.nodes", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    return answers.answered(_run, as_json=options.json or os.environ.get("JSON") == "1")


def _run() -> int:
    answer = asyncio.run(ask(ROOT, SystemClock(), os.environ.get("TENANT") or None))
    answers.tell(**answer)
    _show(answer)
    return 0 if answer["verdict"] == "trading" else 1


def _show(answer: Mapping[str, Any]) -> None:
    from supervisor.terminal import overview, screen  # what draws is loaded only here

    # What is not known comes first: the rows below are only of those that answer.
    for one in answer["nodes"]:
        print(one["sentence"])
    if rows := answer["tenants"]:
        screen.show(overview.overview(status(rows, datetime.fromisoformat(answer["at"]).timestamp())))


if __name__ == "__main__":
    raise SystemExit(main())
