"""read-only: does the gateway take orders just when it should?

READ_ONLY_API is ticked for us after each login, and gateways have been seen to keep what they had. From server
version 219 on the gateway tells the setting; what it does with a question for open orders shows it at any version: a
read-only API refuses that (321). Where it tells and does otherwise, nobody may believe either.
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.report import Result

_DOES = {True: "refuses orders", False: "takes orders"}

_CONTRADICTION = Remedy(
    "read-only-contradiction", "restart the gateway, which has a setting that is not in force, and ask again"
)
_ALLOW = Remedy(
    "orders-are-refused",
    "in the gateway: Configure > Settings > API > Settings, clear 'Read-Only API'; "
    "or set READ_ONLY_API=yes in .env if nothing should be ordered",
)
_REFUSE = Remedy(
    "orders-are-taken",
    "in the gateway: Configure > Settings > API > Settings, tick 'Read-Only API'; "
    "or set READ_ONLY_API=no in .env if orders are meant",
)


async def ask(site: Site) -> Answer:
    word = await site.gateway.word()
    told = word.config.read_only if word.config else None
    seen = await site.gateway.is_read_only()
    wanted = site.settings.wants_read_only
    expected = f"a gateway that {_DOES[wanted]}"
    if told is None:
        found = f"{_DOES[seen]}, {word.inferred('open orders')}"
    elif told is seen:
        found = f"{_DOES[seen]}, by its own word"
    else:
        found = f"by its own word it {_DOES[told]}; by what it does with open orders it {_DOES[seen]}"
        return Answer(Result.FAIL, found, (_CONTRADICTION,), expected)
    if seen is wanted:
        return Answer(Result.PASS, found, expected=expected)
    return Answer(Result.FAIL, found, (_ALLOW if seen else _REFUSE,), expected)


CHECK = Check(
    "read-only",
    "identity",
    "orders taken or refused as configured",
    ask,
    needs=("login",),
    vital=True,
    remedies=(_CONTRADICTION, _ALLOW, _REFUSE),
)
