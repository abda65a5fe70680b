"""What one session has heard of positions and working orders, and since when each has been so."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from supervisor.observation import Audit, Held, Resting
from tws.values import OpenOrder, Position

_NEVER_EXPIRE = ("STK", "CASH")


class Books:
    """The broker's books by one session. Every session begins new ones."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._held: dict[tuple[str, int], tuple[Position, float]] = {}
        self._orders: dict[int, Resting] = {}
        self._ends: dict[int, float | None] = {}
        self._asked_at = float("-inf")
        self._at: float | None = None
        self._since = float("-inf")

    def put(self, row: Position) -> bool:
        """Take a position as told; returns whether that is news."""
        key = (row.account, row.con_id)
        known = self._held.get(key)
        if known is not None and known[0].quantity == row.quantity:
            return False
        self._held[key] = (row, self._monotonic())
        return True

    def put_orders(self, rows: Sequence[OpenOrder], asked_at: float) -> None:
        """Take all working orders, as asked for at `asked_at`."""
        first, now = self._at is None, self._monotonic()
        known = self._orders
        self._orders = {
            row.perm_id: Resting(
                row, known[row.perm_id].missing_at if row.perm_id in known else None if first else self._asked_at
            )
            for row in rows
        }
        self._since = now if first else self._since
        self._asked_at, self._at = asked_at, now

    def put_all(self, rows: Sequence[Position]) -> bool:
        """Take these for all positions that there are; returns whether any of it is news."""
        named = {(row.account, row.con_id) for row in rows}
        gone = [_gone(self._held[key][0]) for key in self._held.keys() - named]
        return any([self.put(row) for row in (*rows, *gone)])

    def put_end(self, con_id: int, left: timedelta | None) -> None:
        """Know when a contract's last session ends; None: nobody can tell, or never."""
        self._ends[con_id] = self._monotonic() + left.total_seconds() if left is not None else None

    def without_end(self) -> list[int]:
        """The contracts held of which it is not known whether they expire."""
        held = [row for row, _ in self._held.values() if row.quantity and row.sec_type not in _NEVER_EXPIRE]
        return sorted({row.con_id for row in held} - self._ends.keys())

    def positions(self, at: float) -> Audit:
        """The positions alone, as they were told by `at`."""
        return Audit(at, at, at, self._held_now())

    def read(self) -> Audit | None:
        """The audit as it is now; None before both were told."""
        if self._at is None:
            return None
        return Audit(self._at, self._asked_at, self._since, self._held_now(), tuple(self._orders.values()))

    def _held_now(self) -> tuple[Held, ...]:
        return tuple(Held(row, since, self._ends.get(row.con_id)) for row, since in self._held.values())


def _gone(row: Position) -> Position:
    return replace(row, quantity=Decimal(0))
