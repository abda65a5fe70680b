"""A session beside the first one, for accounts of another gateway or under another client id.

It is watched and put right as the first one is, by a guardian of its own. What it lacks does not stop the first: an
order to an account whose session is away is rejected by the adapter at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from engine import private
from engine.board import Board, iso
from engine.guardian import Guardian
from engine.observe import Watch
from engine.settings import Account, Settings, account_fits, masked
from engine.state import Phase
from engine.wire.wire import Wire

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

    from nautilus_trader.adapters.interactive_brokers.client import InteractiveBrokersClient
    from nautilus_trader.live.node import TradingNode

    from engine.clock import Clock
    from engine.ending import ExitCode

RETRY_SECONDS = 0.5
GIVEN_UP_SECONDS = 10.0

log = structlog.get_logger("accounts")


class Session:
    """The accounts of one further session. Lives on the node's loop."""

    def __init__(
        self,
        settings: Settings,
        accounts: Sequence[Account],
        client: InteractiveBrokersClient,
        loop: asyncio.AbstractEventLoop,
        market_data_type: int,
    ) -> None:
        """Take the accounts and the client that serves them. Nobody reads its board; the first's tells of it."""
        self.accounts = accounts
        self.client = client
        self.adapter = private.Adapter(client, loop)
        self.watch = Watch(Board(settings), adapter=self.adapter)
        self.watch.wire = Wire(client, loop, self.watch.board.clock)
        self.guardian = Guardian(
            self.watch,
            market_data_type,
            settings.resync_timeout_seconds,
            self._given_up,
            settings.books_check_seconds,
        )
        self.adapter.listen(self.watch.on_code)

    async def keep(self) -> None:
        """Watch and put right for ever. What would end the process for the first session is tried again here."""
        while True:
            await self.guardian.watch()
            await self.watch.board.clock.sleep(GIVEN_UP_SECONDS)
            await self.guardian.resync()

    def started(self, node: TradingNode) -> None:
        """Reconcile from now on after each reconnect."""
        self.watch.node = node
        self.watch.tell(Phase.STARTED)

    async def served(self, clock: Clock, tell: Callable[[str], None]) -> None:
        """Wait for a session that serves every account of ours. `tell` hears what is missing."""
        while (missing := self._missing()) is not None:
            tell(missing)
            await clock.sleep(RETRY_SECONDS)

    def _given_up(self, code: ExitCode, why: str) -> None:
        log.error(
            "a further session is given up for now", accounts=[one.name for one in self.accounts], code=code, why=why
        )

    def _missing(self) -> str | None:
        names = ", ".join(one.name for one in self.accounts)
        if not self.adapter.ready:
            return f"waiting for the gateway of {names}; the adapter is at attempt {self.adapter.attempts}"
        served = self.client.accounts()
        fitting = [one for one in self.accounts if account_fits(one.trading_mode, one.account)]
        wrong = [one for one in self.accounts if one.account not in served or one not in fitting]
        if not wrong:
            return None
        wanted, found = (", ".join(map(masked, sorted(some))) for some in ((one.account for one in wrong), served))
        return f"wrong account for {names}: expected {wanted}, that gateway serves {found or 'none'}"


def row(account: Account, watch: Watch) -> dict[str, Any]:
    """What the status says of one further account, by the watch over its session."""
    # As of the last look, like what is settled: a session that came back a moment ago is not yet known as a new one.
    ready = watch.was_ready
    return {
        "name": account.name,
        "account": account.account,
        "ready": ready,
        "reconciled": ready and watch.settled,
        "reconciled_at": iso(watch.reconciled_at),
    }
