"""What a person does about a fault: in a sentence, and as a page under docs, which the supervisor's image carries."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from supervisor.alerts import alert_of

_OTHERWISE: Final = "faults.md"
_PAGES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            ("container-exit", "jvm-dead", "soft-dead", "frozen", "flapping", "upstream-lost", "host-slept"),
            "runbooks/GatewayDown.md",
        ),
        **dict.fromkeys(
            ("engine-exit", "engine-zombie", "engine-deaf", "engine-backoff"), "runbooks/EngineNotTrading.md"
        ),
        "naked-position": "runbooks/PositionNaked.md",
        "blind": "runbooks/SupervisorBlind.md",
        "market-farm": "preflight.md#check-farms",
        "data-lost": "preflight.md#check-quotes",
        "data-competed": "preflight.md#data-competed",
        "no-entitlement": "preflight.md#check-entitlement",
        "time-mode": "preflight.md#check-utc",
        "clock-skew": "preflight.md#check-gateway-clock",
        "read-only": "preflight.md#check-read-only",
        "write-blocked": "preflight.md#check-read-only",
    }
)

_LOG_OFF: Final = "Log the other session of this user off (TWS, mobile app, Client Portal)"
_COMPARE: Final = "Compare with IBKR's own client, and close or cover by hand what nobody looks after."
YOURS: Mapping[str, str] = MappingProxyType(
    {
        "twofa-pending": "Approve the push on your phone, and restart nothing while it is pending.",
        "twofa-timeout": "Have the phone at hand, then start one login: `make login`.",
        "login-refused": "Put the right password into `secrets/tws_password` and `make up`, then `make login`. "
        "If IBKR has locked the user, call them.",
        "existing-session": f"{_LOG_OFF}, then `make login`.",
        "data-competed": f"{_LOG_OFF}, or give the gateway a user of its own.",
        "login-stuck": "Read the dialog in `make logs`; answer it where VNC is on, or restart the gateway once.",
        "wrong-account": "Compare IB_ACCOUNT with the account that the gateway is logged in to, then `make down` and "
        "`make up`.",
        "write-blocked": "Turn Read-Only API off in the gateway's settings, and restart it.",
        "weekly-token": "Have the phone at hand; `make login` sends one push.",
        "second-engine": "Stop the engine that is not yours to keep.",
        "cache-down": "See why Redis does not answer: `make logs`. Entries are held until it does, exits stay.",
        "order-unacked": _COMPARE,
        "exit-rejected": _COMPARE,
        "naked-position": _COMPARE,
        "unknown-position": _COMPARE,
        "late-position": "Close it by hand in TWS or at the broker, now.",
        "restart-storm": "Find the cause in `make incidents` and `make logs`, remove it, then `make resume`.",
    }
)
"""For every fault of which a person is told at once whatever happens."""


def page_of(fault: str) -> str:
    """The page that tells what to do, by its path under docs."""
    if fault in _PAGES:
        return _PAGES[fault]
    alert = alert_of(fault)
    return f"runbooks/{alert}.md" if alert is not None else _OTHERWISE
