"""unknown-variables: does .env set what nobody here reads?

A name with a slip in it, or one that another image reads, is ignored without a word, and the default holds.
"""

from difflib import get_close_matches

from preflight.check import Answer, Check, Place, Remedy, Site
from preflight.report import Result
from preflight.variables import KNOWN

_REMOVE = Remedy("unknown-variable", "correct the name, or remove the line: .env.example has every name that is read")
_SECRETS = Remedy(
    "credential-in-env",
    "remove it from .env: the user name and the password are read from secrets/tws_userid and secrets/tws_password",
)

_CREDENTIALS = frozenset(
    f"{name}{kind}"
    for name in ("TWS_USERID", "TWS_USERNAME", "TWS_PASSWORD", "USERNAME", "PASSWORD", "IB_USERNAME", "IB_PASSWORD")
    for kind in ("", "_FILE", "_PAPER", "_PAPER_FILE")
)
"""Under these names images and adapters take a login."""
_IMAGES = {
    "IBC_": "extrange/ibkr",
    "GATEWAY_OR_TWS": "extrange/ibkr",
    "TWS_": "gnzsnz/ib-gateway",
    "TWOFA_": "gnzsnz/ib-gateway",
    "VNC_": "gnzsnz/ib-gateway",
    "SSH_": "gnzsnz/ib-gateway",
    "JAVA_HEAP_SIZE": "gnzsnz/ib-gateway",
    "TRADING_MODE": "gnzsnz/ib-gateway; here `make up PAPER=1` or `LIVE=1` decides",
    "IBGA_": "heshiming/ibga",
    "IB_LOGIN": "heshiming/ibga",
}
"""Whose names these are, by what they begin with."""


async def ask(site: Site) -> Answer:
    unknown = [name for name in await site.host.env_file() if name not in KNOWN]
    if not unknown:
        return Answer(Result.PASS, "every name is read")
    credentials = _CREDENTIALS.intersection(unknown)
    remedies = ((_SECRETS,) if credentials else ()) + ((_REMOVE,) if len(credentials) < len(unknown) else ())
    return Answer(Result.WARN, "; ".join(map(_told, unknown)), remedies)


def _told(name: str) -> str:
    if name in _CREDENTIALS:
        return f"{name} (a credential)"
    if image := next((image for start, image in _IMAGES.items() if name.startswith(start)), None):
        return f"{name} (a setting of {image})"
    close = get_close_matches(name, KNOWN, n=1)
    return f"{name} (perhaps {close[0]})" if close else name


CHECK = Check(
    "unknown-variables",
    "configuration",
    "only names in .env that are read",
    ask,
    place=Place.HOST,
    remedies=(_REMOVE, _SECRETS),
)
