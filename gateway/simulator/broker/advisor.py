"""What an advisor has set up, and whose an order is: one account's, or shared out among a group."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

from gateway.simulator.broker import advisors
from gateway.simulator.broker.account import Values
from gateway.simulator.broker.advisors import Group, GroupsInvalid
from gateway.simulator.broker.orders import Refused, Ticket
from gateway.simulator.market.instruments import Instrument
from tws import codes

_ALLOCATION = "allocation"
"""Under this name a ticket keeps who gets how much of it."""


class Advisor:
    """Groups and aliases of an advisor's login; of any other login there are none."""

    def __init__(
        self,
        accounts: Sequence[str],
        values: Callable[[str], Values],
        held: Callable[[str, int], float],
    ) -> None:
        """`values(account)` and `held(account, con_id)` are what allocation goes by."""
        self._accounts = tuple(accounts)
        self._values = values
        self._held = held
        members = tuple((account, 1.0) for account in self.members)
        self.groups = [Group("All", "Equal", members)] if self.is_advisor else []
        self.aliases = {account: account for account in self._accounts}

    @property
    def is_advisor(self) -> bool:
        """Whether the first account is an advisor's master."""
        return self._accounts[0].lstrip("D").startswith("F")

    @property
    def members(self) -> tuple[str, ...]:
        """The accounts that can trade."""
        return self._accounts[1:] if self.is_advisor else self._accounts

    # -- set up ----------------------------------------------------------------------------------------------------

    def dump(self) -> str:
        """Groups and aliases as text."""
        return json.dumps({"groups": [asdict(group) for group in self.groups], "aliases": self.aliases})

    def load(self, text: str) -> None:
        """Take up those of an earlier run."""
        said = json.loads(text)
        self.groups = [
            Group(row["name"], row["method"], tuple((account, amount) for account, amount in row["members"]))
            for row in said["groups"]
        ]
        self.aliases = dict(said["aliases"])

    def groups_xml(self) -> str:
        """As requestFA answers for type 1."""
        return advisors.groups_xml(self.groups)

    def aliases_xml(self) -> str:
        """As requestFA answers for type 3."""
        return advisors.aliases_xml(self.aliases)

    def replace_groups(self, xml: str) -> None:
        """Put other groups in the place of all.

        Raises:
            GroupsInvalid: they cannot be used.
        """
        self.groups = advisors.read_groups(xml, self.members)

    def replace_aliases(self, xml: str) -> None:
        """Put other aliases in the place of those named.

        Raises:
            GroupsInvalid: they cannot be used.
        """
        self.aliases |= advisors.read_aliases(xml, self._accounts)

    # -- orders ----------------------------------------------------------------------------------------------------

    def assign(self, ticket: Ticket, instrument: Instrument) -> Ticket:
        """The ticket with who gets how much of it, where it is for a group.

        Raises:
            Refused: it names neither an account nor a group, or the group cannot take it.
        """
        name = ticket.raw.get("faGroup", "")
        if not self.is_advisor:
            return ticket
        if not name:
            if ticket.account in self.members:
                return ticket
            raise Refused(codes.ALLOCATION_MISSING, codes.text(codes.ALLOCATION_MISSING))
        group = next((group for group in self.groups if group.name == name), None)
        said = ticket.raw.get("faMethod", "")
        method = advisors.method_named(said) if said else group.method if group else ""
        if group is None or not method:
            what = f"Invalid FA group '{name}'" if group is None else f"Invalid FA method '{said}'"
            raise Refused(codes.VALIDATION_ERROR, f"Error validating request.-'bF' : cause - {what}")
        try:
            shares = advisors.weights(
                group,
                method,
                lambda account: self._values(account).net_liquidation,
                lambda account: self._values(account).available,
                lambda account: self._held(account, ticket.con_id),
            )
        except GroupsInvalid as error:
            raise Refused(codes.ORDER_REJECTED, f"Order rejected - reason:{error}") from None
        given = advisors.allocate(ticket.quantity, shares, unit(instrument, ticket.quantity))
        return replace(ticket, raw={**ticket.raw, _ALLOCATION: json.dumps(given)})


def unit(instrument: Instrument, quantity: float) -> float:
    """What an order is shared out in: whole shares, unless it is for fractions of them itself."""
    return 1.0 if instrument.sec_type == "STK" and quantity == int(quantity) else instrument.size_step


def allocation(ticket: Ticket) -> dict[str, float]:
    """Who gets how much of a ticket."""
    text = ticket.raw.get(_ALLOCATION)
    return {ticket.account: ticket.quantity} if text is None else dict(json.loads(text))
