"""gateway-clock: does the gateway's clock agree with ours?

Orders good till a time, today's expiry and the age of a quote are all reckoned with this machine's clock. The gateway
follows IBKR's servers. From server version 197 on it tells its time in milliseconds, taken as written when half of the
round trip was over; before that the handshake tells it in whole seconds. The difference is reckoned in the gateway's
favour by as much as is not known. The time in seconds that every version tells is the supervisor's alone to ask for:
a gateway ignores whoever asks within the same second.
"""

from preflight.check import Answer, Check, Remedy, Site
from preflight.report import Result

_WARN, _WARN_COARSE, _FAIL = 1.0, 2.0, 5.0

_SET = Remedy(
    "clock-skew",
    "set this machine's clock by the network: `timedatectl set-ntp true`, or `chronyc makestep`; if it is right, the "
    "gateway runs on another machine, whose clock it is",
)


async def ask(site: Site) -> Answer:
    skew = await site.gateway.skew()
    way = "ahead of" if skew.seconds > 0 else "behind"
    found = f"{abs(skew.seconds):.2f} s {way} ours, known within {skew.within:.2f} s"
    found += "" if skew.exact else ", by the handshake"
    beyond = abs(skew.seconds) - skew.within
    if beyond > _FAIL:
        return Answer(Result.FAIL, found, (_SET,))
    if beyond > (_WARN if skew.exact else _WARN_COARSE):
        return Answer(Result.WARN, found, (_SET,))
    return Answer(Result.PASS, found)


CHECK = Check("gateway-clock", "time", f"within {_WARN:g} s of ours", ask, needs=("start-api",), remedies=(_SET,))
