"""instruments: does the gateway know each configured instrument, and just one of that name?

An engine asks for its instruments by name (INSTRUMENTS) before anything else, and Nautilus does not trade at all where
one is unknown or ambiguous. Of options that expire today this asks for what they are on; `chain` looks at them.
"""

import asyncio

from preflight.check import Answer, Check, Remedy, Site
from preflight.instruments import Instrument
from preflight.report import Result
from tws import codes
from tws.errors import RequestRefused

_UNKNOWN = Remedy("instrument-unknown", "correct INSTRUMENTS in .env: the gateway has no definition of that name")
_AMBIGUOUS = Remedy("instrument-ambiguous", "name the listing exchange in INSTRUMENTS, such as SPY@ARCA")


async def ask(site: Site) -> Answer:
    wanted = list(dict.fromkeys(instrument.underlying for instrument in site.settings.traded))
    counts = await asyncio.gather(*(_count(site, instrument) for instrument in wanted))
    unknown, ambiguous, known = [], [], []
    for instrument, count in zip(wanted, counts, strict=True):
        if not count:
            unknown.append(f"{instrument} has no definition")
        elif count > 1:
            ambiguous.append(f"{instrument} has {count}")
        else:
            known.append(str(instrument))
    if unknown or ambiguous:
        remedies = ((_UNKNOWN,) if unknown else ()) + ((_AMBIGUOUS,) if ambiguous else ())
        return Answer(Result.FAIL, ", ".join(unknown + ambiguous), remedies)
    return Answer(Result.PASS, ", ".join(known))


async def _count(site: Site, instrument: Instrument) -> int:
    try:
        return len(await site.gateway.definitions(instrument.contract))
    except RequestRefused as refusal:
        if refusal.code == codes.NO_SECURITY_DEFINITION:
            return 0
        raise


CHECK = Check(
    "instruments",
    "data",
    "one definition of each configured instrument",
    ask,
    needs=("login", "farms"),
    vital=True,
    remedies=(_UNKNOWN, _AMBIGUOUS),
)
