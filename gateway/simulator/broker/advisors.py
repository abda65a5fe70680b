"""An advisor's groups of accounts, and how an order is shared out among them. Pure.

The XML is the one that requestFA and replaceFA carry. Methods are those of IBKR's documentation: by what the accounts
hold (EqualQuantity, NetLiq, AvailableEquity, PctChange) or by numbers that the advisor gave each member
(ContractsOrShares, Ratio, Percent, which were once profiles).
"""

import math
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_METHODS = {
    "equal": "Equal",
    "equalquantity": "Equal",
    "netliq": "NetLiq",
    "availableequity": "AvailableEquity",
    "pctchange": "PctChange",
    "contractsorshares": "ContractsOrShares",
    "shares": "ContractsOrShares",
    "ratio": "Ratio",
    "ratios": "Ratio",
    "percent": "Percent",
    "percentages": "Percent",
}


class GroupsInvalid(Exception):
    """The XML or an allocation cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Group:
    """Accounts under a name; the amounts mean what the method says."""

    name: str
    method: str
    members: tuple[tuple[str, float], ...]


def method_named(text: str) -> str:
    """The method that a client's word means; empty if none."""
    return _METHODS.get(text.replace("_", "").replace(" ", "").lower(), "")


def groups_xml(groups: Sequence[Group]) -> str:
    """As requestFA answers for type 1."""
    root = ET.Element("ListOfGroups")
    for group in groups:
        node = ET.SubElement(root, "Group")
        ET.SubElement(node, "name").text = group.name
        ET.SubElement(node, "defaultMethod").text = group.method
        members = ET.SubElement(node, "ListOfAccts", varName="list")
        for account, amount in group.members:
            member = ET.SubElement(members, "Account")
            ET.SubElement(member, "acct").text = account
            ET.SubElement(member, "amount").text = f"{amount:.1f}"
    return _HEAD + ET.tostring(root, encoding="unicode")


def aliases_xml(aliases: Mapping[str, str]) -> str:
    """As requestFA answers for type 3."""
    root = ET.Element("ListOfAccountAliases")
    for account, alias in aliases.items():
        node = ET.SubElement(root, "AccountAlias")
        ET.SubElement(node, "account").text = account
        ET.SubElement(node, "alias").text = alias
    return _HEAD + ET.tostring(root, encoding="unicode")


def read_groups(xml: str, accounts: Sequence[str]) -> list[Group]:
    """Groups in either spelling: members as `Account` with an amount, or as bare `String`.

    Raises:
        GroupsInvalid: it is no such XML, or names an unknown account or method.
    """
    groups = []
    for node in _root(xml, "ListOfGroups").iter("Group"):
        name = (node.findtext("name") or "").strip()
        method = method_named(node.findtext("defaultMethod") or "")
        members = [(text.strip(), 0.0) for text in (leaf.text or "" for leaf in node.iter("String"))]
        members += [
            ((leaf.findtext("acct") or "").strip(), _amount(leaf.findtext("amount"))) for leaf in node.iter("Account")
        ]
        if not name or not method or not members:
            raise GroupsInvalid(f"Group '{name}' needs a name, a method and accounts")
        for account, _ in members:
            if account not in accounts:
                raise GroupsInvalid(f"Invalid account code '{account}'.")
        groups.append(Group(name, method, tuple(members)))
    if len({group.name for group in groups}) < len(groups):
        raise GroupsInvalid("Two groups have the same name")
    return groups


def read_aliases(xml: str, accounts: Sequence[str]) -> dict[str, str]:
    """Aliases by account.

    Raises:
        GroupsInvalid: it is no such XML, or names an unknown account.
    """
    found = {}
    for node in _root(xml, "ListOfAccountAliases").iter("AccountAlias"):
        account = (node.findtext("account") or "").strip()
        if account not in accounts:
            raise GroupsInvalid(f"Invalid account code '{account}'.")
        found[account] = (node.findtext("alias") or "").strip()
    return found


def weights(
    group: Group,
    method: str,
    net_liquidation: Callable[[str], float],
    available: Callable[[str], float],
    held: Callable[[str], float],
) -> dict[str, float]:
    """Each member's share of an order, as numbers that are proportional to it; positions for PctChange.

    Raises:
        GroupsInvalid: nobody has a share.
    """
    members = [account for account, _ in group.members]
    match method:
        case "Equal":
            shares = dict.fromkeys(members, 1.0)
        case "NetLiq":
            shares = {account: max(net_liquidation(account), 0.0) for account in members}
        case "AvailableEquity":
            shares = {account: max(available(account), 0.0) for account in members}
        case "PctChange":
            shares = {account: abs(held(account)) for account in members}
        case _:
            shares = {account: max(amount, 0.0) for account, amount in group.members}
    if not sum(shares.values()):
        raise GroupsInvalid(f"No account of group '{group.name}' has a share under {method}")
    return shares


def allocate(quantity: float, shares: Mapping[str, float], step: float = 1.0) -> dict[str, float]:
    """Share out a quantity in multiples of `step`: rounded down, then one step each in order until all is given."""
    total, units = sum(shares.values()), round(quantity / step)
    given = {account: math.floor(units * share / total + 1e-9) for account, share in shares.items()}
    left = units - sum(given.values())
    for account in [account for account, share in shares.items() if share > 0]:
        if left <= 0:
            break
        given[account] += 1
        left -= 1
    return {account: round(count * step, 8) for account, count in given.items() if count}


def _root(xml: str, name: str) -> ET.Element:
    if "<!DOCTYPE" in xml.upper():
        raise GroupsInvalid("An XML string without a document type is required for this operation")
    try:
        root = ET.fromstring(xml)  # noqa: S314 (no DTD, so no entities)
    except ET.ParseError:
        raise GroupsInvalid("An XML string is required for this operation") from None
    if root.tag != name:
        raise GroupsInvalid(f"Expected {name}, found {root.tag}")
    return root


def _amount(text: str | None) -> float:
    try:
        amount = float(text or 0)
    except ValueError:
        raise GroupsInvalid(f"Invalid amount '{text}'") from None
    if not math.isfinite(amount):
        raise GroupsInvalid(f"Invalid amount '{text}'")
    return amount
