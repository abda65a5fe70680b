"""client-ids: does every client of the gateway have ids of its own?

A gateway takes a client id once; who comes second is refused (326). The engine's adapter then tries the next four ids,
the sentinel and the preflight the rest of their tens, and the drills have those from 920 on. Bands that overlap let
the watcher shut out the engine that it watches. Clients outside this house are counted by the gateway alone.
"""

from itertools import combinations

from preflight.check import Answer, Check, Place, Remedy, Site
from preflight.report import Result

ENGINE_TRIES = 5
BAND = 10
SENTINEL = range(900, 910)
DRILLS = range(920, 930)

_MOVE = Remedy("client-id-bands", "set IB_CLIENT_ID in .env to a number from 1 (the default) to 895, then `make up`")


async def ask(site: Site) -> Answer:
    text = (await site.host.variables()).get("IB_CLIENT_ID") or "1"
    if not text.isdecimal():
        return Answer(Result.FAIL, f"IB_CLIENT_ID is {text!r}", (_MOVE,))
    first = site.settings.preflight_client_id
    bands = {
        "engine": range(int(text), int(text) + ENGINE_TRIES),
        "sentinel": SENTINEL,
        "preflight": range(first, first + BAND),
        "drills": DRILLS,
    }
    said = {name: f"{name} {band.start}-{band.stop - 1}" for name, band in bands.items()}
    both = [(one, other) for one, other in combinations(bands, 2) if set(bands[one]) & set(bands[other])]
    if both:
        return Answer(Result.FAIL, "; ".join(f"{said[one]} and {said[other]}" for one, other in both), (_MOVE,))
    return Answer(Result.PASS, ", ".join(said.values()))


CHECK = Check("client-ids", "configuration", "bands that do not overlap", ask, place=Place.HOST, remedies=(_MOVE,))
