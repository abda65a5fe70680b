"""secrets: are the secret files there, with something in them, and for nobody else to read?

Without a password the gateway spends an attempt to log in for nothing. Whether user name and password are the right
ones only a login can tell.
"""

from preflight.check import Answer, Check, Place, Remedy, Site
from preflight.report import Result
from preflight.secret_files import secret_faults

_WRITE = Remedy(
    "secret-file",
    "write each as one line with an editor, and `chmod 600` it; `make up` makes the tokens that are missing",
)


async def ask(site: Site) -> Answer:
    files = await site.host.secrets()
    if faults := secret_faults(files):
        return Answer(Result.FAIL, "; ".join(faults), (_WRITE,))
    return Answer(Result.PASS, f"{len(files)} files, mode 0600, none empty")


CHECK = Check("secrets", "configuration", "secret files of mode 0600", ask, place=Place.HOST, remedies=(_WRITE,))
