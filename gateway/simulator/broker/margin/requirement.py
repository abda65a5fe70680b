"""The requirement of a whole account, by its type. Pure.

Every account type keeps the same for futures and their options (a scan, as exchanges do it), forex, CFDs and metals;
they differ in securities.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.simulator.broker.holding import Holding
from gateway.simulator.broker.margin import cash_account, portfolio, reg_t, scan
from gateway.simulator.broker.margin.kinds import AccountType

_SECURITIES = frozenset({"STK", "OPT", "BOND", "CRYPTO", "FUND", "WAR"})
_DERIVATIVES = frozenset({"FUT", "FOP"})
_HAIRCUTS = {"CFD": 0.2, "CMDTY": 0.05}
"""Share of the value (assumed)."""
_BORROWED = 0.025
"""Share of a balance below zero in another currency than the base (assumed; IBKR asks 2 to 3 % of major ones)."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """In the base currency."""

    initial: float = 0.0
    maintenance: float = 0.0
    reg_t: float = 0.0
    """Regulation T's own initial margin, which is checked at the day's end."""


NOTHING = Requirement()


def of_account(kind: AccountType, holdings: Sequence[Holding], balances: Mapping[str, float], base: str) -> Requirement:
    """`balances` are by currency and in the base currency."""
    securities = [h for h in holdings if h.instrument.sec_type in _SECURITIES]
    derivatives = [h for h in holdings if h.instrument.sec_type in _DERIVATIVES]
    futures = scan.of_derivatives(derivatives)
    other = sum(abs(h.value) * h.rate * _HAIRCUTS.get(h.instrument.sec_type, 0.0) for h in holdings)
    other += sum(-amount * _BORROWED for currency, amount in balances.items() if currency != base and amount < 0)
    strategy = reg_t.of_securities(securities)
    match kind:
        case "cash":
            needed = cash_account.of_securities(securities)
            initial = maintenance = needed
        case "reg-t":
            initial, maintenance = strategy
        case "portfolio":
            maintenance = portfolio.of_securities(securities)
            initial = maintenance * portfolio.INITIAL
    return Requirement(
        initial=initial + futures * scan.INITIAL + other,
        maintenance=maintenance + futures + other,
        reg_t=strategy[0] + futures * scan.INITIAL + other,
    )
