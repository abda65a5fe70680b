"""The broker's record: one SQLite file, written before anything is told to a client.

Write-ahead logging without a sync at each commit: a killed process loses nothing, which is the death that is drilled.
"""

import datetime as dt
import json
import secrets
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gateway.simulator.broker.bookings import Booking, Why
from gateway.simulator.broker.ledger import Cash
from gateway.simulator.broker.orders import Fill, Order
from gateway.simulator.broker.positions import Position
from gateway.simulator.broker.record import read_fill, read_order, write
from gateway.simulator.errors import StateError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS clients (client_id INTEGER PRIMARY KEY, highest INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS orders (perm_id INTEGER PRIMARY KEY, placed_at TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS fills (number INTEGER PRIMARY KEY, at TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS bookings (number INTEGER PRIMARY KEY, at TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS positions (account TEXT, model TEXT, con_id INTEGER, quantity REAL NOT NULL,
    cost REAL NOT NULL, realized REAL NOT NULL, day_basis REAL NOT NULL, traded INTEGER NOT NULL,
    PRIMARY KEY (account, model, con_id));
CREATE TABLE IF NOT EXISTS cash (account TEXT, currency TEXT, amount REAL NOT NULL, PRIMARY KEY (account, currency));
"""

_FORMAT = "3"


class Store:
    """Reads the record once, then only writes."""

    def __init__(self, path: Path) -> None:
        """Open or create the file.

        Raises:
            StateError: it cannot be opened, or another version wrote it.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise _unusable(path, error) from error
        try:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            # Bringing the log into the file takes milliseconds, in which orders wait: ten times rarer than by default.
            self._db.execute("PRAGMA wal_autocheckpoint=10000")
            self._db.executescript(_SCHEMA)
            written = self.get("format")
            if written is None:
                self._begin_record()
            elif written != _FORMAT:
                raise StateError(
                    f"expected record format {_FORMAT} in {path}, found {written}; "
                    "remove the file to begin a new account"
                )
        except sqlite3.Error as error:
            self._db.close()
            raise _unusable(path, error) from error
        except StateError:
            self._db.close()
            raise

    def close(self) -> None:
        self._db.close()

    def get(self, name: str) -> str | None:
        """A single value, None if it was never set."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set(self, name: str, value: str) -> None:
        """Keep a single value."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def orders(self, since: dt.datetime) -> list[Order]:
        """Orders placed since then, and every one that is not over."""
        rows = self._db.execute(
            "SELECT body FROM orders WHERE placed_at >= ? OR json_extract(body, '$.completed_at') IS NULL "
            "ORDER BY perm_id",
            (since.isoformat(),),
        )
        return [read_order(body) for (body,) in rows]

    def fills(self, since: dt.datetime) -> list[Fill]:
        """Executions since then, oldest first."""
        rows = self._db.execute("SELECT body FROM fills WHERE at >= ? ORDER BY number", (since.isoformat(),))
        return [read_fill(body) for (body,) in rows]

    def bookings(self, since: dt.datetime) -> list[Booking]:
        """Changes of positions without an execution, oldest first."""
        rows = self._db.execute("SELECT body FROM bookings WHERE at >= ? ORDER BY number", (since.isoformat(),))
        return [_booking(json.loads(body)) for (body,) in rows]

    def positions(self) -> list[Position]:
        rows = self._db.execute(
            "SELECT con_id, quantity, cost, realized, day_basis, account, model, traded FROM positions ORDER BY rowid"
        )
        return [
            Position(con_id, quantity, cost, realized, basis, account, model, bool(traded))
            for con_id, quantity, cost, realized, basis, account, model, traded in rows
        ]

    def cash(self) -> list[Cash]:
        return [Cash(*row) for row in self._db.execute("SELECT account, currency, amount FROM cash ORDER BY rowid")]

    def highest(self) -> dict[int, int]:
        """The highest order id used, by client."""
        return dict(self._db.execute("SELECT client_id, highest FROM clients"))

    def save(
        self,
        *,
        orders: Iterable[Order] = (),
        fills: Iterable[Fill] = (),
        bookings: Iterable[Booking] = (),
        positions: Iterable[Position] = (),
        cash: Iterable[Cash] = (),
        highest: dict[int, int] | None = None,
        values: dict[str, str] | None = None,
    ) -> None:
        """Record changes, all or none."""
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            db.executemany(
                "INSERT OR REPLACE INTO orders VALUES (?, ?, ?)",
                [(o.perm_id, o.placed_at.isoformat(), write(o)) for o in orders],
            )
            db.executemany("INSERT INTO fills (at, body) VALUES (?, ?)", [(f.at.isoformat(), write(f)) for f in fills])
            db.executemany(
                "INSERT INTO bookings (at, body) VALUES (?, ?)", [(b.at.isoformat(), _json(b)) for b in bookings]
            )
            db.executemany(
                "INSERT INTO positions VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                "quantity = excluded.quantity, cost = excluded.cost, realized = excluded.realized, "
                "day_basis = excluded.day_basis, traded = excluded.traded",
                [
                    (p.account, p.model, p.con_id, p.quantity, p.average_cost, p.realized, p.day_basis, p.traded)
                    for p in positions
                ],
            )
            db.executemany(
                "INSERT INTO cash VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET amount = excluded.amount",
                [(c.account, c.currency, c.amount) for c in cash],
            )
            db.executemany("INSERT OR REPLACE INTO clients VALUES (?, ?)", list((highest or {}).items()))
            db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list((values or {}).items()))
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")

    def _begin_record(self) -> None:
        """A new account's counters begin at random, so that a wiped record repeats no id of the one before."""
        self.save(
            values={
                "format": _FORMAT,
                "exec_prefix": f"{secrets.randbits(32):08x}",
                "exec_number": "0",
                "perm_id": str(100_000_000 + secrets.randbelow(1_900_000_000)),
            }
        )


def _unusable(path: Path, error: Exception) -> StateError:
    return StateError(
        f"expected to open the broker's record {path}, found: {error}; "
        "make the folder writable for this user, or remove the file to begin a new account"
    )


def _json(value: Any) -> str:
    return json.dumps(asdict(value), default=lambda moment: moment.isoformat())


def _booking(body: dict[str, Any]) -> Booking:
    return Booking(**(body | {"at": dt.datetime.fromisoformat(body["at"]), "why": Why(body["why"])}))
