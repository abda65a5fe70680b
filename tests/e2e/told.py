"""What a day's alerts did beside what they should have done, as rows, and as a page shows them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from supervisor.alerts import ALERT_OF
from tests.e2e.causes import CAUSES, STANDING, TOLD_SECONDS, UNTIMED, Look, judged, timing
from tests.e2e.stack import Stack
from tests.e2e.witness import Witness, fired


def timed(stack: Stack, seen: Witness, began: Sequence[tuple[float, str]]) -> list[dict[str, Any]]:
    """A row for each alert that fired, or should have: by the rules, and as the supervisor posted it itself."""
    looks, told = list(seen.looks), dict(seen.told)
    first = looks[0].at
    rows: list[dict[str, Any]] = []
    for key, times in sorted(fired(stack, first).items()):
        if key not in CAUSES and key[0] not in UNTIMED:
            rows += [{"alert": key[0], "severity": key[1], "fired": one.at, "wrong": "uncalled-for"} for one in times]
    for key in CAUSES.keys() - ({STANDING} if "fault:clock-skew" in looks[-1].said else set()):
        by_rule = judged(key, looks, fired(stack, first).get(key, []), timing())
        rows += [row | {"by": "rule"} | _heard(row, told) for row in by_rule]
    rows += posted(looks, told)
    for row in rows:
        at = row["fired"] or row["fires_from"]
        row["step"] = next((title for start, title in reversed(began) if start <= at + 1.0), "the morning")
    return sorted(rows, key=lambda row: row["fired"] or row["fires_from"])


def _heard(row: dict[str, Any], told: dict[tuple[str, str, str], dict[str, Any]]) -> dict[str, Any]:
    """What Alertmanager did with an alert of a rule."""
    fits = [one for (name, severity, _), one in told.items() if (name, severity) == (row["alert"], row["severity"])]
    if not fits:
        return {"wrong": row["wrong"] or "Alertmanager never had it"}
    return {
        "receivers": sorted({receiver for one in fits for receiver in one["receivers"]}),
        "inhibited": any(one["inhibited"] for one in fits),
    }


def posted(looks: list[Look], told: dict[tuple[str, str, str], dict[str, Any]]) -> list[dict[str, Any]]:
    """What the supervisor posts at once, since it cannot wait for a scrape: there when its incident is."""
    rows = []
    for (name, severity, fault), one in told.items():
        if ALERT_OF.get(fault) != name:
            continue
        there = [look for look in looks if f"fault:{fault}" in look.said]
        from_, until = there[0].at, there[-1].by
        fires, ends = (from_ - 2.0, from_ + TOLD_SECONDS), (until - 2.0, until + TOLD_SECONDS)
        in_time = fires[0] <= one["from"] <= fires[1] and ends[0] <= one["until"] <= ends[1]
        rows.append(
            {
                "alert": name,
                "severity": severity,
                "by": "supervisor",
                "fault": fault,
                "waits": 0.0,
                "fires_from": round(fires[0], 1),
                "fires_by": round(fires[1], 1),
                "fired": round(one["from"], 1),
                "ends_from": round(ends[0], 1),
                "ends_by": round(ends[1], 1),
                "ended": round(one["until"], 1),
                "receivers": one["receivers"],
                "inhibited": one["inhibited"],
                "wrong": None if in_time else "not while its incident was open",
            }
        )
    return rows


def table(rows: list[dict[str, Any]]) -> list[str]:
    """As a page shows it."""
    lines = ["| while | alert | its rule waits | expected to fire | fired | expected to end | ended | told to |"]
    lines += ["|---|---|---|---|---|---|---|---|"]
    for row in rows:
        if row["wrong"] == "uncalled-for":
            lines.append(f"| {row['step']} | `{row['alert']}` | | never | {_clock(row['fired'])} | | | |")
            continue
        waits = f"{row['waits']:.0f} s" if row["by"] == "rule" else "posted at once"
        to = ", ".join(row.get("receivers", ()))
        cells = [
            row["step"],
            f"`{row['alert']}`",
            waits,
            f"{_clock(row['fires_from'])}–{_clock(row['fires_by'])}",
            _clock(row["fired"]),
            f"{_clock(row['ends_from'])}–{_clock(row['ends_by'])}",
            _clock(row["ended"]),
            to + (", or held back: its cause is told" if row.get("inhibited") else ""),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _clock(at: float | None) -> str:
    return "–" if at is None else f"{datetime.fromtimestamp(at, UTC):%H:%M:%S}"
