"""Bonds, contracts for difference, metals and a mutual fund: one or two of each."""

from gateway.simulator.market.products import (
    BOND_ORDER_TYPES,
    CASH_ORDER_TYPES,
    FUND_ORDER_TYPES,
    Bond,
    Fund,
    Product,
)

_SPY, _AAPL = 756733, 265598
_NO_GROUP = 2147483647


def _bond(con_id: int, symbol: str, name: str, isin: str, base: float, market_rule: int, terms: Bond) -> Product:
    return Product(
        con_id=con_id,
        symbol=symbol,
        sec_type="BOND",
        long_name=name,
        local_symbol=isin[2:11],
        trading_class=symbol,
        exchanges="SMART",
        listing="SMART",
        multiplier=10.0,
        market_rule=market_rule,
        min_tick=0.0078125 if market_rule == 635 else 0.001,
        decimals=7 if market_rule == 635 else 3,
        order_types=BOND_ORDER_TYPES,
        hours="bond",
        aggregate=_NO_GROUP,
        isin=isin,
        cusip=isin[2:11],
        bond=terms,
        base=base,
        beta=0.08,
        spread=4,
        depth=500,
        trade=5,
        activity=0.02,
        volume=1,
    )


def _cfd(con_id: int, symbol: str, name: str, base: float, path: int, hours: str, underlying: int = 0) -> Product:
    return Product(
        con_id=con_id,
        symbol=symbol,
        sec_type="CFD",
        long_name=name,
        local_symbol=symbol,
        trading_class=symbol,
        exchanges="SMART",
        listing="SMART",
        order_types=CASH_ORDER_TYPES,
        hours=hours,
        aggregate=_NO_GROUP,
        underlying_id=underlying,
        underlying_type="STK" if underlying else "",
        base=base,
        path=path,
        spread=2,
        depth=900,
        trade=0,
    )


OTHERS: tuple[Product, ...] = (
    _bond(
        670123001, "US-T", "United States Treasury", "US91282CJZ59", 99.0, 635,
        Bond(coupon=4.0, maturity="20340215", issued="20240215", ratings="Aaa/AA+", kind="GOVT", issuer="e1400001",
             description="US-T 4 02/15/34"),
    ),
    _bond(
        670123002, "MSFT", "MICROSOFT CORP", "US594918BE30", 82.0, 2038,
        Bond(coupon=4.0, maturity="20550212", issued="20150212", ratings="Aaa/AAA", kind="CORP", issuer="e1400002",
             description="MSFT 4 02/12/55", callable=True),
    ),
    _cfd(111767871, "IBUS500", "US 500", 6000.0, _SPY, "metal"),
    _cfd(118089491, "AAPL", "APPLE INC", 250.0, _AAPL, "stock", _AAPL),
    Product(
        con_id=69067924,
        symbol="XAUUSD",
        sec_type="CMDTY",
        long_name="London Gold",
        trading_class="XAUUSD",
        exchanges="SMART",
        listing="SMART",
        order_types=CASH_ORDER_TYPES,
        hours="metal",
        aggregate=_NO_GROUP,
        base=2700.0,
        beta=0.3,
        spread=20,
        depth=500,
        trade=0,
    ),
    Product(
        con_id=670123003,
        symbol="VFIAX",
        sec_type="FUND",
        long_name="VANGUARD 500 INDEX FUND-ADM",
        trading_class="VFIAX",
        exchanges="FUNDSERV",
        primary_exchange="FUNDSERV",
        order_types=FUND_ORDER_TYPES,
        hours="index",
        aggregate=_NO_GROUP,
        isin="US9229087104",
        cusip="922908710",
        size_step=0.001,
        min_size=0.001,
        base=555.0,
        path=_SPY,
        quoted=False,
        volume=0,
        fund=Fund(
            name="Vanguard 500 Index Fund;Admiral", family="Vanguard", kind="Index", front_load="0", back_load="0",
            back_load_interval="", management_fee="0.04", minimum="3000", following="1", policy="Y", assets="004",
        ),
    ),
)  # fmt: skip
"""Bonds are quoted in per cent of par and counted in thousands of dollars."""
