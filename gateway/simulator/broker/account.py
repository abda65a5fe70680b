"""What an account is worth, what it must keep and what it may still buy. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.simulator.broker.holding import Holding
from gateway.simulator.broker.ledger import BASE
from gateway.simulator.broker.margin.kinds import AccountType
from gateway.simulator.broker.margin.requirement import NOTHING, Requirement, of_account

_LOANABLE = frozenset({"STK", "BOND", "FUND"})
"""Securities whose value a Reg-T account may borrow against. Options and crypto are paid in full."""

_DAY_TRADING, _OVERNIGHT = 4.0, 2.0
"""Buying power of a margin account as a multiple of what is available: for those who may trade by the day, and for
those who may not."""

_PATTERN_DAY_TRADER = 25_000.0
"""Equity from which day trades are not counted (FINRA)."""


@dataclass(frozen=True, slots=True)
class Values:
    """The account in numbers, in the base currency, or one currency's part of it in its own."""

    cash: float = 0.0
    by_type: Mapping[str, float] = field(default_factory=dict)
    """What positions add to its worth, by security type."""
    gross: float = 0.0
    unrealized: float = 0.0
    realized: float = 0.0
    daily: float = 0.0
    requirement: Requirement = NOTHING
    kind: AccountType = "reg-t"

    @property
    def net_liquidation(self) -> float:
        return self.cash + sum(self.by_type.values())

    @property
    def futures_pnl(self) -> float:
        """What futures and CFDs have gained and not been paid for."""
        return self.by_type.get("FUT", 0.0) + self.by_type.get("CFD", 0.0)

    @property
    def equity_with_loan(self) -> float:
        """What may be borrowed against: nothing but money in a cash account, everything under portfolio margin."""
        if self.kind == "portfolio":
            return self.net_liquidation
        loanable = sum(self.by_type.get(kind, 0.0) for kind in _LOANABLE) if self.kind == "reg-t" else 0.0
        return self.cash + self.futures_pnl + loanable

    @property
    def initial_margin(self) -> float:
        return self.requirement.initial

    @property
    def maintenance_margin(self) -> float:
        return self.requirement.maintenance

    @property
    def available(self) -> float:
        return self.equity_with_loan - self.initial_margin

    @property
    def excess(self) -> float:
        return self.equity_with_loan - self.maintenance_margin

    @property
    def may_day_trade(self) -> bool:
        """Whether day trades are not counted."""
        return self.kind == "cash" or self.net_liquidation >= _PATTERN_DAY_TRADER

    def buying_power(self, previous: float) -> float:
        """What may be bought. It goes by the lower of today's equity and that of the day before."""
        available = max(min(self.equity_with_loan, previous) - self.initial_margin, 0.0)
        if self.kind == "cash":
            return available
        return available * (_DAY_TRADING if self.may_day_trade else _OVERNIGHT)


def value(kind: AccountType, balances: Mapping[str, float], holdings: Sequence[Holding]) -> Values:
    """Add it all up. `balances` are by currency, each in the base currency already."""
    by_type: dict[str, float] = {}
    for holding in holdings:
        sec_type = holding.instrument.sec_type
        by_type[sec_type] = by_type.get(sec_type, 0.0) + holding.equity * holding.rate
    return Values(
        cash=sum(balances.values()),
        by_type=by_type,
        gross=sum(abs(h.value) * h.rate for h in holdings if h.instrument.sec_type != "CASH"),
        unrealized=sum(h.unrealized * h.rate for h in holdings),
        realized=sum(h.position.realized * h.rate for h in holdings),
        daily=sum(h.daily * h.rate for h in holdings),
        requirement=of_account(kind, holdings, balances, BASE),
        kind=kind,
    )


def part(currency: str, balance: float, holdings: Sequence[Holding]) -> Values:
    """One currency's part, in that currency."""
    own = [h for h in holdings if h.instrument.currency == currency]
    by_type: dict[str, float] = {}
    for holding in own:
        sec_type = holding.instrument.sec_type
        by_type[sec_type] = by_type.get(sec_type, 0.0) + holding.equity
    return Values(
        cash=balance,
        by_type=by_type,
        gross=sum(abs(h.value) for h in own),
        unrealized=sum(h.unrealized for h in own),
        realized=sum(h.position.realized for h in own),
        daily=sum(h.daily for h in own),
    )


def total(several: Sequence[Values]) -> Values:
    """Several accounts, or their parts in one currency, together."""
    if len(several) == 1:
        return several[0]
    return Values(
        cash=sum(values.cash for values in several),
        by_type={
            sec_type: sum(values.by_type.get(sec_type, 0.0) for values in several)
            for sec_type in sorted({name for values in several for name in values.by_type})
        },
        gross=sum(values.gross for values in several),
        unrealized=sum(values.unrealized for values in several),
        realized=sum(values.realized for values in several),
        daily=sum(values.daily for values in several),
        requirement=Requirement(
            initial=sum(values.requirement.initial for values in several),
            maintenance=sum(values.requirement.maintenance for values in several),
            reg_t=sum(values.requirement.reg_t for values in several),
        ),
        kind=several[0].kind if several else "reg-t",
    )
