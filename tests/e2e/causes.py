"""When an alert must fire and end, by what caused it: worked out of the rule's own `for`, scrape and evaluation.

The cause of each alert is a question about what the services themselves said at a moment (`Look`), asked beside
Prometheus and not through it. All of this is pure: looks and rules go in, intervals come out.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import yaml

from supervisor.faults import FAULTS

ROOT = Path(__file__).parents[2]
TURN_SECONDS: Final = 1.0
"""Of the supervisor's loop: what it says and what it exports may be one turn apart."""
RESOLUTION_SECONDS: Final = 1.0
"""Of what Prometheus is asked for."""
TOLD_SECONDS: Final = 10.0
"""Until Alertmanager has what the supervisor posts: it tries twice for 3 s each, and then again after 10 s."""

type Key = tuple[str, str]
"""An alert's name and severity."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was said between two moments (epoch seconds): `fault:<name>` of each open incident, and so on."""

    at: float
    by: float
    said: frozenset[str]


@dataclass(frozen=True, slots=True)
class Span:
    """A cause that was there. It began after one look and by the next, and ended likewise."""

    after: float
    by: float
    gone_after: float
    gone_by: float


@dataclass(frozen=True, slots=True)
class Timing:
    """What the configuration says: seconds between scrapes, between evaluations, and that each rule waits."""

    scrape: float
    evaluation: float
    waits: dict[Key, float]

    @property
    def late(self) -> float:
        """From a cause to the first evaluation that can know of it."""
        return self.scrape + self.evaluation + TURN_SECONDS + RESOLUTION_SECONDS


@dataclass(frozen=True, slots=True)
class Expected:
    """Between which moments an alert fires and ends; `sure` if its cause lasted so long that it must."""

    fires: tuple[float, float]
    ends: tuple[float, float]
    sure: bool


def _any(*words: str) -> Callable[[frozenset[str]], bool]:
    return lambda said: bool(said & set(words))


def _faults(*names: str) -> Callable[[frozenset[str]], bool]:
    return _any(*(f"fault:{name}" for name in names))


def _is(word: str, *without: str) -> Callable[[frozenset[str]], bool]:
    return lambda said: word in said and not said & set(without)


def _gateway_down(said: frozenset[str]) -> bool:
    return "gateway" in said and not said & {"gateway:READY", "gateway:DEGRADED"}


def _engine_idle(said: frozenset[str]) -> bool:
    return "gateway:READY" in said and not said & {"engine:TRADING", "engine:ABSENT", "engine:RUNNING"}


CAUSES: Final[dict[Key, Callable[[frozenset[str]], bool]]] = {
    ("GatewayDown", "critical"): _gateway_down,
    ("GatewayHangs", "warning"): _faults("soft-dead", "frozen", "jvm-dead", "flapping"),
    ("GatewayDegraded", "critical"): _any("gateway:DEGRADED"),
    ("UpstreamLost", "critical"): _faults("upstream-lost"),
    ("MarketFarmDown", "critical"): _faults("market-farm"),
    ("DataCompeted", "critical"): _faults("data-competed"),
    ("TwoFactorWaiting", "critical"): _faults("twofa-pending", "twofa-timeout"),
    ("LoginRefused", "critical"): _faults("login-refused", "existing-session"),
    ("LoginStuck", "critical"): _faults("login-stuck"),
    ("LoginHeld", "critical"): _is("held", "paused"),
    ("EngineNotTrading", "critical"): _engine_idle,
    ("EngineDeaf", "warning"): _faults("engine-deaf", "engine-backoff"),
    ("EngineZombie", "warning"): _faults("engine-zombie"),
    ("EngineHalted", "critical"): _any("halted"),
    ("CacheDown", "critical"): _any("cache:down"),
    ("PositionNaked", "critical"): _any("naked"),
    ("NakedAtBroker", "critical"): _faults("naked-position"),
    ("UnknownPosition", "critical"): _faults("unknown-position"),
    ("OrderUnacked", "critical"): _faults("order-unacked"),
    ("ExitRejected", "critical"): _faults("exit-rejected"),
    ("WriteBlocked", "critical"): _faults("write-blocked"),
    ("SupervisorBlind", "critical"): _any("blind"),
    ("TimesNotUtc", "critical"): _faults("time-mode"),
    ("ClockSkew", "warning"): _faults("clock-skew"),
    ("ClockSkew", "critical"): _any("stand-in:clock-skew"),
}
"""Of each rule that a fault of the day may set off."""

STANDING: Final[Key] = ("ClockSkew", "warning")
"""May stand all day, where nobody keeps the host's clock."""

SEEN_LATER: Final = {("ClockSkew", "critical"): FAULTS["clock-skew"].seen or 0.0}
"""Where the cause is the stand-in's word: how much later the supervisor may see it, by its own table."""

UNTIMED: Final = {
    "TradeReadyBurn": "adds up what the whole day has cost",
    "RestartBudgetLow": "counts the restarts of the whole day",
    "PreflightFailed": "a preflight may be asked in the middle of a fault",
    "SlowAnswers": "a busy machine",
    "PacingNearLimit": "a busy machine",
    "ClientIdTaken": "a session that begins before its last one is gone",
    "TicksStale": "the age of a tick is the engine's own",
    "ChainMissing": "the chain is loaded anew after some of the faults",
    "Watchdog": "always",
}
"""Alerts that may fire besides, and why no moment is worked out for them."""


def timing(root: Path = ROOT) -> Timing:
    """As `prometheus/` says."""
    head = yaml.safe_load((root / "prometheus/prometheus.yml").read_text())["global"]
    waits: dict[Key, float] = {}
    for path in sorted((root / "prometheus/rules").glob("*.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                if "alert" in rule:
                    waits[rule["alert"], rule["labels"]["severity"]] = seconds(rule.get("for", "0s"))
    return Timing(seconds(head["scrape_interval"]), seconds(head["evaluation_interval"]), waits)


def seconds(text: str) -> float:
    """Prometheus' way to write a duration: `90s`, `1m`, `2h`."""
    number, unit = re.fullmatch(r"(\d+)([smhd])", text).groups()  # type: ignore[union-attr]
    return int(number) * {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}[unit]


def spans(looks: Sequence[Look], cause: Callable[[frozenset[str]], bool]) -> list[Span]:
    """When the cause was there. One that is there at the last look is left out: nobody knows its end."""
    found: list[Span] = []
    begun: tuple[float, float] | None = None
    for before, now in pairwise(looks):
        there = cause(now.said)
        if there and begun is None:
            begun = (before.at, now.by)
        elif not there and begun is not None:
            found.append(Span(*begun, before.at, now.by))
            begun = None
    return found


def expected(found: Sequence[Span], waits: float, timing: Timing, later: float = 0.0) -> list[Expected]:
    """One for each cause; those that a scrape may take for one, since nothing was scraped between them, are one.

    Args:
        found: the spans of its cause.
        waits: the rule's `for`.
        timing: of this Prometheus.
        later: how much later than its cause the supervisor may see it, and its end.
    """
    told: list[Expected] = []
    together: list[list[Span]] = []
    for span in found:
        near = together and span.by - together[-1][-1].gone_after <= timing.scrape + timing.evaluation
        if near:
            together[-1].append(span)
        else:
            together.append([span])
    late = timing.late + later
    for group in together:
        lasting = max(group, key=lambda span: span.gone_after - span.by)
        # A break that was scraped lets the rule wait anew: the last of them is the latest that it can count from.
        last = next((one for one in reversed(group) if one.gone_after - one.by >= waits), group[-1])
        told.append(
            Expected(
                (group[0].after + waits, last.by + waits + late),
                (lasting.gone_after, group[-1].gone_by + late),
                lasting.gone_after - lasting.by > waits + late,
            )
        )
    return told


@dataclass(frozen=True, slots=True)
class Fired:
    """What an alert did (epoch seconds). `over` is None while it fires."""

    at: float
    over: float | None


def judged(key: Key, looks: Sequence[Look], fired: Sequence[Fired], timing: Timing) -> list[dict[str, Any]]:
    """A row for each time that it fired, or should have: what was expected, what was, and what is wrong with that."""
    due = expected(spans(looks, CAUSES[key]), timing.waits[key], timing, SEEN_LATER.get(key, 0.0))
    rows = []
    left = list(due)
    for one in fired:
        fitting = [span for span in due if one.at <= span.ends[1] and (one.over or one.at) >= span.fires[0]]
        span = min(fitting, key=lambda span: abs(span.fires[0] - one.at), default=None)
        if span in left:
            left.remove(span)
        rows.append(_row(key, timing, span, one))
    rows += [_row(key, timing, span, None) for span in left if span.sure]
    return sorted(rows, key=lambda row: row["fired"] or row["fires_from"])


def _row(key: Key, timing: Timing, span: Expected | None, one: Fired | None) -> dict[str, Any]:
    return {
        "alert": key[0],
        "severity": key[1],
        "waits": timing.waits[key],
        "fires_from": span and round(span.fires[0], 1),
        "fires_by": span and round(span.fires[1], 1),
        "fired": one and round(one.at, 1),
        "ends_from": span and round(span.ends[0], 1),
        "ends_by": span and round(span.ends[1], 1),
        "ended": one and one.over and round(one.over, 1),
        "wrong": _wrong(span, one),
    }


def _wrong(span: Expected | None, one: Fired | None) -> str | None:
    if one is None:
        return "it never fired"
    if span is None:
        return "it fired without its cause"
    if one.at < span.fires[0]:
        return "it fired too early"
    if one.at > span.fires[1]:
        return "it fired too late"
    if one.over is None or one.over > span.ends[1]:
        return "it ended too late"
    if one.over < span.ends[0]:
        return "it ended too early"
    return None
