"""An hour of a healthy house with everything that looks like trouble and is none: nothing may be restarted.

Seeded: a failure names its seed, and that seed replays it.
"""

import random

import pytest

from supervisor.ladder import STEPS
from supervisor.observation import Status, Subject
from tests.sim.world import World, settled

HOUR = 3600.0


def noise(world: World, dice: random.Random) -> None:
    """One benign thing, begun and ended."""
    match dice.choice(
        ["slow", "pause-of-the-jvm", "farm", "upstream", "stop", "freeze", "restart", "blind", "dns", "drop"]
    ):
        case "slow":
            world.slowness = 0.9 * world.rules.policy.probe_timeout
            world.run(dice.uniform(1, 60))
            world.slowness = 0.003
        case "pause-of-the-jvm":
            world.hang = True
            world.run(6)
            world.hang = False
        case "farm":
            world.farms_down["usfarm"] = world.now
            world.run(dice.uniform(1, 50))
            world.farms_down.clear()
            world.farm_back_at = world.now
        case "upstream":
            world.upstream_lost_at = world.now
            world.run(dice.uniform(1, 250))
            world.upstream_lost_at = None
        case "stop":
            subject = dice.choice(list(Subject))
            world.docker_stop(subject)
            world.run(dice.uniform(1, 120))
            world.docker_start(subject)
        case "freeze":
            world.gateway.status, world.frozen = Status.PAUSED, True
            world._due.clear()
            world.run(dice.uniform(1, 120))
            world.gateway.status, world.frozen = Status.RUNNING, False
        case "restart":
            world.docker_stop(Subject.GATEWAY)
            world.docker_start(Subject.GATEWAY)
        case "blind":
            world.docker_ok = False
            world.run(dice.uniform(1, 60))
            world.docker_ok = True
        case "dns":
            world.dns_ok = False
            world.run(dice.uniform(1, 60))
            world.dns_ok = True
        case _:
            world._lose_session()


@pytest.mark.parametrize("seed", range(4))
def test_benign_noise_restarts_nothing(seed: int) -> None:
    dice = random.Random(seed)
    world = settled()
    ends = world.now + HOUR
    while world.now < ends:
        noise(world, dice)
        world.run(dice.uniform(20, 120))
    world.run(60, lambda w: w.well)
    assert world.well, f"seed {seed}: {world.sentence}"
    wrong = [act for _, act in world.acts if STEPS[act.rung].restarts]
    assert wrong == [], f"seed {seed}"
