"""The one contract that a request names: what a gateway refuses before it looks, and what it says of none or several.

Texts and causes are those of users' logs and of recorded sessions; the letters in front of a cause vary by build.
"""

from gateway.simulator.api.refusals import invalid
from gateway.simulator.api.session import Session
from gateway.simulator.market.instruments import ContractQuery, Instrument
from tws import codes

_SECURITY_TYPES = frozenset(
    {
        "STK", "OPT", "FUT", "CONTFUT", "FUT+CONTFUT", "CONTFUT+FUT", "IND", "FOP", "CASH", "BAG", "WAR", "BOND",
        "BILL", "CMDTY", "NEWS", "FUND", "CRYPTO", "CFD", "FWD", "IOPT", "SLB", "ICU", "ICS",
    }
)  # fmt: skip
_NOT_LIVE = frozenset(("CONTFUT", "FUT+CONTFUT", "CONTFUT+FUT"))
"""Taken for details and for the past, but not for what ticks."""
_DERIVATIVES = ("FUT", "OPT", "FOP")
_NO_TYPE = "Please enter a valid security type"
NO_EXCHANGE = "Please enter exchange"


def flaw(query: ContractQuery, *, live: bool = False, no_exchange: str = "") -> str | None:
    """Why a gateway does not even look for that contract; None if it does. `no_exchange` is what it says where an
    exchange has to be named: a contract id does not make up for one."""
    named = query.con_id or query.sec_id or query.issuer_id
    known = query.sec_type in _SECURITY_TYPES if query.sec_type else named
    if not known or (live and query.sec_type in _NOT_LIVE):
        return _NO_TYPE
    if no_exchange and not query.exchange.strip():
        return no_exchange
    which = query.con_id or query.local_symbol or (query.right and query.strike and query.expiry)
    if live and query.sec_type in ("OPT", "FOP") and not which:
        return "When the local symbol field is empty, please fill the following fields (right, strike, expiry)"
    return None


def ambiguous(query: ContractQuery) -> str:
    """Error 200's text where several contracts are meant and one is needed."""
    hint = ";\nyou must specify the multiplier or trading class." if query.sec_type in _DERIVATIVES else "."
    return f"The contract description specified for {query.symbol} is ambiguous{hint}"


def one_instrument(
    session: Session, req_id: int, query: ContractQuery, *, live: bool = False, no_exchange: str = NO_EXCHANGE
) -> Instrument | None:
    """The one instrument that a query means; says what is wrong if there is none, or more than one."""
    cause = flaw(query, live=live, no_exchange=no_exchange)
    if cause is not None:
        invalid(session, req_id, cause, "bO" if live else "bN")
        return None
    found = session.gateway.instruments.find(query, session.gateway.now())
    if not found:
        session.refuse(req_id, codes.NO_SECURITY_DEFINITION)
        return None
    if len(found) > 1:
        session.error(req_id, codes.NO_SECURITY_DEFINITION, ambiguous(query))
        return None
    return found[0]
