"""What happens to a whole fleet at once, for `python -m tests.bench fleet`."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from supervisor.observation import Subject
from supervisor.windows import Reauth
from tests.sim.days import RULES
from tests.sim.tenants import Tenant

A_NODE = 20  # tenants
_SETTLES = 300.0
_OPEN = datetime(2026, 6, 3, 15, 0, tzinfo=UTC)  # a Wednesday, the market is open
_NEW_YORK = "America/New_York"
_SATURDAY = datetime(2026, 6, 6, 4, 45, tzinfo=UTC)  # before the first reminder of Sunday, 01:00 in New York
_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Scene:
    """One thing that happens to all. `at`: seconds after the beginning, from which everything is counted."""

    happens: Callable[[Sequence[Tenant], random.Random, float], None]
    begins: datetime = _OPEN
    at: float = _SETTLES
    lasts: float = _HOUR
    twofa: bool = True
    reauth: Reauth | None = None


def _reset(tenants: Sequence[Tenant], dice: random.Random, at: float) -> None:
    """IBKR loses a region for two to eight minutes; its users come back in five waves, then their farms."""
    outage = dice.uniform(120, 480)
    for number, tenant in enumerate(tenants):
        lost = at + dice.uniform(0, 3)
        back = at + outage + number % 5 * 20 + dice.uniform(0, 5)
        tenant.at(lost, partial(_lose, tenant))
        tenant.at(back, partial(_regain, tenant, data=dice.random() < 0.5))
        tenant.at(back + dice.uniform(5, 60), partial(_farm_back, tenant))


def _lose(tenant: Tenant) -> None:
    tenant.upstream_lost_at = tenant.farms_down["usfarm"] = tenant.now


def _regain(tenant: Tenant, *, data: bool) -> None:
    tenant.upstream_lost_at = None
    if not data:
        tenant.data_lost_at = tenant.now


def _farm_back(tenant: Tenant) -> None:
    tenant.farms_down.clear()
    tenant.farm_back_at = tenant.now


def _relogin(tenants: Sequence[Tenant], dice: random.Random, at: float) -> None:
    """Every gateway's process ends: a power cut of one node, or a fleet that is started anew."""
    for tenant in tenants:
        tenant.at(at + dice.uniform(0, 5), partial(tenant.crash, Subject.GATEWAY))


def _weekly(tenants: Sequence[Tenant], dice: random.Random, at: float) -> None:
    """The week's token ends, with reminders; at noon all gateways end and are held; at 17:00 REAUTH_AT lets them in."""
    noon = at - 5 * _HOUR
    for tenant in tenants:
        tenant.docker_restarts = False  # nobody is quicker than the hold
        tenant.at(noon + dice.uniform(0, 60), partial(tenant.crash, Subject.GATEWAY))


def _bad_image(tenants: Sequence[Tenant], dice: random.Random, at: float) -> None:
    """All engines end, and again whenever they are started. Half an hour later the old image is back."""
    for tenant in tenants:
        tenant.at(at + dice.uniform(0, 5), partial(_spoil, tenant))


def _spoil(tenant: Tenant) -> None:
    tenant.bad_image = True
    tenant.crash(Subject.ENGINE)


SCENES = {
    "reset": Scene(_reset),
    "relogin": Scene(_relogin, lasts=12 * _HOUR),
    "relogin-without-2fa": Scene(_relogin, twofa=False, lasts=6 * _HOUR),
    "weekly": Scene(_weekly, _SATURDAY, 40.25 * _HOUR, lasts=12 * _HOUR, reauth=Reauth.parse(f"sun 17:00 {_NEW_YORK}")),
    "bad-image": Scene(_bad_image, twofa=False),
}


def made(scene: Scene, count: int, dice: random.Random) -> list[Tenant]:
    """So many tenants that are well; half of them hold something."""
    rules = replace(RULES["na", "whole"], twofa=scene.twofa, reauth=scene.reauth, windows=())
    tenants = []
    for number in range(count):
        tenant = Tenant(
            replace(rules, tenant=f"t{number:03}"), midnight=scene.begins, twofa=scene.twofa, docker_restarts=True
        )
        tenant.ibc_goes_on = False  # as compose/ibkr.yaml says
        tenant.positions = dice.choice((0, 2))
        tenants.append(tenant)
    scene.happens(tenants, dice, tenants[0].begun + scene.at)
    return tenants
