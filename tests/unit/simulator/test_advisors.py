"""Groups of accounts in XML, and how an order is shared out among them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulator.broker.advisors import (
    Group,
    GroupsInvalid,
    aliases_xml,
    allocate,
    groups_xml,
    method_named,
    read_aliases,
    read_groups,
    weights,
)

ACCOUNTS = ("DU1", "DU2", "DU3")


def test_groups_survive_their_own_xml() -> None:
    groups = [Group("a <b>", "Ratio", (("DU1", 1.0), ("DU3", 2.5))), Group("e", "Equal", (("DU2", 0.0),))]
    assert read_groups(groups_xml(groups), ACCOUNTS) == groups


def test_the_older_spelling_is_read() -> None:
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?><ListOfGroups><Group><name>Old</name>'
        '<ListOfAccts varName="list"><String>DU1</String><String>DU2</String></ListOfAccts>'
        "<defaultMethod>EqualQuantity</defaultMethod></Group></ListOfGroups>"
    )
    assert read_groups(xml, ACCOUNTS) == [Group("Old", "Equal", (("DU1", 0.0), ("DU2", 0.0)))]


def test_aliases_survive_their_own_xml() -> None:
    assert read_aliases(aliases_xml({"DU1": "one", "DU2": "two"}), ACCOUNTS) == {"DU1": "one", "DU2": "two"}


@pytest.mark.parametrize(
    ("xml", "why"),
    [
        ("", "An XML string is required"),
        ("<ListOfGroups>", "An XML string is required"),
        ("<Other/>", "Expected ListOfGroups"),
        ("<!DOCTYPE x><ListOfGroups/>", "document type"),
        ("<ListOfGroups><Group><name>a</name></Group></ListOfGroups>", "needs a name, a method and accounts"),
        (groups_xml([Group("a", "Equal", (("DU9", 1.0),))]), "Invalid account code 'DU9'"),
        (groups_xml([Group("a", "Equal", (("DU1", 1.0),))] * 2), "Two groups"),
        (
            groups_xml([Group("a", "Equal", (("DU1", 1.0),))]).replace("1.0</amount>", "x</amount>"),
            "Invalid amount 'x'",
        ),
        (groups_xml([Group("a", "Equal", (("DU1", 1.0),))]).replace("1.0</amount>", "inf</amount>"), "Invalid amount"),
    ],
)
def test_what_is_no_configuration_is_refused(xml: str, why: str) -> None:
    with pytest.raises(GroupsInvalid, match=why):
        read_groups(xml, ACCOUNTS)


@pytest.mark.parametrize(
    ("quantity", "shares", "given"),
    [
        (400, (1, 1, 1, 1), (100, 100, 100, 100)),
        (400, (1, 1, 1, 1, 1, 1), (67, 67, 67, 67, 66, 66)),  # the example of IBKR's documentation
        (700, (25_000, 50_000, 100_000), (100, 200, 400)),  # and that one
        (1, (1, 1), (1, 0)),
        (10, (0, 1), (0, 10)),
    ],
)
def test_allocation(quantity: float, shares: tuple[float, ...], given: tuple[float, ...]) -> None:
    named = {str(n): share for n, share in enumerate(shares)}
    assert allocate(quantity, named) == {str(n): amount for n, amount in enumerate(given) if amount}


@given(st.integers(1, 10_000), st.lists(st.integers(0, 1000), min_size=1, max_size=8).filter(any))
def test_all_of_an_order_is_given_and_no_more(quantity: int, shares: list[int]) -> None:
    given = allocate(quantity, {str(n): float(share) for n, share in enumerate(shares)})
    assert sum(given.values()) == quantity
    assert all(amount > 0 for amount in given.values())


@given(st.integers(1, 500), st.lists(st.integers(0, 50), min_size=2, max_size=6).filter(any), st.data())
def test_partial_fills_come_out_at_the_same_shares(quantity: int, shares: list[int], data: st.DataObject) -> None:
    """Each fill is shared out by what is still missing, so nobody ever gets more than the whole order gives him."""
    wanted = allocate(quantity, {str(n): float(share) for n, share in enumerate(shares)})
    missing, left = dict(wanted), quantity
    while left:
        fill = data.draw(st.integers(1, left))
        for account, amount in allocate(fill, missing).items():
            missing[account] -= amount
            assert missing[account] >= 0
        left -= fill
    assert not any(missing.values())


def test_methods() -> None:
    group = Group("g", "Ratio", (("DU1", 3.0), ("DU2", 1.0)))

    def shares(method: str) -> dict[str, float]:
        return weights(
            group,
            method,
            {"DU1": 100.0, "DU2": 300.0}.__getitem__,
            {"DU1": 50.0, "DU2": -5.0}.__getitem__,
            {"DU1": 0.0, "DU2": -7.0}.__getitem__,
        )

    assert shares("Equal") == {"DU1": 1.0, "DU2": 1.0}
    assert shares("NetLiq") == {"DU1": 100.0, "DU2": 300.0}
    assert shares("AvailableEquity") == {"DU1": 50.0, "DU2": 0.0}
    assert shares("PctChange") == {"DU1": 0.0, "DU2": 7.0}
    assert shares("Ratio") == {"DU1": 3.0, "DU2": 1.0}
    with pytest.raises(GroupsInvalid, match="No account of group"):
        weights(Group("g", "Ratio", (("DU1", 0.0),)), "Ratio", lambda _: 1.0, lambda _: 1.0, lambda _: 1.0)


def test_both_names_of_a_method_are_known() -> None:
    assert method_named("EqualQuantity") == method_named("Equal") == "Equal"
    assert method_named("Percentages") == method_named("Percent") == "Percent"
    assert method_named("Alphabetical") == ""
