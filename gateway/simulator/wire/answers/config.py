"""What the gateway is set to, and what became of a wish to change it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.simulator.configuration import Setting
from gateway.simulator.wire.answers.answer import Answer
from gateway.simulator.wire.answers.fields import Fields
from gateway.simulator.wire.protobuf import pb


@dataclass(frozen=True, slots=True)
class Question:
    """A message box of the gateway that can be switched off."""

    number: int
    title: str
    words: str
    default: str
    """The answer that is taken where it is switched off."""
    enabled: bool


@dataclass(frozen=True, slots=True)
class ConfigResponse(Answer):
    """Every setting by its path, and every question. From 219 on, and never text."""

    id: ClassVar = 110
    req_id: int
    settings: Mapping[str, Setting]
    questions: tuple[Question, ...]

    def text(self, version: int) -> Fields:
        raise NotImplementedError

    def proto(self, version: int) -> Any:
        said = pb.ConfigResponse(reqId=self.req_id)
        for path, value in self.settings.items():
            _put(said, path, value)
        for one in self.questions:
            said.messages.add(
                id=one.number, title=one.title, message=one.words, defaultAction=one.default, enabled=one.enabled
            )
        return said


def _put(said: Any, path: str, value: Setting) -> None:
    *outer, name = path.split(".")
    for step in outer:
        said = getattr(said, step)
    if isinstance(value, tuple):
        getattr(said, name).extend(value)
    else:
        setattr(said, name, value)


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that the client should know, or accept, of a change."""

    number: int
    title: str
    words: str


@dataclass(frozen=True, slots=True)
class UpdateConfigResponse(Answer):
    """What became of a wish to change settings. From 221 on, and never text."""

    id: ClassVar = 111
    req_id: int
    status: str
    words: str
    changed: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    warnings: tuple[Warned, ...] = ()

    def text(self, version: int) -> Fields:
        raise NotImplementedError

    def proto(self, version: int) -> Any:
        return pb.UpdateConfigResponse(
            reqId=self.req_id,
            status=self.status,
            message=self.words,
            changedFields=self.changed,
            errors=self.errors,
            warnings=[
                pb.UpdateConfigWarning(messageId=one.number, title=one.title, message=one.words)
                for one in self.warnings
            ],
        )
