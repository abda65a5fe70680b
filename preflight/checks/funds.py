"""funds: has the account something to trade with?

Net liquidation and buying power, as the gateway tells them of the configured account. While IBKR's servers reset at
night a gateway says that its values are not ready, and what it tells may be of yesterday. Only warns: an engine may
have positions to look after, whatever is left. It cannot see how much your strategy needs.
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.report import Result

_NOT_TOLD = Remedy("funds-not-told", "ask again in a minute; if it stays so, look at the account in Client Portal")
_EMPTY = Remedy(
    "funds-are-out", "look at the account's margin and cash in Client Portal before anything opens a position"
)


async def ask(site: Site) -> Answer:
    rows = await site.gateway.account_values()
    values = {row.key: (row.value, row.currency) for row in rows if row.currency != "BASE"}
    if values.get("AccountReady", ("true", ""))[0].lower() == "false":
        return Answer(Result.WARN, "the gateway says that its values of the account are not ready", (_NOT_TOLD,))
    worth, power = (_amount(values, key) for key in ("NetLiquidation", "BuyingPower"))
    if worth is None or power is None:
        missing = "net liquidation" if worth is None else "buying power"
        return Answer(Result.WARN, f"the gateway tells no {missing}", (_NOT_TOLD,))
    currency = values["NetLiquidation"][1]
    found = f"net liquidation {worth:,.2f} {currency}, buying power {power:,.2f} {currency}"
    if worth <= 0 or power <= 0:
        return Answer(Result.WARN, found, (_EMPTY,))
    return Answer(Result.PASS, found)


def _amount(values: dict[str, tuple[str, str]], key: str) -> float | None:
    try:
        return float(values[key][0])
    except (KeyError, ValueError):
        return None


CHECK = Check(
    "funds", "account", "net liquidation and buying power over 0", ask, needs=("login",), remedies=(_NOT_TOLD, _EMPTY)
)
