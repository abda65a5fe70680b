"""Keeps a client to its rate of messages: reads later what is too much, or refuses it, by the gateway's setting."""

from typing import TYPE_CHECKING

from gateway.simulator.api.rate import BREACHES, Pacing, Rejection, Verdict
from gateway.simulator.configuration import REJECT
from tws import codes

if TYPE_CHECKING:
    from gateway.simulator.api.session import Session


class Turnstile:
    """What every message of a session goes through, one at a time."""

    def __init__(self, session: "Session") -> None:
        gateway = session.gateway
        self._session = session
        self._pacing = Pacing(float(gateway.settings.max_messages_per_second), gateway.host.monotonic())
        self._rejection = Rejection() if gateway.configuration[REJECT] else None

    def only_pace(self) -> None:
        """Refuse nothing: the client asked for `+PACEAPI`."""
        self._rejection = None

    async def lets_pass(self) -> bool:
        """Whether a message is to be answered, after the wait that its rate asks for."""
        gateway = self._session.gateway
        host, rate = gateway.host, gateway.settings.max_messages_per_second
        if self._rejection is None:
            while wait := self._pacing.wait(host.monotonic(), rate):
                await host.sleep(wait)
            return True
        verdict = self._rejection.take(host.monotonic(), rate)
        if verdict is Verdict.NEAR:
            words = codes.text(codes.NEAR_MAX_RATE, f"{rate} messages per second ({self._rejection.count})")
            self._session.error(-1, codes.NEAR_MAX_RATE, words)
        elif verdict is Verdict.BREACH:
            self._session.later(self._tell_breach(self._rejection, rate))
        return verdict in (Verdict.TAKEN, Verdict.NEAR)

    async def _tell_breach(self, rejection: Rejection, rate: int) -> None:
        host = self._session.gateway.host
        await host.sleep(rejection.left(host.monotonic()))
        rejection.breaches += 1
        words = codes.text(codes.MAX_RATE_EXCEEDED, f"max={rate} rec={rejection.count} ({rejection.breaches})")
        self._session.error(-1, codes.MAX_RATE_EXCEEDED, words)
        if rejection.breaches >= BREACHES:
            self._session.close()
