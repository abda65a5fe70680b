"""`make restart-gateways`: every gateway anew, one after another, or MAX at a time; of a single tenant as well.

What is next is worked out in `rolling`. Here the supervisor is asked, people are told, and what was done is kept in
var/rolling.json, so that a run that ended goes on where it was.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import json
import os
import sys
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final

from dotenv import dotenv_values

from supervisor import answers, cli, leaving
from supervisor.errors import SettingsRefused
from supervisor.faults import Rung
from supervisor.fleet import files, rolling
from supervisor.fleet.rolling import Deed, Limits, Phase, Tenant, Word
from supervisor.stack import ROOT, tell_supervisor, tenant_of
from tws.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tws.clock import Clock

    type Do = Callable[[Deed], str | None]
    type Ask = Callable[[], Mapping[str, Any] | str]

KEPT: Final = "rolling.json"
_KEPT_FOR: Final = 12 * 3600.0
"""What is older is another day's."""
_LOOK_AGAIN: Final = 1.0


async def roll(
    run: tuple[Tenant, ...], limits: Limits, ask: Ask, do: Do, keep: Callable[[tuple[Tenant, ...]], None], clock: Clock
) -> tuple[Tenant, ...]:
    """Go on until nothing is under way and nothing will be begun; what is asked of a tenant is kept before it is."""
    while not rolling.over(run):
        before, now = run, clock.now().timestamp()
        run, deeds = rolling.step(run, await asyncio.to_thread(ask), limits, now)
        if run != before:
            keep(run)
        for deed in deeds:
            refused = await asyncio.to_thread(do, deed)
            if refused is not None:
                run = tuple(_refused(one, deed, refused) if one.name == deed.tenant else one for one in run)
                keep(run)
        _say(before, run)
        if not rolling.over(run):
            await clock.sleep(_LOOK_AGAIN)
    return run


def _refused(one: Tenant, deed: Deed, why: str) -> Tenant:
    """A halt that was refused has changed nothing; after anything else a person looks."""
    if deed.word is Word.HALT:
        return replace(one, phase=Phase.SKIPPED, halted=False, why=f"its engine was not halted: {why}")
    return replace(one, phase=Phase.FAILED, why=f"{deed.word} refused: {why}")


def _say(before: tuple[Tenant, ...], run: tuple[Tenant, ...]) -> None:
    known = {one.name: one for one in before}
    for one in run:
        was = known[one.name]
        if (one.phase, one.rung, one.why) != (was.phase, was.rung, was.why):
            by = f" by {one.rung}" if one.phase is Phase.RESTARTING else ""
            print(f"==> {one.name}: {one.phase}{by}{f': {one.why}' if one.why else ''}", file=sys.stderr, flush=True)


# ---- this machine ----------------------------------------------------------------------------------------------------


def names(root: Path, tenant: str | None) -> list[str]:
    """The tenants that are meant, by name.

    Raises:
        SettingsRefused: the one that is named is none of them, or there is none.
    """
    known = files.names(root) or [tenant_of(root, None)]
    if tenant is not None and tenant not in known:
        raise SettingsRefused(f"TENANT: expected one of {', '.join(known)}, found {tenant}")
    return known if tenant is None else [tenant]


def supervisors_port(root: Path, tenant: str) -> str:
    """Where its supervisor listens. Raises SettingsRefused where `make up` has never been."""
    written = dotenv_values(root / "var" / tenant / "compose.env").get("HOST_PORT_SUPERVISOR")
    port = os.environ.get("HOST_PORT_SUPERVISOR") or written
    if not port:
        raise SettingsRefused(f"expected that {tenant} runs, found no var/{tenant}/compose.env; make up starts it")
    return port


def does(root: Path) -> Do:
    """What carries a deed out, by the commands that a person has; it returns why not, or None."""

    def do(deed: Deed) -> str | None:
        words = {
            Word.HALT: ["halt", "--reason", "make restart-gateways"],
            Word.LIFT: ["halt", "--lift"],
            Word.RESTART: ["restart", "gateway", "--rung", str(deed.rung)],
        }[deed.word]
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            done = tell_supervisor(root, deed.tenant, *words)
        return None if done else " ".join(said.getvalue().split()) or "no reason was told"

    return do


def kept(path: Path, now: float) -> tuple[Tenant, ...]:
    """What an earlier run has kept, if it is of today."""
    try:
        found = json.loads(path.read_text())
        if now - float(found["at"]) >= _KEPT_FOR:
            return ()
        rows = found["tenants"]
        return tuple(Tenant(**(row | {"phase": Phase(row["phase"]), "rung": Rung(row["rung"])})) for row in rows)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SettingsRefused(
            f"expected what an earlier run has kept in {path}, found {error}; remove it to begin anew"
        ) from error


def keeper(path: Path, clock: Clock) -> Callable[[tuple[Tenant, ...]], None]:
    """What writes a run down."""

    def keep(run: tuple[Tenant, ...]) -> None:
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps({"at": clock.now().timestamp(), "tenants": [asdict(one) for one in run]}) + "\n")
        draft.replace(path)

    return keep


def restart_gateways(tenant: str | None, limits: Limits, root: Path = ROOT) -> int:
    """Returns 0 when each was restarted, 1 when one was skipped or failed.

    Raises:
        SettingsRefused: no such tenant, nothing runs, or what was kept cannot be read.
    """
    clock, path = SystemClock(), root / "var" / KEPT
    meant = names(root, tenant)
    url = f"http://127.0.0.1:{supervisors_port(root, meant[0])}"
    run = rolling.taken_up(kept(path, clock.now().timestamp()), meant)
    if done := [one.name for one in run if one.phase is Phase.DONE]:
        print(f"==> goes on after {', '.join(done)}; var/{KEPT} has what was done", file=sys.stderr)
    keep = keeper(path, clock)
    run = asyncio.run(roll(run, limits, lambda: leaving.ask(url), does(root), keep, clock))
    well = all(one.phase is Phase.DONE for one in run)
    if well:
        path.unlink(missing_ok=True)
    answers.tell(tenants=[asdict(one) for one in run])
    print(rolling.told(run))
    return 0 if well else 1


def main(arguments: list[str] | None = None) -> int:
    """Command line. Exit codes: 0 each was restarted, 1 one was not, 2 could not ask."""
    parser = argparse.ArgumentParser(prog="python -m supervisor.fleet.gateways", description=__doc__)
    parser.add_argument("--max", type=int, default=1, help="so many at a time")
    parser.add_argument("--wait", default="0s", help="how long to wait for one with something open to become flat: 10m")
    parser.add_argument("--force", action="store_true", help="also while positions or orders are open")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    return answers.answered(lambda: _run(options), as_json=options.json or os.environ.get("JSON") == "1")


def _run(options: argparse.Namespace) -> int:
    try:
        limits = Limits(max(1, options.max), cli.seconds(options.wait) or 0.0, options.force)
        return restart_gateways(os.environ.get("TENANT") or None, limits)
    except cli.CouldNotAsk as error:
        raise SettingsRefused(f"WAIT: {error}") from error
    except KeyboardInterrupt:
        print("\nEnded here; the same command goes on with it.", file=sys.stderr)
        raise


if __name__ == "__main__":
    raise SystemExit(main())
