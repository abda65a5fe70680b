"""permissions: may the account trade the configured instruments?

There is no question for trading permissions. What shows them without an order is asked: whether the contract's
definition offers any type of order, and whether market data is refused because the security is not allowed for this
account (203). The rest shows only at the first order, which a preflight never places; Client Portal > Settings >
Trading Permissions has the list.
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.markets import samples
from preflight.report import Result
from tws import codes

_NOT_ALLOWED = Remedy("not-allowed", "ask IBKR for the permission: Client Portal > Settings > Trading Permissions")
_NO_ORDERS = Remedy("nothing-can-be-ordered", "expect no order of it: an index, for one, is only computed, not traded")

_ORDERS = {"LMT", "MKT"}


async def ask(site: Site) -> Answer:
    refused, silent, offered = [], [], []
    for sample in await samples(site):
        refusal = sample.look.refusal if sample.look is not None else None
        if refusal is not None and refusal.code == codes.SECURITY_NOT_ALLOWED:
            refused.append(f"{sample.name}: {refusal.code} {refusal.text}")
        elif not _ORDERS & set(sample.definition.order_types):
            silent.append(f"no market or limit order of {sample.name} is offered")
        else:
            offered.append(sample.name)
    if refused or silent:
        remedies = ((_NOT_ALLOWED,) if refused else ()) + ((_NO_ORDERS,) if silent else ())
        return Answer(Result.WARN, "; ".join(refused + silent), remedies)
    return Answer(Result.PASS, f"nothing speaks against {', '.join(offered)}; the first order will tell")


CHECK = Check(
    "permissions",
    "account",
    "orders offered of each configured instrument",
    ask,
    needs=("instruments",),
    remedies=(_NOT_ALLOWED, _NO_ORDERS),
)
