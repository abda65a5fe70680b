"""mode-port: do mode, account and ports belong together?

By its own convention a gateway serves a live login at 4001 and a paper one at 4002; the image forwards them from 4003
and 4004, and the desktop program has 7496 and 7497. A port can be changed, so a port of the other kind is only a
warning; what the gateway's own word and the account's letters say of it is told beside. An account of the other kind
than the mode is never meant.
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.report import Result

_LIVE = frozenset({4001, 4003, 7496, 7498})
_PAPER = frozenset({4002, 4004, 7497, 7499})

_ACCOUNT = Remedy(
    "account-and-mode",
    "accounts of live logins start with U, of paper ones with D: set IB_ACCOUNT in .env, or use the other mode",
)
_PORT = Remedy("port-and-mode", "check GATEWAY_PORT and the gateway's TRADING_MODE: one of them is of the other mode")


async def ask(site: Site) -> Answer:
    settings = site.settings
    live = settings.mode == "live"
    expected = f"account and ports of a {'live' if live else 'paper'} login"
    if settings.ib_account.startswith("D") is live:
        return Answer(Result.FAIL, f"mode {settings.mode}, account {settings.ib_account}", (_ACCOUNT,), expected)
    ports = {"dialled": settings.gateway_port}
    config = (await site.gateway.word()).config
    if config is not None and config.port is not None:
        ports["the gateway's own"] = config.port
    found = f"mode {settings.mode}, account {settings.ib_account}, " + ", ".join(
        f"port {port} ({which})" for which, port in ports.items()
    )
    strange = set(ports.values()) & (_PAPER if live else _LIVE)
    return Answer(Result.WARN if strange else Result.PASS, found, (_PORT,) if strange else (), expected)


CHECK = Check(
    "mode-port",
    "identity",
    "mode, account and ports of one kind",
    ask,
    needs=("start-api",),
    remedies=(_ACCOUNT, _PORT),
)
