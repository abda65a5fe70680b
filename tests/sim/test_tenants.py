"""Many simulated tenants at once: they take turns, and one person answers them."""

import random
from collections.abc import Sequence

import pytest

from supervisor.observation import LoginPhase
from tests.bench.fleet import Case, Trading, played, result
from tests.bench.fleet_alerts import Watch, of_all
from tests.bench.fleet_scenes import SCENES, made
from tests.sim.tenants import Fleet, Tenant, Turns


def _at_once(tenants: Sequence[Tenant], at_once: int | None) -> int:
    """The most that ever logged in at the same time."""
    logins: list[tuple[float, int]] = []
    before: dict[str, bool] = {}

    def watch(tenant: Tenant) -> None:
        name = tenant.rules.tenant

        def turned(*_: object) -> None:
            under_way = tenant.login in (LoginPhase.LOGGING_IN, LoginPhase.TWOFA)
            if under_way != before.get(name, False):
                logins.append((tenant.now, 1 if under_way else -1))
            before[name] = under_way

        tenant.on_turn.append(turned)

    for tenant in tenants:
        watch(tenant)
    turns = Turns(at_once)
    Fleet(tenants, lambda _: turns, random.Random(1)).run(tenants[0].begun + 3600.0)
    counts, count = [0], 0
    for _, step in sorted(logins):
        count += step
        counts.append(count)
    return max(counts)


@pytest.mark.parametrize(("at_once", "most"), [(1, 1), (2, 2), (None, 6)])
def test_no_more_log_in_at_a_time_than_may(at_once: int | None, most: int) -> None:
    assert _at_once(made(SCENES["relogin"], 6, random.Random(1)), at_once) == most


def test_the_same_seed_gives_the_same_run() -> None:
    case = Case("relogin", 5, 2, seed=7)
    first, second = ({**result(case), "cpu_seconds": 0} for _ in range(2))
    assert first == second


def test_one_at_a_time_loses_no_push_and_all_at_once_loses_many() -> None:
    """The person takes up to 90 s for each, and a push waits for 180."""
    one, all_ = result(Case("relogin", 10, 1)), result(Case("relogin", 10, 0))
    assert (one["pushes"], one["pushes_run_out"], one["never"]) == (10, 0, 0)
    assert all_["pushes_run_out"] > 3
    assert all_["never"] == 0
    assert all_["most_logins_of_one"] <= 4


def test_after_a_reset_all_trade_again_without_a_push() -> None:
    found = result(Case("reset", 10, 0))
    assert (found["never"], found["pushes"]) == (0, 0)


def test_many_with_the_same_are_told_of_once_by_the_rules() -> None:
    watches, since = played(Case("reset", 10, 0), lambda tenant: Watch(tenant, market_open=True), 900.0)
    found = [dict(alert.labels) for alert in of_all(watches, since + 900.0)]
    lost = {one["tenant"] for one in found if one["alertname"] == "UpstreamLost"}
    marked = {one["tenant"] for one in found if (one["alertname"], one.get("fault")) == ("OneOfMany", "upstream-lost")}
    assert lost == marked
    assert len(lost) == 10
    [told] = [one for one in found if (one["alertname"], one.get("fault")) == ("ManyTenants", "upstream-lost")]
    assert told["at_least"] == "8"


def test_a_lone_tenant_is_told_of_by_itself() -> None:
    watches, since = played(Case("reset", 1, 0), lambda tenant: Watch(tenant, market_open=True), 900.0)
    found = {dict(alert.labels)["alertname"] for alert in of_all(watches, since + 900.0)}
    assert "UpstreamLost" in found
    assert not found & {"OneOfMany", "ManyTenants"}


def test_a_tenant_that_trades_to_the_end_is_not_said_to_have_stopped() -> None:
    trading, since = played(Case("reset", 1, 0), Trading)
    [seconds] = [each.again(since) for each in trading]
    assert seconds is not None
    assert seconds > 60.0
