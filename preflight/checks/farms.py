"""farms: is every data farm behind the gateway connected?

By what the gateway tells a session of its own accord right after its start, and since. A broken farm of market data
fails where it serves a configured instrument (MARKET_FARMS), a broken farm of contract definitions always: no engine
can start without either. Other broken farms warn. One that sleeps comes when it is asked. It cannot see whether a farm
that is connected sends anything; `quotes` looks at that.
"""

from fnmatch import fnmatchcase

from preflight.check import Answer, Check, Remedy, Site
from preflight.report import Result
from tws import codes
from tws.values import Notice

_BROKEN = Remedy(
    "farm-broken",
    "wait a minute: a gateway connects its farms anew by itself, and `make status` shows what the supervisor does; "
    "if it lasts, look at IBKR's system status page",
)
_SILENT = Remedy("farms-not-told", "ask again; a gateway tells of its farms as soon as somebody connects")
_UPSTREAM = Remedy(
    "ibkr-not-reached",
    "wait: the gateway connects anew by itself; meanwhile look at this machine's network and IBKR's system status page",
)

_STATES = {
    codes.MARKET_FARM_OK: "ok",
    codes.HISTORY_FARM_OK: "ok",
    codes.SECDEF_FARM_OK: "ok",
    codes.MARKET_FARM_IDLE: "asleep",
    codes.HISTORY_FARM_IDLE: "asleep",
    codes.MARKET_FARM_CONNECTING: "connecting",
    codes.MARKET_FARM_BROKEN: "broken",
    codes.HISTORY_FARM_BROKEN: "broken",
    codes.SECDEF_FARM_BROKEN: "broken",
}
_LOST = (codes.UPSTREAM_LOST, codes.UPSTREAM_BROKEN)
_BACK = (codes.UPSTREAM_BACK, codes.UPSTREAM_BACK_DATA_LOST)


async def ask(site: Site) -> Answer:
    notices = await site.gateway.notices()
    if [notice.code for notice in notices if notice.code in (*_LOST, *_BACK)][-1:] in ([code] for code in _LOST):
        return Answer(Result.FAIL, "the gateway has lost its connection to IBKR", (_UPSTREAM,))
    last = {_farm(notice): notice.code for notice in notices if notice.code in _STATES}
    if not last:
        return Answer(Result.WARN, "the gateway has told of no farm", (_SILENT,))
    found = ", ".join(f"{farm} {_STATES[code]}" for farm, code in last.items())
    patterns = [part.strip() for part in site.settings.market_farms.split(",") if part.strip()]
    results = {_result(farm, code, patterns) for farm, code in last.items()}
    for result in (Result.FAIL, Result.WARN):
        if result in results:
            return Answer(result, found, (_BROKEN,))
    return Answer(Result.PASS, found)


def _farm(notice: Notice) -> str:
    """The farm's name follows the fixed words: `Market data farm connection is broken:usfarm`."""
    return notice.text.removeprefix(codes.CODES[notice.code].text).strip()


def _result(farm: str, code: int, patterns: list[str]) -> Result:
    if code == codes.SECDEF_FARM_BROKEN:
        return Result.FAIL
    if code == codes.MARKET_FARM_BROKEN and any(fnmatchcase(farm, pattern) for pattern in patterns):
        return Result.FAIL
    return Result.PASS if _STATES[code] in ("ok", "asleep") else Result.WARN


CHECK = Check("farms", "data", "every farm connected", ask, needs=("login",), remedies=(_BROKEN, _SILENT, _UPSTREAM))
