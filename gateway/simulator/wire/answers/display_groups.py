"""Display groups of the desktop program."""

from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.simulator.wire.answers.answer import Answer
from gateway.simulator.wire.answers.fields import Fields
from gateway.simulator.wire.protobuf import pb


@dataclass(frozen=True, slots=True)
class DisplayGroupList(Answer):
    """Which groups there are."""

    id: ClassVar = 67
    req_id: int
    groups: tuple[int, ...]

    def text(self, version: int) -> Fields:
        return [67, 1, self.req_id, self._listed()]

    def proto(self, version: int) -> Any:
        return pb.DisplayGroupList(reqId=self.req_id, groups=self._listed())

    def _listed(self) -> str:
        return "|".join(str(group) for group in self.groups)


@dataclass(frozen=True, slots=True)
class DisplayGroupUpdated(Answer):
    """What a group shows now."""

    id: ClassVar = 68
    req_id: int
    contract: str

    def text(self, version: int) -> Fields:
        return [68, 1, self.req_id, self.contract]

    def proto(self, version: int) -> Any:
        return pb.DisplayGroupUpdated(reqId=self.req_id, contractInfo=self.contract)
