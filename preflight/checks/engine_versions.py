"""engine-versions: does the engine run on the versions that this project was tested with?

Every release of NautilusTrader asks for one version of ibapi, and this project uses private names of one release. Other
packages install the same folder `ibapi` and overwrite it without a word; that shows only as another version here.
"""

from importlib import metadata

from preflight.check import Answer, Check, Remedy, Site
from preflight.report import Result

NAUTILUS = "1.231.0"
"""With which the engine, the times that it reads and its way to reconnect were tested."""

_BUILD = Remedy("engine-versions", "build the engine's image from uv.lock as it is in this project: `make up` does")


async def ask(site: Site) -> Answer:
    found = (await site.house.about_engine()).versions
    tested = metadata.version("nautilus-ibapi")
    said = f"NautilusTrader {found.nautilus_trader}, ibapi {found.ibapi}"
    if found.ibapi != found.ibapi_wanted:
        said += f", and NautilusTrader asks for ibapi {found.ibapi_wanted or 'no version'}"
    well = found.ibapi == found.ibapi_wanted == tested and found.nautilus_trader == NAUTILUS
    return Answer(
        Result.PASS if well else Result.FAIL,
        said,
        () if well else (_BUILD,),
        f"NautilusTrader {NAUTILUS} with its ibapi {tested}",
    )


CHECK = Check("engine-versions", "engine", f"NautilusTrader {NAUTILUS} and its ibapi", ask, remedies=(_BUILD,))
