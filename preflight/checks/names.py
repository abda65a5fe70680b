"""names: does the gateway's name lead to one machine?

A name that leads to two (two gateways with one alias on one network) sends the preflight to one gateway and the engine
to the other. Where the name leads nowhere, nothing can be asked; Docker drops the name of a container that is stopped.
Whether IBKR's own names resolve inside the gateway's container cannot be seen from here.
"""

from ipaddress import IPv4Address, ip_address

from preflight.check import Answer, Check, Remedy, Site
from preflight.report import Result

_START = Remedy(
    "gateway-name-unresolved", "start the stack with `make up`; a stopped container has no name on its network"
)
_ONE = Remedy(
    "gateway-name-ambiguous",
    "give each gateway a name of its own: two containers share this one, and who is asked is left to chance",
)


async def ask(site: Site) -> Answer:
    name = site.settings.gateway_host
    found = await site.host.addresses(name)
    if not found:
        return Answer(Result.FAIL, f"{name} has no address", (_START,))
    said = f"{name} is {', '.join(found)}"
    # localhost is one machine, by IPv4 and by IPv6.
    alike = sum(isinstance(ip_address(address.partition("%")[0]), IPv4Address) for address in found)
    if max(alike, len(found) - alike) > 1:
        return Answer(Result.FAIL, said, (_ONE,))
    return Answer(Result.PASS, said)


CHECK = Check("names", "host", "the gateway's name to lead to one machine", ask, remedies=(_START, _ONE))
