"""Faults of what the gateway is logged in to and how it is set: account, rights, clock, forms of time."""

import dataclasses
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.simulator.api.gateway import Forced
from gateway.simulator.api.trouble import Late
from gateway.simulator.errors import FaultRefused
from gateway.simulator.faults.fault import Fault, number, text
from gateway.simulator.wire.answers.answer import Answer
from gateway.simulator.wire.answers.session import CurrentTime, CurrentTimeMillis, Error
from gateway.simulator.wire.requests.base import Request
from gateway.simulator.wire.requests.orders import CancelOrder, PlaceOrder

if TYPE_CHECKING:
    from gateway.simulator.api.session import Session


@dataclass(kw_only=True, eq=False)
class ReadOnly(Fault):
    """Orders are refused with 321, as with the Read-Only API setting."""

    name = "read-only"

    def takes(self, session: "Session", request: Request) -> bool:
        if isinstance(request, PlaceOrder | CancelOrder):
            self.hit()  # the gateway itself says no
        return False

    async def begin(self) -> None:
        gateway = self.site.gateway
        gateway.force(dataclasses.replace(gateway.forced, read_only=True))

    def end(self) -> None:
        gateway = self.site.gateway
        gateway.force(dataclasses.replace(gateway.forced, read_only=False))


def _throughout[T](value: T, change: Callable[[str], str]) -> T:
    """A message with every text in it changed; what has nothing to change stays the same object."""
    if isinstance(value, str):
        changed = change(value)
        return value if changed == value else changed  # type: ignore[return-value]  # of a str, a str
    if isinstance(value, tuple):
        found = tuple(_throughout(one, change) for one in value)
        return value if found == value else found  # type: ignore[return-value]
    if isinstance(value, dict):
        return {key: _throughout(one, change) for key, one in value.items()}  # type: ignore[return-value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        before = {field.name: getattr(value, field.name) for field in dataclasses.fields(value) if field.init}
        after = {name: _throughout(one, change) for name, one in before.items()}
        return value if after == before else dataclasses.replace(value, **after)
    return value


@dataclass(kw_only=True, eq=False)
class WrongAccount(Fault):
    """Everything is told of another account than ours, and only orders for that one are taken."""

    name = "wrong-account"
    scopes = ("client",)

    account: str = text("DUOTHER1", "its name")

    def check(self) -> None:
        if not (self.account.isascii() and self.account.isalnum()):
            raise FaultRefused(f"account: expected letters and digits, found {self.account!r}")

    def says(self, session: "Session", answer: Answer) -> list[Late]:
        return [(0.0, _throughout(answer, lambda text: text.replace(self._ours, self.account)))]

    def hears(self, session: "Session", request: Request) -> Request:
        swapped = {self._ours: self.account, self.account: self._ours}
        return _throughout(request, lambda text: swapped.get(text, text))

    @property
    def _ours(self) -> str:
        return self.site.gateway.broker.account_id


@dataclass(kw_only=True, eq=False)
class LiveAccount(WrongAccount):
    """A live account answers where a paper one is expected."""

    name = "live-account"

    account: str = text("USIM0001", "its name")


@dataclass(kw_only=True, eq=False)
class TimeMode(Fault):
    """The zone of the login, and the form of the API's times, are other ones."""

    name = "time-mode"

    zone: str = text("", "IANA name of the zone; empty leaves it")
    form: str = text("unchanged", "form of intraday times", "unchanged", "instrument", "operator", "utc")
    before: Forced = field(init=False)

    def check(self) -> None:
        try:
            ZoneInfo(self.zone or "UTC")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise FaultRefused(f"zone: expected an IANA zone such as Europe/Berlin, found {self.zone!r}") from None

    async def begin(self) -> None:
        gateway = self.site.gateway
        self.before = gateway.forced
        form = self.before.time_form if self.form == "unchanged" else self.form
        gateway.force(dataclasses.replace(self.before, time_form=form, zone=self.zone or self.before.zone))  # type: ignore[arg-type]  # one of the choices

    def end(self) -> None:
        gateway, before = self.site.gateway, self.before
        gateway.force(dataclasses.replace(gateway.forced, time_form=before.time_form, zone=before.zone))


@dataclass(kw_only=True, eq=False)
class ClockSkew(Fault):
    """The gateway's clock is off: current time in both forms, and the times in errors."""

    name = "clock-skew"
    scopes = ("client",)

    seconds: float = number(10.0, "by which it is ahead, or behind if negative", -86_400, 86_400)

    def says(self, session: "Session", answer: Answer) -> list[Late]:
        if isinstance(answer, CurrentTime | CurrentTimeMillis | Error):
            answer = dataclasses.replace(answer, at=answer.at + dt.timedelta(seconds=self.seconds))
        return [(0.0, answer)]
