"""settings-owner: can the gateway keep its settings?

The gateway runs as user 1000 and Docker makes a new volume root's own. A gateway that cannot write there forgets at
each start what was clicked in it: the time format, Read-Only API, and the token that spares a second factor.
"""

from preflight.check import Answer, Check, Place, Remedy, Site
from preflight.report import Result

OWNER = 1000

_GIVE = Remedy(
    "settings-owner",
    "`make down`, then `docker run --rm --user 0 --volume VOLUME:/settings --entrypoint chown "
    f"watchkeeper/supervisor:local -R {OWNER}:{OWNER} /settings` with the volume's name, then `make up`",
)


async def ask(site: Site) -> Answer:
    volume = await site.host.settings_volume()
    result = Result.PASS if volume.owner == OWNER else Result.FAIL
    said = f"volume {volume.name} is user {volume.owner}'s"
    return Answer(result, said, () if result is Result.PASS else (_GIVE,))


CHECK = Check(
    "settings-owner",
    "configuration",
    f"the gateway's settings to be user {OWNER}'s",
    ask,
    place=Place.HOST,
    remedies=(_GIVE,),
)
