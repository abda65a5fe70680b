"""What is remembered of logins across processes and containers: how many, how many pushes, and IBKR's patience."""

import datetime as dt

from gateway.simulator.broker.store import Store
from gateway.simulator.login_state import Login
from tws.clock import Clock


class LoginRecord:
    """The logins of one record. Counts are of all time; `host` is the machine's clock."""

    def __init__(self, store: Store, host: Clock) -> None:
        self._store = store
        self._host = host

    @property
    def logins(self) -> int:
        """Full logins ever made."""
        return self._count("logins")

    @property
    def pushes(self) -> int:
        """Pushes ever sent to a phone."""
        return self._count("pushes")

    @property
    def failures(self) -> int:
        """Logins refused in a row."""
        return self._count("login_failures")

    @property
    def released(self) -> float:
        """When the wait is over that IBKR may have put on this login, by the machine's monotonic clock."""
        until = self._store.get("throttled_until")
        left = dt.datetime.fromisoformat(until) - self._host.now() if until else dt.timedelta()
        return self._host.monotonic() + left.total_seconds()

    def add_login(self) -> None:
        """Another full login."""
        self._store.set("logins", str(self.logins + 1))

    def add_push(self) -> None:
        """Another push."""
        self._store.set("pushes", str(self.pushes + 1))

    def note(self, login: Login) -> None:
        """Keep how often this login was refused, and until when IBKR makes it wait."""
        if login.failures != self.failures:
            self._store.set("login_failures", str(login.failures))
            wait = dt.timedelta(seconds=max(login.released - self._host.monotonic(), 0.0))
            self._store.set("throttled_until", (self._host.now() + wait).isoformat())

    def forgive(self) -> None:
        """IBKR forgets the logins that it refused, and lets the next one try at once."""
        self._store.set("login_failures", "0")

    def _count(self, name: str) -> int:
        return int(self._store.get(name) or 0)
