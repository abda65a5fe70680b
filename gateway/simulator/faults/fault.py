"""What a fault is: a class with typed parameters, something it does when it begins and ends, and hooks between.

A parameter is a field made by one of the functions here; its value comes from a control request or a file. Other
attributes are a fault's own memory. Whoever begins it has set `site` before.
"""

import dataclasses
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from gateway.simulator.api.gateway import Gateway
from gateway.simulator.api.server import ApiServer
from gateway.simulator.api.trouble import Hook
from gateway.simulator.faults.about import contract_of
from gateway.simulator.lifecycle import Lifecycle
from gateway.simulator.wire.answers.answer import Answer

if TYPE_CHECKING:
    from gateway.simulator.api.session import Session

type Kind = Literal["number", "integer", "string", "boolean"]
type Scoped = Literal["client", "contract"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that can be chosen about a fault."""

    name: str
    kind: Kind
    default: float | int | str | bool | None
    meaning: str
    lowest: float | None = None
    highest: float | None = None
    choices: tuple[str, ...] = ()


def _field(kind: Kind, default: Any, meaning: str, **more: Any) -> Any:
    return dataclasses.field(default=default, metadata={"parameter": Parameter("", kind, default, meaning, **more)})


def number(default: float | None, meaning: str, lowest: float = 0.0, highest: float = 86_400.0) -> Any:
    """A parameter that is a number."""
    return _field("number", default, meaning, lowest=lowest, highest=highest)


def whole(default: int | None, meaning: str, lowest: int = 0, highest: int = 1_000_000) -> Any:
    """A parameter that is a whole number."""
    return _field("integer", default, meaning, lowest=lowest, highest=highest)


def text(default: str, meaning: str, *choices: str) -> Any:
    """A parameter that is a text, one of the choices where there are any."""
    return _field("string", default, meaning, choices=choices)


def flag(default: bool, meaning: str) -> Any:
    """A parameter that is true or false."""
    return _field("boolean", default, meaning)


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom it hits: everybody, or one client, or one contract, or one contract of one client."""

    client: int | None = None
    contract: int | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """What a fault works on."""

    gateway: Gateway
    server: ApiServer
    lifecycle: Lifecycle
    scope: Scope
    random: random.Random
    withdraw: Callable[[str], None]
    """Takes another fault off by its name, without a word to anybody."""


@dataclass(kw_only=True, eq=False)
class Fault(Hook):
    """The base of all faults: does nothing, to everybody, until it is ended."""

    name: ClassVar[str]
    scopes: ClassVar[tuple[Scoped, ...]] = ()
    momentary: ClassVar[bool] = False
    """It is over as soon as it has happened."""
    curable: ClassVar[bool] = True
    """It can be ended without a restart of the container."""
    lives_in_jvm: ClassVar[bool] = False
    """A soft restart cures it."""

    site: Site = dataclasses.field(init=False)
    hit_at: float | None = dataclasses.field(default=None, init=False)
    """When it first hit a request, by the machine's clock: said by those that wait for one."""

    def check(self) -> None:
        """Look at parameters that depend on more than themselves.

        Raises:
            FaultRefused: it cannot be done like that.
        """

    async def begin(self) -> None:
        """Make it so; effective when this returns."""

    def end(self) -> None:
        """Undo it."""

    def hit(self) -> None:
        """It has hit a request."""
        if self.hit_at is None:
            self.hit_at = self.site.gateway.host.monotonic()

    def minds(self, session: "Session") -> bool:
        return self.site.scope.client in (None, session.client_id)

    def means(self, session: "Session", answer: Answer) -> bool:
        """Whether a message is about the contract that it is limited to."""
        wanted = self.site.scope.contract
        return wanted is None or contract_of(session, answer) == wanted

    def sessions(self) -> "list[Session]":
        """The sessions it hits, of those that are through startApi."""
        return [session for session in self.site.gateway.started() if self.minds(session)]


def parameters(kind: type[Fault]) -> list[Parameter]:
    """What can be chosen about a fault."""
    return [
        dataclasses.replace(field.metadata["parameter"], name=field.name)
        for field in dataclasses.fields(kind)
        if "parameter" in field.metadata
    ]
