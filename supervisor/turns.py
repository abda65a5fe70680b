"""Who may log in now, of many tenants: a few at once, since twenty pushes on one phone at once help nobody.

Only the beginning of a login waits here, never a probe, a detection or another act. A gateway's wrapper asks before
each start that is a login, whoever caused it; the supervisor asks for RECONNECTACCOUNT, which logs in without a start.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from supervisor.memory import Memory
from supervisor.observation import Login, LoginPhase, Observation, Turn
from supervisor.states import GatewayState

LOGINS_AT_ONCE = 2
"""One push that nobody answers leaves the other place to the rest; more than two are hard to tell apart on a phone."""
PATIENCE = 240.0
"""Seconds after which a login keeps nobody waiting any more: a start of 25, a login of 20, a push of 180, and some."""
_CLAIM = 30.0  # from a yes to the login's line in the ledger: a second or two, or it was not made
_LONG = 1800.0  # whoever has waited so long is not passed by any more, exposed or not
_SETTLES = 5.0  # a new supervisor has not heard yet who logs in
_LOST = 15.0  # a wish that nobody repeats is none
_WHOLE_SECOND = 2.0  # the ledger's stamps are whole seconds
_IN = (GatewayState.READY, GatewayState.SUSPECT)
_UNDER_WAY = (LoginPhase.LOGGING_IN, LoginPhase.TWOFA)


@dataclass(frozen=True, slots=True)
class Wish:
    """A tenant that would log in. `exposed`: it has positions or orders, or nobody knows."""

    tenant: str
    since: float
    exposed: bool


def chosen(wishes: Iterable[Wish], logins: Iterable[Login], now: float, at_once: int) -> tuple[str, ...]:
    """Who may begin now: those with money at risk first, then who has waited longest.

    Args:
        wishes: one a tenant.
        logins: those under way, one a tenant; after `PATIENCE` they take no place.
        now: monotonic seconds.
        at_once: how many may be under way.
    """
    waiting = sorted(wishes, key=lambda one: (not (one.exposed or now - one.since >= _LONG), one.since, one.tenant))
    names = {one.tenant for one in waiting}
    busy = {one.tenant for one in logins if now - one.since < PATIENCE} - names
    return tuple(one.tenant for one in waiting[: max(0, at_once - len(busy))])


def logs_in_since(memory: Memory, observation: Observation) -> float | None:
    """Since when a tenant's gateway logs in, by its ledger or its log; None: it does not.

    A gateway that is up, has a line in its ledger and has not been ready since counts, whatever keeps it from it.
    """
    container, ledger, login = observation.gateway, observation.ledger, observation.login
    up = container is not None and container.is_up and memory.gateway.process.died_at is None
    if not up or ledger.waiting or memory.gateway.state in _IN:
        return None
    told = [login.since] if login.phase in _UNDER_WAY and login.since is not None else []
    return max((*ledger.attempts[-1:], *told), default=None)


class Turns:
    """The queue of one supervisor. Each watch tells of its own tenant, and is answered at once."""

    def __init__(self, at_once: int, now: float) -> None:
        self._at_once = at_once
        self._settled_at = now + _SETTLES
        self._logins: dict[str, Login] = {}
        self._claims: dict[str, Login] = {}  # who was told yes and does not show it yet
        self._wishes: dict[str, tuple[Wish, float]] = {}

    def tell(self, tenant: str, now: float, logs_in: float | None, wants: bool, exposed: bool) -> Turn:
        """What is true of a tenant now. A wish is as old as its first telling.

        Returns:
            Whether it may log in now, and who is before it.
        """
        self._note_login(tenant, logs_in)
        if not wants:
            self._wishes.pop(tenant, None)
        else:
            first = self._wishes[tenant][0].since if tenant in self._wishes else now
            self._wishes[tenant] = Wish(tenant, first, exposed), now
        self._clear(now)
        granted = tenant in self._claims or (now >= self._settled_at and tenant in self._chosen(now))
        if wants and granted:
            self._claims.setdefault(tenant, Login(tenant, now))
        wish = self._wishes.get(tenant)
        since = wish[0].since if wish is not None and not granted else None
        return Turn(wants and granted, since, tuple(one for one in self._busy(now) if one.tenant != tenant))

    def _note_login(self, tenant: str, since: float | None) -> None:
        if since is None:
            self._logins.pop(tenant, None)
            return
        self._logins[tenant] = Login(tenant, since)
        claim = self._claims.get(tenant)
        if claim is not None and since > claim.since - _WHOLE_SECOND:
            del self._claims[tenant]

    def _clear(self, now: float) -> None:
        self._claims = {name: one for name, one in self._claims.items() if now - one.since < _CLAIM}
        self._wishes = {name: one for name, one in self._wishes.items() if now - one[1] < _LOST}

    def _busy(self, now: float) -> list[Login]:
        both = self._logins | self._claims
        return [one for one in both.values() if now - one.since < PATIENCE]

    def _chosen(self, now: float) -> tuple[str, ...]:
        open_wishes = [wish for name, (wish, _) in self._wishes.items() if name not in self._claims]
        return chosen(open_wishes, self._busy(now), now, self._at_once)
