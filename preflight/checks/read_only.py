"""read-only: does the gateway take orders just when it should?

READ_ONLY_API is ticked for us after each login, and gateways have been seen to keep what they had. From server
version 219 on the gateway tells the setting; what it does with a question for open orders shows it at any version: a
read-only API refuses that (321). Where it tells and does otherwise, nobody may believe either.
"""

from datetime import datetime

from preflight.check import Answer, Check, Gateway
from preflight.report import Result
from preflight.settings import Settings

_DOES = {True: "refuses orders", False: "takes orders"}

_CONTRADICTION_REMEDY = "restart the gateway, which has a setting that is not in force, and ask again"
_REMEDIES = {
    True: (
        "in the gateway: Configure > Settings > API > Settings, clear 'Read-Only API'; "
        "or set READ_ONLY_API=yes in .env if nothing should be ordered"
    ),
    False: (
        "in the gateway: Configure > Settings > API > Settings, tick 'Read-Only API'; "
        "or set READ_ONLY_API=no in .env if orders are meant"
    ),
}
"""By what the gateway is and should not be."""


async def ask(gateway: Gateway, settings: Settings, now: datetime) -> Answer:
    word = await gateway.word()
    told = word.config.read_only if word.config else None
    seen = await gateway.is_read_only()
    wanted = settings.wants_read_only
    expected = f"a gateway that {_DOES[wanted]}"
    if told is None:
        found = f"{_DOES[seen]}, {word.inferred('open orders')}"
    elif told is seen:
        found = f"{_DOES[seen]}, by its own word"
    else:
        found = f"by its own word it {_DOES[told]}; by what it does with open orders it {_DOES[seen]}"
        return Answer(Result.FAIL, found, _CONTRADICTION_REMEDY, expected)
    if seen is wanted:
        return Answer(Result.PASS, found, expected=expected)
    return Answer(Result.FAIL, found, _REMEDIES[seen], expected)


CHECK = Check("read-only", "orders", "orders taken or refused as configured", ask, needs="login")
