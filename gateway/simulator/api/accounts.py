"""Everything about accounts: who answers what, and what is told without being asked."""

from gateway.simulator.api import account_summary, account_updates, advisors, exercise, positions, profit
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.wire.requests.base import Request

HANDLERS: dict[type[Request], Handler] = {
    **account_summary.HANDLERS,
    **account_updates.HANDLERS,
    **positions.HANDLERS,
    **profit.HANDLERS,
    **advisors.HANDLERS,
    **exercise.HANDLERS,
}


def tell(session: Session, moved: set[tuple[str, int]], now: float, *, new_profit: bool) -> None:
    """Tell a session what is new: `moved` are accounts and contracts whose position changed."""
    if moved:
        positions.tell(session, moved)
    account_updates.tell(session, {account for account, _ in moved}, now)
    account_summary.tell(session, bool(moved), now)
    if new_profit and not session.clogged:
        profit.tell(session)
