"""The faults of a scripted day on a real stack, one of each family after the other, as data."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from tests.e2e.stack import ROOT, Stack, docker

_FREEZE: Final = ("bash", "-c", "kill -STOP $(cat /proc/1/task/1/children)")
_OLD: Final = timedelta(seconds=11)
_BAND: Final = range(1, 6)
"""The engine's client ids."""
_SPY: Final = 756733


@dataclass(frozen=True, slots=True)
class Remedy:
    """Where the page leads whoever looks for what to do: by these links, at most two, to these words."""

    links: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Step:
    """One fault.

    Attributes:
        family: what it breaks.
        title: as a heading.
        words: what it is, and what is right.
        begin: brings it about.
        end: takes it away.
        opens: the incident that the supervisor opens, where it does.
        fires: the alerts that must fire before it is taken away.
        before: commands of a person before it.
        shows: commands whose output is shown while it is there.
        after: commands of a person that end it.
        picture: the page while it is there, as a file of docs.
        remedy: from the page.
    """

    family: str
    title: str
    words: str
    begin: Callable[[], object]
    end: Callable[[], object] = lambda: None
    opens: str | None = None
    fires: tuple[str, ...] = ()
    before: tuple[tuple[str, ...], ...] = ()
    shows: tuple[tuple[str, ...], ...] = (("status",),)
    after: tuple[tuple[str, ...], ...] = ()
    picture: str | None = None
    remedy: Remedy | None = None


class Hands:
    """What a step does to the stack."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def inject(self, fault: str, **parameters: Any) -> Callable[[], object]:
        return lambda: self._stack.inject(fault, **parameters)

    def cure(self, fault: str) -> Callable[[], object]:
        return lambda: httpx.delete(self._stack.url("simulator", f"/api/v1/faults/{fault}"), timeout=10)

    def docker(self, word: str, container: str, *inside: str) -> Callable[[], object]:
        return lambda: docker(word, f"watchkeeper-{self._stack.tenant}-{container}", *inside)

    def make(self, *words: str) -> Callable[[], object]:
        return lambda: self._stack.make(*words)

    def all_of(self, *acts: Callable[[], object]) -> Callable[[], object]:
        return lambda: [act() for act in acts]

    def push(self) -> None:
        """The person with the phone."""
        url = self._stack.url("simulator", "/api/v1/push")
        httpx.post(url, json={"answer": "approve"}, timeout=10).raise_for_status()

    def order(self, action: str) -> Callable[[], object]:
        """A share by hand: nobody arms an exit for it, since the engine's are the options' of the day."""
        body = {"con_id": _SPY, "action": action, "quantity": 1}
        return lambda: httpx.post(self._stack.url("simulator", "/api/v1/orders"), json=body, timeout=10)

    def deafen(self) -> None:
        """No session of the engine's hears a tick, not even one that it opens under the next id of its band."""
        for client in _BAND:
            self._stack.inject("feed-silent", client=client)

    def preflight(self) -> None:
        """The supervisor's own, whose report the page shows. One of a moment ago would be answered again."""
        self._stack.until(self._last_preflight_is_old, "the last preflight to be older than 10 s", 30)
        token = (ROOT / "secrets/operator_token").read_text().strip()
        url = self._stack.url("supervisor", "/api/v1/preflight")
        httpx.post(url, headers={"Authorization": f"Bearer {token}"}, timeout=90).raise_for_status()

    def _last_preflight_is_old(self) -> bool:
        last = self._stack.status()["preflight"]
        return last is None or datetime.now(UTC) - datetime.fromisoformat(last["at"]) > _OLD


def steps(stack: Stack) -> list[Step]:
    """The day."""
    do = Hands(stack)
    return [
        Step(
            "gateway",
            "The gateway dies behind its port",
            "Its JVM is gone; socat still accepts, so a port check sees nothing.",
            do.inject("jvm-dead"),
            opens="jvm-dead",
            fires=("GatewayHangs",),
            shows=(("status",), ("explain",)),
            picture="tour-gateway.png",
        ),
        Step(
            "gateway",
            "Its container is killed, and a person has asked for no restarts",
            "What is due is told and not done.",
            do.docker("kill", "gateway"),
            opens="container-exit",
            fires=("GatewayDown",),
            before=(("pause", "FOR=5m", "REASON=the tour"),),
            after=(("resume",),),
        ),
        Step(
            "gateway",
            "IBKR is away",
            "Nothing is restarted: entries are held, and that is all.",
            do.inject("upstream-lost"),
            do.cure("upstream-lost"),
            opens="upstream-lost",
            fires=("UpstreamLost",),
        ),
        Step(
            "login",
            "The login waits for a second factor",
            "Nobody has looked at the phone. The gateway is never restarted while a push is pending.",
            do.inject("twofa-never"),
            do.all_of(do.cure("twofa-never"), do.push),
            opens="twofa-pending",
            fires=("TwoFactorWaiting",),
            picture="tour-twofa.png",
            remedy=Remedy(("What to do",), "approve the push on your phone"),
        ),
        Step(
            "login",
            "The password is refused",
            "Nobody tries on, since too many attempts lock the account. A person is called.",
            do.inject("bad-password"),
            opens="login-refused",
            fires=("LoginRefused", "LoginHeld"),
            shows=(("status",), ("explain",)),
            after=(("login",),),
            picture="tour-login.png",
            remedy=Remedy(("What to do",), "put the right password into secrets/tws_password"),
        ),
        Step(
            "data",
            "A data farm is broken",
            "2103, and 2104 when it is back.",
            do.inject("market-farm", farm="usfarm"),
            do.cure("market-farm"),
            opens="market-farm",
            fires=("MarketFarmDown",),
        ),
        Step(
            "data",
            "Somebody else has the market data",
            "Another session of the same user (10197). The data is asked for again until it is back.",
            do.inject("data-competed"),
            do.cure("data-competed"),
            opens="data-competed",
            fires=("DataCompeted",),
        ),
        Step(
            "engine",
            "The engine's process stands still",
            "It is there, and answers nothing.",
            do.docker("exec", "engine", *_FREEZE),
            opens="engine-zombie",
            fires=("EngineZombie",),
        ),
        Step(
            "engine",
            "The engine hears nothing",
            "Its session stands and no tick comes, while the supervisor's canary ticks.",
            do.deafen,
            do.cure("feed-silent"),
            opens="engine-deaf",
            fires=("EngineDeaf",),
            shows=(("status",), ("explain",)),
        ),
        Step(
            "engine",
            "Its memory does not answer",
            "Redis stands still. Entries are held, exits stay.",
            do.docker("pause", "redis-1"),
            do.docker("unpause", "redis-1"),
            opens="cache-down",
            fires=("CacheDown",),
        ),
        Step(
            "orders",
            "A position without an exit",
            "Somebody bought a share by hand in the same account.",
            do.order("BUY"),
            do.order("SELL"),
            opens="naked-position",
            fires=("NakedAtBroker",),
            picture="tour-naked.png",
            remedy=Remedy(("What to do",), "Cover or close the position by hand in IBKR's own client"),
        ),
        Step(
            "orders",
            "A person stops it trading",
            "`make halt`: nothing is opened, exits stay.",
            do.make("halt", "REASON=the tour"),
            fires=("EngineHalted",),
            after=(("halt", "LIFT=1"),),
        ),
        Step(
            "host",
            "The clocks are ten seconds apart",
            "The gateway's against the host's.",
            do.inject("clock-skew", seconds=10),
            do.cure("clock-skew"),
            fires=("ClockSkew",),
        ),
        Step(
            "host",
            "Docker does not answer the supervisor",
            "Who is blind acts on nothing, and says so.",
            do.docker("stop", "docker-api-1"),
            do.docker("start", "docker-api-1"),
            fires=("SupervisorBlind",),
        ),
        Step(
            "preflight",
            "The gateway's times are in another zone",
            "A login zone other than UTC: the preflight finds it, and its card says what to do.",
            do.all_of(do.inject("time-mode", zone="America/New_York", form="operator"), do.preflight),
            do.all_of(do.cure("time-mode"), do.preflight),
            opens="time-mode",
            fires=("TimesNotUtc",),
            remedy=Remedy(("More on gateway-zone",), "Set TIME_ZONE=Etc/UTC in .env"),
        ),
        Step(
            "preflight",
            "There is no market data",
            "The subscription has ended: 354, and no tick.",
            do.all_of(do.inject("no-entitlement"), do.preflight),
            do.all_of(do.cure("no-entitlement"), do.preflight),
            opens="no-entitlement",
            remedy=Remedy(("More on subscribe",), "Client Portal > Settings > Market Data"),
        ),
    ]


def the_step(stack: Stack, opens: str) -> Step:
    """The one of them that opens this incident."""
    (found,) = (step for step in steps(stack) if step.opens == opens)
    return found
