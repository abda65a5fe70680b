"""A soak's page, from its report. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

_HEAD = """\
<!-- Written by `make report`; change supervisor/drill/soak_page.py instead. -->
# Soaks: random faults and noise, and then every book must agree

`make soak MINUTES=60` breaks a stack of its own again and again for that long: a third of the faults come before the
last one is over, and noise on which nobody should act goes on beside them. Then all must be well, every incident
closed, and every order and position the same by the broker's record and by the engine's. `make report FROM=FILE` makes
such a page of what it printed.
"""


def page(reports: Sequence[tuple[str, Mapping[str, Any]]], plots: Mapping[str, str]) -> str:
    """The whole page. A report goes with the path of its raw data; plots are by that path, too."""
    parts = [_HEAD]
    for path, report in reports:
        parts += ["", *_soak(path, report)]
        if path in plots:
            parts += ["", f"![When what was done, and how long each incident was open]({plots[path]})"]
    return "\n".join(parts) + "\n"


def _soak(path: str, report: Mapping[str, Any]) -> list[str]:
    faults = {name: n for name, n in report["faults"].items() if not name.startswith("noise: ")}
    noise = sum(report["faults"].values()) - sum(faults.values())
    wrong = {name: found for name, found in report["found"].items() if found}
    judged = "Good: all was well at the end, and nothing differed" if report["good"] else "**Not good**"
    lines = [
        f"## {report['minutes']:g} minutes, profile {report['profile']}, server version {report['server_version']}",
        "",
        f"{judged}. Seed {report['seed']}, commit {report['commit']}, [raw data]({path}): "
        f"{sum(faults.values())} faults of {len(faults)} kinds, {noise} times noise, "
        f"{sum(report['incidents'].values())} incidents, "
        f"{sum(report['acts'].values())} acts, {report['logins_spent']} logins; {report['orders']} orders and "
        f"{report['executions']} executions at the broker.",
        "",
    ]
    if not report["settled"]:
        lines += ["All was not well again in time after the last fault.", ""]
    lines += [f"* {name.replace('_', ' ')}: {', '.join(map(str, found))}" for name, found in wrong.items()]
    lines += _table(("injected", "times"), sorted(faults.items()))
    if told := report.get("told"):
        cured = [row for row in told if not row["standing"] and row["recovery_seconds"] is not None]
        names = dict.fromkeys(row["fault"] for row in cured)
        rows = [_figures(name, [row for row in cured if row["fault"] == name]) for name in names]
        lines += ["", "Seconds, with other faults and noise on top:", ""]
        lines += _table(("incident", "n", "seen, median", "seen, most", "over, median", "over, most"), rows)
    else:
        rows = sorted(report["incidents"].items())
        lines += ["", *_table(("incident", "times"), rows)]
    return lines


def _figures(name: str, rows: Sequence[Mapping[str, Any]]) -> tuple[object, ...]:
    seen = sorted(row["detection_seconds"] for row in rows)
    over = sorted(row["recovery_seconds"] for row in rows)
    middle = (len(rows) - 1) // 2
    return (name, len(rows), *(f"{one:.1f}" for one in (seen[middle], seen[-1], over[middle], over[-1])))


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    lines = [head, ["---"] * len(head), *([f"`{row[0]}`", *row[1:]] for row in rows)]
    return ["| " + " | ".join(map(str, line)) + " |" for line in lines]
