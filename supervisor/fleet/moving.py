"""`make tenant-move`: a tenant of a Swarm on another node. What is next is worked out in `move`; here it is done.

The nodes are asked and told by tasks on them (`nodes`), so this runs on any manager. What was done is kept in
var/<tenant>/move.json, and the same command goes on with it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

from supervisor import answers
from supervisor.errors import SettingsRefused
from supervisor.fleet import deploy, files
from supervisor.fleet.move import Record, Refused, Seen, Step, decide, why_back
from supervisor.fleet.swarm_hands import SwarmHands
from supervisor.stack import ROOT
from tws.clock import SystemClock

if TYPE_CHECKING:
    from pathlib import Path

    from tws.clock import Clock

_LOOK_AGAIN: Final = 2.0


class Hands(Protocol):
    """What a move does and sees of both nodes. Each act can be done again. All raise RuntimeTrouble."""

    async def see(self, record: Record | None, *, typed: bool) -> Seen:
        """Both nodes, as they are now."""

    async def check(self, record: Record) -> None:
        """Read and hold together all that will be deployed. Raises: SettingsRefused."""

    def confirm(self, word: str, warning: str) -> None:
        """Have a person type it. Raises: SettingsRefused."""

    async def act(self, step: Step, record: Record) -> Record:
        """Do a step; what the record is then."""

    def keep(self, record: Record | None) -> None:
        """Write a move down; None: it is over."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call has come to. `moved`: it runs, or is about to, on the new node."""

    moved: bool
    steps: tuple[Step, ...]
    record: Record | None
    why: str = ""


async def move(tenant: str, target: str, hands: Hands, clock: Clock, kept: Record | None, *, force: bool) -> Outcome:
    """Go on until it is moved, or there is a reason not to.

    Raises:
        SettingsRefused: nothing was begun: it is no move, what is to be deployed is not fit, or nobody has typed it.
        RuntimeTrouble: Docker or a node did not do it; what was done is kept.
    """
    record, typed, steps = kept, False, list[Step]()
    while True:
        seen = await hands.see(record, typed=typed)
        step = decide(tenant, target, seen, moment(seen, clock), force=force)
        if isinstance(step, Refused):
            if step.impossible:
                raise SettingsRefused(step.why)
            if not step.typing:
                return Outcome(False, tuple(steps), record, step.why)
            source = (record or Record(seen.pinned, target)).source
            hands.confirm(f"{tenant} {source}", f"{step.why}. Look at it yourself, or turn that machine off.")
            typed = True
            continue
        if record is None or not steps:
            record = record or Record(seen.pinned, target)
            await hands.check(record)
            hands.keep(record)
        if step not in steps:
            steps.append(step)
            print(f"==> {tenant}: {step}", file=sys.stderr, flush=True)
        if step is Step.WAIT:
            await clock.sleep(_LOOK_AGAIN)
            continue
        record = await hands.act(step, record)
        over = step in (Step.BACK, Step.DEPLOY)
        hands.keep(None if over else record)
        if over:
            back = why_back(seen, tenant, force=force) if step is Step.BACK else ""
            return Outcome(step is Step.DEPLOY, tuple(steps), record, back)


def moment(seen: Seen, clock: Clock) -> float:
    """Epoch seconds by the clock that stamps the audits: the old node's supervisor's, where it answers."""
    told = None if isinstance(seen.status, str) else seen.status.get("at")
    return datetime.fromisoformat(told).timestamp() if told else clock.now().timestamp()


def main(arguments: list[str] | None = None) -> int:
    """Command line. Exit codes: 0 moved, 1 not, and why, 2 could not."""
    parser = argparse.ArgumentParser(prog="python -m supervisor.fleet.moving", description=__doc__)
    parser.add_argument("--tenant", default=os.environ.get("TENANT"), help="whom; default: TENANT")
    parser.add_argument("--to", default="", help="the label watchkeeper.node of the node that it is to go to")
    parser.add_argument("--force", action="store_true", help="also while positions or orders are open")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    return answers.answered(lambda: _run(options), as_json=options.json or os.environ.get("JSON") == "1")


def _run(options: argparse.Namespace, root: Path = ROOT) -> int:
    tenant, known, clock = options.tenant or "", files.names(root), SystemClock()
    if tenant not in known:
        raise SettingsRefused(f"TENANT: expected one of {', '.join(known) or 'none'}, found {tenant or 'none'}")
    if faults := [*deploy.unfit(deploy.docker(root, "info", "--format", "{{json .Swarm}}"))]:
        raise SettingsRefused("\n".join(faults))
    hands = SwarmHands(root, tenant, options.to, clock)
    return _told(tenant, asyncio.run(move(tenant, options.to, hands, clock, hands.kept(), force=options.force)))


def _told(tenant: str, done: Outcome) -> int:
    record = done.record
    answers.tell(
        tenant=tenant,
        source=record.source if record else None,
        target=record.target if record else None,
        moved=done.moved,
        steps=[one.name.lower() for one in done.steps],
        proof=record.proof.name.lower() if record and record.proof else None,
        why=done.why or None,
    )
    print(done.why or f"{tenant}: from {record.source if record else '-'} to {record.target if record else '-'}")
    return 0 if done.moved else 1


if __name__ == "__main__":
    raise SystemExit(main())
