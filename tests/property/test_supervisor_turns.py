"""Logins take turns: never more than N by our word, whatever comes, and nobody waits for ever."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from supervisor.observation import Login
from supervisor.turns import PATIENCE, Turns, Wish, chosen

LOOK = 2.0


@dataclass
class Gateway:
    """One that must log in `logins` times, each of so many seconds; None: nobody ever answers its push."""

    name: str
    first_look: float
    exposed: bool
    logins: list[float | None]
    asked_at: float | None = None
    begun: float | None = None
    waits: list[float] = field(default_factory=list)

    def lives(self, now: float) -> None:
        """A login that came through ends; one whose push nobody answers goes on for ever."""
        if self.begun is not None and self.logins[0] is not None and now - self.begun >= self.logins[0]:
            self.begun = None
            self.logins.pop(0)

    def looked_at(self, turns: Turns, now: float) -> None:
        wants = self.begun is None and bool(self.logins)
        if wants and self.asked_at is None:
            self.asked_at = now
        turn = turns.tell(self.name, now, self.begun, wants, self.exposed)
        assert turn.granted <= wants
        assert (turn.since is not None) == (wants and not turn.granted)
        if turn.granted:
            assert self.asked_at is not None
            self.waits.append(now - self.asked_at)
            self.asked_at, self.begun = None, now


def gateways(durations: st.SearchStrategy[float | None]) -> st.SearchStrategy[list[Gateway]]:
    one = st.tuples(st.floats(0, LOOK), st.booleans(), st.lists(durations, min_size=1, max_size=3))
    return st.lists(one, min_size=1, max_size=12).map(
        lambda rows: [Gateway(f"t{number}", *row) for number, row in enumerate(rows)]
    )


def lived(fleet: list[Gateway], at_once: int, seconds: float) -> None:
    """Each gateway is looked at every two seconds, at its own phase."""
    turns, step = Turns(at_once, 0.0), 0.5
    for tick in range(int(seconds / step)):
        now = tick * step
        for one in fleet:
            one.lives(now)
            if (now - one.first_look) % LOOK < step:
                one.looked_at(turns, now)
        under_way = sum(one.begun is not None and now - one.begun < PATIENCE for one in fleet)
        assert under_way <= at_once


@settings(max_examples=12, deadline=None)
@given(gateways(st.floats(1, 230)), st.integers(1, 4))
def test_never_more_than_n_and_all_come_through(fleet: list[Gateway], at_once: int) -> None:
    logins = sum(len(one.logins) for one in fleet)
    lived(fleet, at_once, 60 + logins * (230 + 2 * LOOK))
    assert all(not one.logins for one in fleet), "somebody never got a turn"


@settings(max_examples=12, deadline=None)
@given(gateways(st.one_of(st.none(), st.floats(1, 230))), st.integers(1, 3))
def test_a_push_that_nobody_answers_blocks_nobody_for_ever(fleet: list[Gateway], at_once: int) -> None:
    logins = sum(len(one.logins) for one in fleet)
    lived(fleet, at_once, 60 + logins * (PATIENCE + 2 * LOOK))
    assert all(not one.logins or one.begun is not None for one in fleet)


wishes = st.lists(
    st.builds(Wish, st.sampled_from("abcdefgh"), st.floats(0, 5000), st.booleans()),
    unique_by=lambda wish: wish.tenant,
)
logins = st.lists(
    st.builds(Login, st.sampled_from("ijklmnop"), st.floats(0, 5000)), unique_by=lambda login: login.tenant
)


@given(wishes, logins, st.integers(1, 5))
def test_who_is_chosen(waiting: list[Wish], busy: list[Login], at_once: int) -> None:
    now = 5000.0
    names = chosen(waiting, busy, now, at_once)
    fresh = sum(now - one.since < PATIENCE for one in busy)
    assert len(names) == min(len(waiting), max(0, at_once - fresh))
    by_name = {one.tenant: one for one in waiting}
    for one in (by_name[name] for name in names):
        for other in (wish for wish in waiting if wish.tenant not in names):
            assert one.exposed >= other.exposed or now - one.since >= 1800, "money at risk goes first"
            assert one.since <= other.since or (one.exposed and not other.exposed), "then who has waited longest"


def test_one_that_has_waited_for_half_an_hour_is_not_passed_by_any_more() -> None:
    old, exposed = Wish("old", 0.0, exposed=False), Wish("exposed", 100.0, exposed=True)
    assert chosen([old, exposed], [], 1000.0, 1) == ("exposed",)
    assert chosen([old, exposed], [], 1801.0, 1) == ("old",)
