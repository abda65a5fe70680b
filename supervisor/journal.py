"""The journal: what was seen and done, in SQLite, so that a new supervisor knows what the last one did.

An intent is written before its act. An intent without an outcome counts as done and has spent its budget: better one
restart too few than one too many. Times are wall-clock epoch seconds; `restore` brings them onto the monotonic clock.
"""

import json
import sqlite3
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.errors import JournalUnusable
from supervisor.faults import FAULTS, Rung
from supervisor.ladder import STEPS, Purse, act_deadline, proof_deadline
from supervisor.memory import (
    NEVER,
    Act,
    Done,
    EngineTrack,
    GatewayTrack,
    Hands,
    Incident,
    Memory,
    Process,
    Proof,
)
from supervisor.observation import CONTAINERS, Outcome, Subject
from supervisor.policy import Policy

_SCHEMA = """
CREATE TABLE IF NOT EXISTS incidents (
  tenant TEXT NOT NULL, id INTEGER NOT NULL, subject TEXT NOT NULL, fault TEXT NOT NULL,
  since REAL NOT NULL, opened_at REAL NOT NULL, declared_at REAL NOT NULL,
  closed_at REAL, outcome TEXT NOT NULL DEFAULT 'open',
  PRIMARY KEY (tenant, id)
) STRICT;
CREATE TABLE IF NOT EXISTS acts (
  tenant TEXT NOT NULL, id INTEGER NOT NULL, incident_id INTEGER, subject TEXT NOT NULL, rung TEXT NOT NULL,
  purse TEXT NOT NULL, reason TEXT NOT NULL, by_hand INTEGER NOT NULL, at REAL NOT NULL,
  outcome TEXT, ended_at REAL, detail TEXT,
  PRIMARY KEY (tenant, id)
) STRICT;
CREATE TABLE IF NOT EXISTS facts (
  tenant TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, at REAL NOT NULL,
  PRIMARY KEY (tenant, key)
) STRICT;
CREATE TABLE IF NOT EXISTS preflights (
  tenant TEXT NOT NULL, since REAL NOT NULL, at REAL NOT NULL, results TEXT NOT NULL, report TEXT NOT NULL,
  PRIMARY KEY (tenant, since)
) STRICT;
"""
_VERSION = 1
_PREFLIGHTS = 100


@dataclass(frozen=True, slots=True)
class Fact:
    """A remembered value and the epoch second at which it was written."""

    value: str
    at: float


class Journal:
    """One file. Not thread-safe: what must not wait calls it on its own `thread`, in order."""

    def __init__(self, path: Path) -> None:
        """Open or create.

        Raises:
            JournalUnusable: the file cannot be opened or is not ours.
        """
        trouble = f"expected a writable journal at {path}, found: "
        try:
            self._db = sqlite3.connect(path, isolation_level=None, timeout=2.0, check_same_thread=False)
        except sqlite3.Error as error:
            raise JournalUnusable(f"{trouble}{error}; check the volume") from error
        self._db.row_factory = sqlite3.Row
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        try:
            self._prepare(path)
        except sqlite3.Error as error:
            self.close()
            raise JournalUnusable(f"{trouble}{error}; check the volume") from error
        except JournalUnusable:
            self.close()
            raise

    def _prepare(self, path: Path) -> None:
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")  # an intent must survive a power cut
        version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if version not in (0, _VERSION):
            raise JournalUnusable(f"expected journal version {_VERSION} in {path}, found {version}; use its supervisor")
        self._db.executescript(_SCHEMA)
        self._db.execute(f"PRAGMA user_version={_VERSION}")

    def close(self) -> None:
        """After what is still to be written."""
        self.thread.shutdown(wait=True)
        self._db.close()

    def _write(self, sql: str, *values: Any) -> None:
        try:
            self._db.execute(sql, values)
        except sqlite3.Error as error:
            raise JournalUnusable(f"expected the journal to take a line, found: {error}; check the disk") from error

    # -- writing ----------------------------------------------------------------------------------------------------

    def intend(self, tenant: str, act: Act, at: float) -> None:
        """Before the act. Raises: JournalUnusable, and then the act must not be done."""
        purse = STEPS[act.rung].purse
        self._write(
            "INSERT INTO acts (tenant, id, incident_id, subject, rung, purse, reason, by_hand, at)"
            " VALUES (?,?,?,?,?,?,?,?,?)",
            tenant, act.id, act.incident_id, act.subject, act.rung, purse, act.reason, int(act.by_hand), at,
        )  # fmt: skip

    def ended(self, tenant: str, outcome: Outcome, at: float) -> None:
        """After the act. Raises: JournalUnusable."""
        self._write(
            "UPDATE acts SET outcome=?, ended_at=?, detail=? WHERE tenant=? AND id=?",
            outcome.word, at, outcome.detail, tenant, outcome.act_id,
        )  # fmt: skip

    def put_incident(self, tenant: str, incident: Incident, wall: Callable[[float], float]) -> None:
        """Open or amend. `wall` turns monotonic seconds into epoch seconds. Raises: JournalUnusable."""
        outcome = "gave_up" if incident.gave_up else "open"
        self._write(
            "INSERT INTO incidents (tenant, id, subject, fault, since, opened_at, declared_at, outcome)"
            " VALUES (?,?,?,?,?,?,?,?)"
            " ON CONFLICT (tenant, id) DO UPDATE SET fault=excluded.fault, outcome=excluded.outcome",
            tenant, incident.id, incident.subject, incident.fault,
            wall(incident.since), wall(incident.opened_at), wall(incident.declared_at), outcome,
        )  # fmt: skip

    def close_incident(self, tenant: str, incident: Incident, at: float) -> None:
        """`at` is of the clock of the incident's times, whatever the wall's does. Raises: JournalUnusable."""
        outcome = "gave_up" if incident.gave_up else "recovered"
        self._write(
            "UPDATE incidents SET closed_at=since+?, outcome=? WHERE tenant=? AND id=?",
            at - incident.since, outcome, tenant, incident.id,
        )  # fmt: skip

    def remember(self, tenant: str, key: str, value: str, at: float) -> None:
        """A fact; an empty value forgets it. Raises: JournalUnusable."""
        if value:
            self._write(
                "INSERT INTO facts VALUES (?,?,?,?) ON CONFLICT (tenant, key) DO UPDATE SET value=excluded.value,"
                " at=excluded.at",
                tenant, key, value, at,
            )  # fmt: skip
        else:
            self._write("DELETE FROM facts WHERE tenant=? AND key=?", tenant, key)

    def forget_stops_since(self, tenant: str, at: float) -> None:
        """When everything goes down at once, the others' stops were no person's wish for those others."""
        self._write("DELETE FROM facts WHERE tenant=? AND key LIKE 'asked:%' AND at>=?", tenant, at)

    def keep_preflight(self, tenant: str, report: Mapping[str, Any], at: float) -> None:
        """A report. One that comes to the same as the last, check by check, takes its place: an engine that waits asks
        every few seconds, and what was said before must not be crowded out. Raises: JournalUnusable.
        """
        results = json.dumps({check["name"]: check["result"] for check in report["checks"]})
        last = self.last_preflight(tenant)
        since = last["since"] if last is not None and last["results"] == results else at
        self._write(
            "INSERT INTO preflights VALUES (?,?,?,?,?)"
            " ON CONFLICT (tenant, since) DO UPDATE SET at=excluded.at, report=excluded.report",
            tenant, since, at, results, json.dumps(report),
        )  # fmt: skip
        self._write(
            "DELETE FROM preflights WHERE tenant=? AND since NOT IN"
            " (SELECT since FROM preflights WHERE tenant=? ORDER BY since DESC LIMIT ?)",
            tenant, tenant, _PREFLIGHTS,
        )  # fmt: skip

    # -- reading ----------------------------------------------------------------------------------------------------

    def facts(self, tenant: str) -> dict[str, Fact]:
        rows = self._db.execute("SELECT key, value, at FROM facts WHERE tenant=?", (tenant,))
        return {row["key"]: Fact(row["value"], row["at"]) for row in rows}

    def last_preflight(self, tenant: str) -> dict[str, Any] | None:
        """The newest report as a row: since when it is so, when it was last so, and the report as JSON."""
        try:
            row = self._db.execute(
                "SELECT * FROM preflights WHERE tenant=? ORDER BY since DESC LIMIT 1", (tenant,)
            ).fetchone()
        except sqlite3.Error as error:
            raise JournalUnusable(f"expected the journal to be readable, found: {error}; check the disk") from error
        return dict(row) if row is not None else None

    def incidents(self, tenant: str | None = None, *, limit: int = 100, since: float = 0.0) -> list[dict[str, Any]]:
        """The newest incidents first, each with its acts, as rows of epoch seconds; those that were open at `since` or
        later."""
        rows = self._db.execute(
            "SELECT * FROM incidents WHERE (tenant=? OR ? IS NULL) AND (closed_at IS NULL OR closed_at>=?)"
            " ORDER BY declared_at DESC LIMIT ?",
            (tenant, tenant or None, since, limit),
        ).fetchall()
        found = []
        for row in rows:
            acts = self._db.execute(
                "SELECT rung, at, outcome, reason FROM acts WHERE tenant=? AND incident_id=? ORDER BY id",
                (row["tenant"], row["id"]),
            ).fetchall()
            found.append({**dict(row), "actions": [dict(act) for act in acts]})
        return found

    def restore(self, tenant: str, policy: Policy, now: float, wall_now: float) -> Memory:
        """What a machine of this tenant should remember at its start."""

        def monotonic(wall: float) -> float:
            return now - max(0.0, wall_now - wall)

        facts = self.facts(tenant)
        oldest = wall_now - max(policy.container_budget.longest, policy.engine_budget.longest)
        spent: dict[str, list[float]] = {Purse.GATEWAY: [], Purse.ENGINE: []}
        for row in self._db.execute(
            "SELECT purse, at FROM acts WHERE tenant=? AND at>? AND purse<>'none'"
            " AND (outcome IS NULL OR outcome<>'refused') ORDER BY at",
            (tenant, oldest),
        ):
            spent[row["purse"]].append(monotonic(row["at"]))
        opened = self._open_incidents(tenant, monotonic)
        standing = tuple(incident for incident in opened if FAULTS[incident.fault].standing)
        incidents = {incident.subject: incident for incident in opened if incident not in standing}
        last_act, last_incident = (
            self._db.execute(f"SELECT coalesce(max(id), 0) FROM {table} WHERE tenant=?", (tenant,)).fetchone()[0]  # noqa: S608
            for table in ("acts", "incidents")
        )

        def fact(key: str) -> str | None:
            return facts[key].value if key in facts else None

        login = facts.get("logged-in:gateway")

        def moment(key: str) -> float:
            return monotonic(facts[key].at) if key in facts else NEVER

        memory = Memory(
            gateway=GatewayTrack(
                process=Process(stop_known=fact("asked:gateway")),
                proven=fact("proven:gateway"),
                logged_in_at=monotonic(login.at - float(login.value)) if login is not None else NEVER,
                pushed_at=moment("pushed:gateway"),
                timed_out_at=moment("timed-out:gateway"),
            ),
            engine=EngineTrack(process=Process(stop_known=fact("asked:engine"))),
            gateway_incident=incidents.get(Subject.GATEWAY),
            engine_incident=incidents.get(Subject.ENGINE),
            standing=standing,
            gateway_spent=tuple(spent[Purse.GATEWAY]),
            engine_spent=tuple(spent[Purse.ENGINE]),
            held=fact("held") is not None,
            next_act=last_act + 1,
            next_incident=last_incident + 1,
        )
        return self._resume(memory, tenant, policy, monotonic)

    def _open_incidents(self, tenant: str, monotonic: Callable[[float], float]) -> list[Incident]:
        found = []
        for row in self._db.execute(
            "SELECT * FROM incidents WHERE tenant=? AND closed_at IS NULL ORDER BY id", (tenant,)
        ).fetchall():
            acts = self._db.execute(
                "SELECT id, rung, at, outcome FROM acts WHERE tenant=? AND incident_id=? ORDER BY id",
                (tenant, row["id"]),
            )
            done = tuple(
                Done(act["id"], Rung(act["rung"]), monotonic(act["at"]), act["outcome"] or "unknown") for act in acts
            )
            found.append(
                Incident(
                    row["id"],
                    row["fault"],
                    Subject(row["subject"]),
                    monotonic(row["since"]),
                    monotonic(row["opened_at"]),
                    monotonic(row["declared_at"]),
                    done,
                    (),
                    row["outcome"] == "gave_up",
                )
            )
        return found

    def _resume(self, memory: Memory, tenant: str, policy: Policy, monotonic: Callable[[float], float]) -> Memory:
        """Give the last act of each open incident its time to show effect, and its events their owner."""
        changes: dict[str, Any] = {}
        for subject in CONTAINERS:
            row = self._db.execute(
                "SELECT rung, at, outcome, ended_at FROM acts WHERE tenant=? AND subject=? ORDER BY id DESC LIMIT 1",
                (tenant, subject),
            ).fetchone()
            if row is None or not STEPS[Rung(row["rung"])].restarts:
                continue
            rung, at = Rung(row["rung"]), monotonic(row["at"])
            cancelled = row["outcome"] == "cancelled"
            ended = monotonic(row["ended_at"]) if row["ended_at"] is not None and not cancelled else None
            until = ended if ended is not None else at + act_deadline(rung, policy)
            changes[f"{subject}_hands"] = Hands(at, until, cancelled)
            incident = memory.gateway_incident if subject is Subject.GATEWAY else memory.engine_incident
            if incident is None or row["outcome"] in ("failed", "refused", "cancelled"):
                continue
            # Without an outcome it was perhaps never done: wait as long as the call may take, then believe the senses.
            deadline = until if row["outcome"] is None else until + proof_deadline(rung, policy)
            changes[f"{subject}_proof"] = Proof(rung, at, deadline)
        return Memory(**{**_fields(memory), **changes})


def _fields(memory: Memory) -> dict[str, Any]:
    return {name: getattr(memory, name) for name in memory.__slots__}


__all__ = ["NEVER", "Fact", "Journal"]
