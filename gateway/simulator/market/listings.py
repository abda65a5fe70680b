"""What is listed that does not expire. Contract ids, ISINs and FIGIs of the well-known are the real ones.

Assumed are the ids of XSP, of USD.MXN, of Bitcoin at Zero Hash, of the stock CFD, the bonds and the mutual fund.
"""

from dataclasses import replace

from gateway.simulator.market.calendar import CENTRAL, EASTERN
from gateway.simulator.market.others import OTHERS
from gateway.simulator.market.products import (
    CASH_ORDER_TYPES,
    CRYPTO_ORDER_TYPES,
    INDEX_ORDER_TYPES,
    Product,
)
from gateway.simulator.market.surface import LEVERAGE

SPY, QQQ, AAPL = 756733, 320227571, 265598
SPX, NDX, VIX, XSP = 416904, 416843, 13455763, 137851301
EUR_USD, GBP_USD, USD_JPY = 12087792, 12087797, 15016059
BTC, XAUUSD = 479624278, 69067924

_NO_GROUP = 2147483647


def _stock(
    con_id: int,
    symbol: str,
    name: str,
    primary: str,
    isin: str,
    figi: str,
    base: float,
    *,
    kind: str = "COMMON",
    industry: tuple[str, str, str] = ("", "", ""),
    volatility: float = 0.28,
) -> Product:
    return Product(
        con_id=con_id,
        symbol=symbol,
        sec_type="STK",
        long_name=name,
        primary_exchange=primary,
        trading_class="NMS" if primary == "NASDAQ" else symbol,
        isin=isin,
        cusip=isin[2:11],
        figi=figi,
        stock_type=kind,
        industry=industry[0],
        category=industry[1],
        subcategory=industry[2],
        base=base,
        volatility=volatility,
        size_step=0.0001,
        min_size=0.0001,
        suggested_size=100,
        lot=100,
        depth=900,
        trade=25,
    )


STOCKS = (
    _stock(SPY, "SPY", "SS SPDR S&P 500 ETF TRUST-US", "ARCA", "US78462F1030", "BBG000BDTBL9", 600.0, kind="ETF"),
    _stock(QQQ, "QQQ", "INVESCO QQQ TRUST SERIES 1", "NASDAQ", "US46090E1038", "BBG000BSWKH7", 500.0, kind="ETF"),
    _stock(
        AAPL, "AAPL", "APPLE INC", "NASDAQ", "US0378331005", "BBG000B9XRY4", 250.0,
        industry=("Technology", "Computers", "Computers"),
    ),
    _stock(
        272093, "MSFT", "MICROSOFT CORP", "NASDAQ", "US5949181045", "BBG000BPH459", 480.0,
        industry=("Technology", "Software", "Applications Software"),
    ),
    _stock(
        4815747, "NVDA", "NVIDIA CORP", "NASDAQ", "US67066G1040", "BBG000BBJQV0", 180.0,
        industry=("Technology", "Semiconductors", "Electronic Compo-Semicon"),
    ),
    _stock(
        76792991, "TSLA", "TESLA INC", "NASDAQ", "US88160R1014", "BBG000N9MNX3", 420.0,
        industry=("Consumer, Cyclical", "Auto Manufacturers", "Auto-Cars/Light Trucks"),
    ),
    _stock(
        3691937, "AMZN", "AMAZON.COM INC", "NASDAQ", "US0231351067", "BBG000BVPV84", 220.0,
        industry=("Communications", "Internet", "E-Commerce/Products"),
    ),
    _stock(
        8314, "IBM", "INTL BUSINESS MACHINES CORP", "NYSE", "US4592001014", "BBG000BLNNH6", 280.0,
        industry=("Technology", "Computers", "Computer Services"),
    ),
    _stock(9579970, "IWM", "ISHARES RUSSELL 2000 ETF", "ARCA", "US4642876555", "BBG000CGC9C4", 240.0, kind="ETF"),
)  # fmt: skip


MEXICAN = replace(
    STOCKS[2],
    con_id=38708077,
    trading_class="AAPL",
    exchanges="MEXI",
    primary_exchange="MEXI",
    currency="MXN",
    zone=CENTRAL,
    market_rule=26,
    size_step=1.0,
    min_size=1.0,
    base=4600.0,
    path=AAPL,
)
"""The same company elsewhere, so that a contract without currency and exchange is ambiguous."""


def _index(con_id: int, symbol: str, name: str, exchange: str, base: float, path: int, beta: float = 1.0) -> Product:
    return Product(
        con_id=con_id,
        symbol=symbol,
        sec_type="IND",
        long_name=name,
        exchanges=exchange,
        listing=exchange,
        trading_class=symbol,
        order_types=INDEX_ORDER_TYPES,
        hours="index",
        zone=CENTRAL if exchange == "CBOE" else EASTERN,
        tradable=False,
        quoted=False,
        volume=0,
        aggregate=_NO_GROUP,
        base=base,
        path=path,
        beta=beta,
        volatility=0.16 if beta > 0 else 0.9,
    )


INDICES = (
    _index(SPX, "SPX", "S&P 500 Stock Index", "CBOE", 6000.0, SPY),
    _index(XSP, "XSP", "S&P 500 Mini SPX Options Index", "CBOE", 600.0, SPY),
    _index(NDX, "NDX", "NASDAQ 100 Stock Index", "NASDAQ", 20500.0, QQQ),
    _index(VIX, "VIX", "CBOE Volatility Index", "CBOE", 18.0, SPY, LEVERAGE),
)


def _pair(con_id: int, symbol: str, currency: str, name: str, base: float, beta: float) -> Product:
    yen = currency == "JPY"
    return Product(
        con_id=con_id,
        symbol=symbol,
        currency=currency,
        sec_type="CASH",
        long_name=name,
        exchanges="IDEALPRO",
        primary_exchange="",
        listing="IDEALPRO",
        local_symbol=f"{symbol}.{currency}",
        trading_class=f"{symbol}.{currency}",
        market_rule=59 if yen else 239,
        min_tick=0.005 if yen else 0.00005,
        decimals=3 if yen else 5,
        order_types=CASH_ORDER_TYPES,
        hours="forex",
        aggregate=4,
        base=base,
        beta=beta,
        spread=1,
        depth=9_000_000,
        lot=1_000_000,
        trade=0,
        size_step=0.01,
        min_size=0.01,
        suggested_size=0.01,
    )


FOREX = (
    _pair(EUR_USD, "EUR", "USD", "European Monetary Union Euro", 1.15, 0.15),
    _pair(GBP_USD, "GBP", "USD", "British pound", 1.32, 0.15),
    _pair(USD_JPY, "USD", "JPY", "United States dollar", 152.0, 0.15),
    # What is listed in Mexico is paid for in its money.
    _pair(35045199, "USD", "MXN", "United States dollar", 18.4, 0.15),
)


def _coin(con_id: int, symbol: str, name: str, exchange: str, base: float, path: int = 0) -> Product:
    return Product(
        con_id=con_id,
        symbol=symbol,
        sec_type="CRYPTO",
        long_name=name,
        exchanges=exchange,
        listing=exchange,
        local_symbol=f"{symbol}.USD",
        trading_class=symbol,
        market_rule=557 if base > 10_000 else 26,
        min_tick=0.25 if base > 10_000 else 0.01,
        order_types=CRYPTO_ORDER_TYPES,
        hours="crypto",
        aggregate=_NO_GROUP,
        base=base,
        path=path,
        beta=1.5,
        spread=4,
        depth=3,
        lot=0.0001,
        trade=0.0125,
        activity=0.3,
        volume=0.02,
        size_step=1e-8,
        min_size=1e-8,
        suggested_size=1e-8,
    )


CRYPTO = (
    _coin(BTC, "BTC", "Bitcoin cryptocurrency", "PAXOS", 95_000.0),
    _coin(698725912, "BTC", "Bitcoin cryptocurrency", "ZEROHASH", 95_000.0, BTC),
    _coin(495759171, "ETH", "Ethereum cryptocurrency", "PAXOS", 3_300.0),
)

LISTED: tuple[Product, ...] = (*STOCKS, MEXICAN, *INDICES, *FOREX, *CRYPTO, *OTHERS)
"""Every family of one."""
