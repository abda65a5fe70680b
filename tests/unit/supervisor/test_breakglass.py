"""What the last way out does, by the broker's books alone."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.breakglass.plan import REFERENCE, Cancel, Close, left, next_acts
from tws.values import OpenOrder, Position

ACCOUNT = "DUSIM0001"


def held(quantity: int, con_id: int = 7, account: str = ACCOUNT) -> Position:
    return Position(account, con_id, "SPY", "OPT", f"OPTION{con_id}", Decimal(quantity), 1.0)


def order(
    number: int,
    action: str,
    quantity: int = 1,
    *,
    con_id: int = 7,
    parent: int = 0,
    group: str = "",
    client: int = 1,
    status: str = "Submitted",
    reference: str = "",
    account: str = ACCOUNT,
) -> OpenOrder:
    return OpenOrder(
        order_id=number,
        client_id=client,
        perm_id=number + 1000 * client,
        parent_id=parent,
        account=account,
        con_id=con_id,
        local_symbol=f"OPTION{con_id}",
        action=action,
        order_type="LMT",
        quantity=Decimal(quantity),
        limit_price=1.0,
        stop_price=None,
        oca_group=group,
        order_ref=reference,
        status=status,
        oca_type=2 if group else 0,
    )


def test_nothing_open_is_nothing_to_do_and_nothing_left() -> None:
    assert (next_acts(ACCOUNT, [held(0)], []), left(ACCOUNT, [held(0)], [])) == ([], [])


def test_a_position_is_closed_in_the_group_of_its_exits_which_stay() -> None:
    exits = [order(2, "SELL", group="G"), order(3, "SELL", group="G")]
    assert next_acts(ACCOUNT, [held(1)], exits) == [Close(held(1), Decimal(1), "G", 2)]


def test_a_bare_position_is_closed_by_an_order_alone() -> None:
    [act] = next_acts(ACCOUNT, [held(-2)], [])
    assert isinstance(act, Close)
    assert (act.action, act.quantity, act.oca_group) == ("BUY", Decimal(2), "")


def test_what_was_sent_is_not_sent_again() -> None:
    ours = order(1, "SELL", group="G", client=921, reference=REFERENCE)
    assert next_acts(ACCOUNT, [held(1)], [ours, order(2, "SELL", group="G")]) == []


def test_what_was_sent_for_less_is_made_up() -> None:
    ours = order(1, "SELL", 1, client=921, reference=REFERENCE)
    assert next_acts(ACCOUNT, [held(3)], [ours]) == [Close(held(3), Decimal(2))]


def test_an_entry_is_cancelled_and_its_children_go_with_it() -> None:
    entry = order(1, "BUY")
    children = [order(2, "SELL", parent=1, group="G"), order(3, "SELL", parent=1, group="G")]
    assert next_acts(ACCOUNT, [], [entry, *children]) == [Cancel(entry)]


def test_what_would_enlarge_a_position_is_cancelled_before_it_is_closed() -> None:
    more = order(5, "BUY")
    assert next_acts(ACCOUNT, [held(1)], [more]) == [Cancel(more), Close(held(1), Decimal(1))]


def test_exits_without_a_position_are_cancelled() -> None:
    alone = order(2, "SELL")
    assert next_acts(ACCOUNT, [], [alone]) == [Cancel(alone)]


def test_a_cancel_that_is_under_way_is_waited_for() -> None:
    going = order(2, "SELL", status="PendingCancel")
    assert next_acts(ACCOUNT, [], [going]) == []
    assert left(ACCOUNT, [], [going]) == ["SELL 1 OPTION7 LMT (PendingCancel)"]


def test_another_account_of_the_login_is_left_alone() -> None:
    theirs = [held(5, account="DUSIM0002")], [order(1, "BUY", account="DUSIM0002")]
    assert (next_acts(ACCOUNT, *theirs), left(ACCOUNT, *theirs)) == ([], [])


@given(
    quantity=st.integers(-5, 5),
    orders=st.lists(
        st.builds(
            order,
            st.integers(1, 9),
            st.sampled_from(["BUY", "SELL"]),
            st.integers(1, 5),
            con_id=st.sampled_from([7, 8]),
            parent=st.integers(0, 3),
            group=st.sampled_from(["", "G", "H"]),
            client=st.sampled_from([1, 2, 921]),
            status=st.sampled_from(["Submitted", "PreSubmitted", "PendingCancel"]),
            reference=st.sampled_from(["", REFERENCE]),
        ),
        max_size=6,
    ),
)
def test_it_never_closes_more_than_is_held_and_never_cancels_an_exit(quantity: int, orders: list[OpenOrder]) -> None:
    position = held(quantity)
    for act in next_acts(ACCOUNT, [position], orders):
        if isinstance(act, Close):
            assert 0 < act.quantity <= abs(quantity)
        elif act.order.con_id == 7 and not act.order.parent_id and act.order.status != "PendingCancel":
            assert (act.order.action == "BUY") is (quantity > 0) or quantity == 0


@pytest.mark.parametrize("status", ["Filled", "Cancelled", "Inactive", "ApiCancelled"])
def test_an_order_that_is_over_is_nothing(status: str) -> None:
    assert left(ACCOUNT, [], [order(1, "BUY", status=status)]) == []
