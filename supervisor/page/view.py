"""What the page shows of one tenant, in words and in the order of its importance. Pure.

The first glance answers: can I trade, since when, and if not, who is doing what about it?
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from supervisor.faults import FAULTS
from supervisor.next_step import sentence
from supervisor.page.remedies import page_of
from supervisor.page.timeline import Timeline, timeline
from supervisor.page.words import epoch, lasting, moment
from supervisor.story import Said

_TITLES: Final = {
    "trading": "Trading.",
    "degraded": "Not trading as it should.",
    "down": "Not trading: the gateway is down.",
    "starting": "Starting.",
    "paused": "Paused by a person.",
}
_BEFORE: Final = 15.0  # seconds that are shown of the time before an incident
_STEPS: Final = 20
_RECENT: Final = 15
_AMISS: Final = 15


@dataclass(frozen=True, slots=True)
class Headline:
    """The verdict. `who`: `nobody`, `supervisor` or `you` does something next, of which `page` tells more."""

    verdict: str
    title: str
    since: str
    who: str
    next: str
    page: str | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """An open incident: what it is, what was done, and where to read what a person does."""

    fault: str
    since: str
    evidence: str
    answer: str
    acts: tuple[str, ...]
    gave_up: bool
    remedy: str
    at_once: str


@dataclass(frozen=True, slots=True)
class Step:
    """One sentence of the supervisor and when it said it first."""

    at: str
    text: str


@dataclass(frozen=True, slots=True)
class Past:
    """A row of the recent incidents."""

    at: str
    fault: str
    outcome: str
    seen: str
    cured: str
    acts: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Check:
    """A preflight check that did not pass."""

    name: str
    result: str
    expected: str
    found: str
    remedy: str
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Preflight:
    """The last one. `more` are names of checks that did not pass either."""

    verdict: str
    at: str
    amiss: tuple[Check, ...]
    more: tuple[str, ...]
    passed: tuple[str, ...]
    skipped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another tenant, or this one, in the list of all."""

    name: str
    verdict: str
    sentence: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class View:
    """One tenant's page."""

    tenant: str
    account: str
    at: str
    headline: Headline
    neighbours: tuple[Neighbour, ...]
    troubles: tuple[Trouble, ...]
    steps: tuple[Step, ...]
    facts: tuple[tuple[str, str], ...]
    positions: tuple[str, ...]
    orders: tuple[str, ...]
    timeline: Timeline
    recent: tuple[Past, ...]
    preflight: Preflight | None


def view(
    row: Mapping[str, Any],
    neighbours: Iterable[Neighbour],
    sentences: Sequence[Said],
    verdicts: Sequence[Said],
    incidents: Sequence[Mapping[str, Any]],
    report: tuple[Mapping[str, Any], float] | None,
    now: float,
) -> View:
    """
    Args:
        row: the tenant's row of the status.
        neighbours: every tenant, the worst first.
        sentences: what the supervisor said lately.
        verdicts: how the tenant stood.
        incidents: the journal's newest rows.
        report: the last preflight's JSON and its epoch second.
        now: epoch seconds.
    """
    exposure = row["exposure"]
    return View(
        row["name"],
        row["account"] or "no account yet",
        moment(now, now),
        headline(row, now),
        tuple(neighbours),
        tuple(trouble(one, now) for one in row["open"]),
        tuple(_steps(row["open"], sentences, now)),
        tuple(facts(row, now)),
        tuple(exposure["held"]),
        tuple(exposure["working"]),
        timeline(verdicts, incidents, now),
        tuple(_past(one, now) for one in incidents[:_RECENT]),
        _preflight(*report, now) if report is not None else None,
    )


# -- the verdict -------------------------------------------------------------------------------------------------------


def headline(row: Mapping[str, Any], now: float) -> Headline:
    """What is read first."""
    states = [f"{name.capitalize()} {row[name]['state']}{_since(row[name], now)}" for name in ("gateway", "engine")]
    step = row["next"]
    verdict = row["verdict"]
    return Headline(verdict, _TITLES[verdict], f"{'; '.join(states)}.", step["who"], step["sentence"], step["page"])


def _since(part: Mapping[str, Any], now: float) -> str:
    return f" for {lasting(now - epoch(part['since']))}" if part["since"] is not None else ""


# -- what is open ------------------------------------------------------------------------------------------------------


def trouble(one: Mapping[str, Any], now: float) -> Trouble:
    """An open incident in words."""
    fault = FAULTS[one["fault"]]
    opened = epoch(one["opened_at"])
    acts = tuple(f"{act['rung']} at {moment(epoch(act['at']), now)}: {act['outcome']}" for act in one["actions"])
    return Trouble(
        fault.name,
        f"{moment(opened, now)}, {lasting(now - opened)} ago",
        sentence(fault.evidence),
        sentence(fault.answer),
        acts,
        one["outcome"] == "gave_up",
        page_of(fault.name),
        fault.break_glass,
    )


def _steps(open_: Sequence[Mapping[str, Any]], sentences: Sequence[Said], now: float) -> Iterable[Step]:
    """What was said since the newest of the open incidents began: an old one may stand for days."""
    if not open_:
        return
    begun = max(epoch(one["opened_at"]) for one in open_) - _BEFORE
    for said in [said for said in sentences if said.at >= begun][-_STEPS:]:
        yield Step(moment(said.at, now), said.text)


# -- facts -------------------------------------------------------------------------------------------------------------


def facts(row: Mapping[str, Any], now: float) -> Iterable[tuple[str, str]]:
    """What else there is to know of a tenant: names and words."""
    gateway, engine, windows, token = row["gateway"], row["engine"], row["windows"], row["weekly_token"]
    yield "Restarts left", f"gateway {gateway['restarts_left']}, engine {engine['restarts_left']}"
    if not gateway["external"]:
        yield "Logins", gateway["login"]["sentence"]
        if gateway["login"]["phase"] != "unknown":
            yield "Login phase", gateway["login"]["phase"]
    for span in windows["open"]:
        yield "Window open now", f"{span['name']}, until {moment(epoch(span['closes_at']), now)}"
    if windows["next"] is not None:
        opens = epoch(windows["next"]["opens_at"])
        yield "Next window", f"{windows['next']['name']} in {lasting(opens - now)}, at {moment(opens, now)}"
    else:
        yield "Next window", "none"
    if token is not None:
        ends = epoch(token["expires_at"])
        yield "Weekly token ends", f"in {lasting(ends - now)}, at {moment(ends, now)}"
        if token["reauth_at"] is not None:
            yield "Push for a new one", moment(epoch(token["reauth_at"]), now)
    exposure = row["exposure"]
    if exposure["audited_at"] is None:
        yield "At the broker", "not asked yet"
    else:
        asked = lasting(now - epoch(exposure["audited_at"]))
        yield "At the broker", f"{held(exposure['positions'], exposure['orders'])}, {asked} ago"
    if gateway["answered_in_seconds"] is not None:
        yield "Gateway answers in", f"{gateway['answered_in_seconds'] * 1000:.0f} ms"
    yield "To IBKR", gateway["upstream"]
    if gateway["farms_down"]:
        yield "Farms that are away", ", ".join(gateway["farms_down"])
    if engine["sentence"]:
        yield "The engine says", engine["sentence"]


def held(positions: int, orders: int) -> str:
    """`1 position, 2 working orders`."""
    return f"{_count(positions, 'position')}, {_count(orders, 'working order')}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


# -- the past ----------------------------------------------------------------------------------------------------------


def _past(row: Mapping[str, Any], now: float) -> Past:
    closed = row["closed_at"]
    return Past(
        moment(row["opened_at"], now),
        row["fault"],
        {"gave_up": "gave up"}.get(row["outcome"], row["outcome"]),
        f"{row['declared_at'] - row['since']:.1f} s",
        lasting(closed - row["since"]) if closed is not None else "",
        ", ".join(act["rung"] for act in row["actions"]),
        page_of(row["fault"]),
    )


def _preflight(report: Mapping[str, Any], at: float, now: float) -> Preflight:
    def named(result: str) -> tuple[str, ...]:
        return tuple(check["name"] for check in report["checks"] if check["result"] == result)

    amiss = [
        Check(
            check["name"],
            check["result"],
            check["expected"],
            check["found"],
            check["remedy"],
            tuple((heading.partition("#")[2], heading.removeprefix("docs/")) for heading in check["docs"])
            or ((check["name"], f"preflight.md#check-{check['name']}"),),
        )
        for result in ("fail", "warn")
        for check in report["checks"]
        if check["result"] == result
    ]
    return Preflight(
        report["verdict"],
        f"{moment(at, now)}, {lasting(now - at)} ago",
        tuple(amiss[:_AMISS]),
        tuple(check.name for check in amiss[_AMISS:]),
        named("pass"),
        named("skipped"),
    )
