"""What an account holds and has working, for the checks that look at it."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from preflight.check import Site
from tws.errors import RequestRefused
from tws.listener import says_read_only
from tws.values import Execution, OpenOrder, Position

_NAMED = 5
"""So many things a finding names; the rest it counts."""


async def positions(site: Site) -> list[Position]:
    """What the configured accounts hold."""
    return [row for row in await site.gateway.positions() if row.account in site.settings.accounts]


async def working_orders(site: Site) -> list[OpenOrder] | None:
    """The configured accounts' working orders; None from a read-only API, which lists none."""
    try:
        rows = await site.gateway.open_orders()
    except RequestRefused as refusal:
        if says_read_only(refusal.code, refusal.text):
            return None
        raise
    return [row for row in rows if row.account in site.settings.accounts]


def traded_today(executions: Iterable[Execution], account: str) -> dict[int, Decimal]:
    """By contract, what was bought less what was sold; of a fill and its corrections the last counts."""
    last: dict[str, Execution] = {}
    for fill in executions:
        if fill.account == account:
            name = fill.exec_id.rpartition(".")[0]
            last[name] = max(last.get(name, fill), fill, key=lambda one: one.exec_id)
    net: dict[int, Decimal] = {}
    for fill in last.values():
        signed = fill.quantity if fill.side.startswith("B") else -fill.quantity
        net[fill.con_id] = net.get(fill.con_id, Decimal(0)) + signed
    return net


def counted(number: int, thing: str) -> str:
    """So many of a thing."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def named(things: Sequence[str]) -> str:
    """The first few, and how many more."""
    more = f" and {len(things) - _NAMED} more" if len(things) > _NAMED else ""
    return "; ".join(things[:_NAMED]) + more


def order(row: OpenOrder) -> str:
    """An order in words."""
    what = f"{row.action} {row.remaining:f} {row.local_symbol} {row.order_type} {row.time_in_force}"
    return f"{what} of client {row.client_id}"


def position(row: Position) -> str:
    """A position in words."""
    return f"{row.quantity:f} {row.local_symbol}"
