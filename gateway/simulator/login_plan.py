"""What the settings and the profile say of the logins to come: how long they take, and how they are answered."""

import math
import random
from dataclasses import replace

from gateway.simulator.login_state import REFUSED, Rules, Script
from gateway.simulator.profiles import Profile
from gateway.simulator.settings import Settings


def rules(settings: Settings, profile: Profile) -> Rules:
    """Durations and IBC's settings, from the profile and what overrides it."""
    boot = profile.jvm if settings.boot is None else settings.boot
    into = profile.login if settings.login is None else settings.login
    closed = profile.soft_restart if settings.soft_restart is None else settings.soft_restart
    return Rules(
        boot=boot,
        login=into,
        gap=max(closed - boot - into, 0.0),
        twofa_timeout=settings.twofa_timeout,
        twofa_exit_interval=settings.twofa_exit_interval,
        relogin=settings.relogin,
        existing_session=settings.existing_session_action,
        throttle_after=settings.throttle_after,
        throttle=settings.throttle,
        trading_mode=settings.trading_mode,
    )


def first_script(settings: Settings) -> Script:
    """What the settings say of the logins to come."""
    match settings.twofa:
        case "off":
            twofa = None
        case "never":
            twofa = math.inf
        case "refused":
            twofa = REFUSED
        case "answered":
            twofa = 0.0
        case seconds:
            twofa = float(seconds)
    return Script(settings.credentials, twofa, settings.competing)


def drawn(script: Script, settings: Settings, profile: Profile, pushes: int) -> Script:
    """The script with a human's time to answer push number `pushes`, where the setting leaves that to the profile."""
    if settings.twofa != "answered":
        return script
    times = random.Random(f"{settings.seed}/push/{pushes}")  # noqa: S311 (a seeded draw, no secret)
    return replace(script, twofa=times.uniform(*profile.twofa))
