"""Which accounts a request means, and what they are worth together."""

from gateway.simulator.api.account_subscriptions import Feed
from gateway.simulator.api.refusals import invalid
from gateway.simulator.api.session import Session
from gateway.simulator.broker.account import Values, total


def accounts_of(session: Session, text: str) -> tuple[str, ...]:
    """The accounts behind a name: one, `All` or nothing for all of them, an advisor's group, or all by the master's
    name with an A. Nothing where the name is not known."""
    broker = session.gateway.broker
    if text in broker.accounts:
        return (text,)
    if text in ("", "All") or (broker.advisor.is_advisor and text == f"{broker.account_id}A"):
        return broker.accounts
    for group in broker.advisor.groups:
        if group.name == text:
            return tuple(account for account, _ in group.members)
    return ()


def feed_of(session: Session, req_id: int, text: str, model: str = "") -> Feed | None:
    """A stream about the accounts behind a name; an error and None where it is not known."""
    accounts = accounts_of(session, text)
    if not accounts:
        invalid(session, req_id, f"Invalid account code '{text}'.")
        return None
    name = accounts[0] if len(accounts) == 1 else text or "All"
    return Feed(name, accounts, model)


def values_of(session: Session, accounts: tuple[str, ...]) -> Values:
    """Some accounts together."""
    broker = session.gateway.broker
    return total([broker.values(account) for account in accounts])


def previous_of(session: Session, accounts: tuple[str, ...]) -> float:
    """Their equity with loan value of the day before."""
    return sum(session.gateway.broker.previous_equity(account) for account in accounts)


def parts_of(session: Session, accounts: tuple[str, ...]) -> dict[str, Values]:
    """Their parts by currency."""
    parts: dict[str, list[Values]] = {}
    for account in accounts:
        for currency, part in session.gateway.broker.parts(account).items():
            parts.setdefault(currency, []).append(part)
    return {currency: total(group) for currency, group in parts.items()}
