"""Money, positions and profit."""

from collections.abc import Sequence

from gateway.simulator.broker.holding import Holding
from gateway.simulator.broker.positions import Position
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.wire.answers.fields import Fields, contract
from gateway.simulator.wire.text import UNSET_DOUBLE, cents, double, plain


def account_summary(req_id: int, account: str, tag: str, value: str, currency: str) -> Fields:
    return [63, 1, req_id, account, tag, value, currency]


def account_summary_end(req_id: int) -> Fields:
    return [64, 1, req_id]


def account_value(key: str, value: str, currency: str, account: str) -> Fields:
    return [6, 2, key, value, currency, account]


def portfolio_value(instrument: Instrument, holding: Holding, account: str) -> Fields:
    position = holding.position
    return [
        7,
        8,
        instrument.con_id,
        instrument.symbol,
        instrument.sec_type,
        instrument.expiry_text,
        plain(instrument.strike) if instrument.is_option else "0",
        instrument.right or "0",
        instrument.multiplier_text,
        instrument.listing,
        instrument.currency,
        instrument.local_symbol,
        instrument.trading_class,
        plain(position.quantity),
        f"{holding.price:.7f}",
        cents(holding.value),
        f"{position.average_cost:.7f}",
        cents(holding.unrealized),
        cents(position.realized),
        account,
    ]


def account_time(clock: str) -> Fields:
    return [8, 1, clock]


def account_download_end(account: str) -> Fields:
    return [54, 1, account]


def position(instrument: Instrument, held: Position, account: str) -> Fields:
    return [
        61,
        3,
        account,
        *contract(instrument, instrument.listing, strike="0.0"),
        plain(held.quantity),
        plain(round(held.average_cost, 7)),
    ]


def position_end() -> Fields:
    return [62, 1]


def position_multi(req_id: int, instrument: Instrument, held: Position, account: str, model: str = "") -> Fields:
    return [
        71,
        1,
        req_id,
        account,
        *contract(instrument, instrument.listing, strike="0.0"),
        plain(held.quantity),
        plain(round(held.average_cost, 7)),
        model,
    ]


def position_multi_end(req_id: int) -> Fields:
    return [72, 1, req_id]


def account_update_multi(req_id: int, account: str, model: str, key: str, value: str, currency: str) -> Fields:
    return [73, 1, req_id, account, model, key, value, currency]


def account_update_multi_end(req_id: int) -> Fields:
    return [74, 1, req_id]


def pnl(req_id: int, daily: float, unrealized: float, realized: float) -> Fields:
    return [94, req_id, double(round(daily, 4)), double(round(unrealized, 4)), double(round(realized, 4))]


def pnl_single(req_id: int, quantity: float, daily: float, unrealized: float, realized: float, value: float) -> Fields:
    return [95, req_id, plain(quantity), *(double(round(x, 4)) for x in (daily, unrealized, realized, value))]


def pnl_single_unset(req_id: int) -> Fields:
    """For a contract that is not held."""
    return [95, req_id, 0, *[UNSET_DOUBLE] * 4]


def family_codes(codes: Sequence[tuple[str, str]]) -> Fields:
    """Each an account and its family's code."""
    return [78, len(codes), *(field for pair in codes for field in pair)]


def receive_fa(kind: int, xml: str) -> Fields:
    return [16, 1, kind, xml]


def replace_fa_end(req_id: int, text: str) -> Fields:
    return [103, req_id, text]
