"""What can be traded, and under which rules.

A server up to 223 is assumed not to say what the newest client can also read of a contract: event contracts, the least
size for algorithms, the precision of the last price and size. No version is known from which it does.
"""

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from gateway.simulator.market.instruments import Instrument
from gateway.simulator.market.products import Bond, Fund, Product
from gateway.simulator.wire.answers.answer import Answer
from gateway.simulator.wire.answers.fields import Fields, contract_proto, rows
from gateway.simulator.wire.protobuf import pb
from gateway.simulator.wire.text import ascii7, plain


@dataclass(frozen=True, slots=True)
class ContractDetails(Answer):
    """One contract with everything about it."""

    id: ClassVar = 10
    req_id: int
    instrument: Instrument
    exchange: str
    hours: str
    liquid_hours: str

    def text(self, version: int) -> Fields:
        instrument = self.instrument
        product = instrument.product
        fields: Fields = [10] if version >= 164 else [10, 8]
        fields += [self.req_id, instrument.symbol, instrument.sec_type, instrument.expiry_text]
        if version >= 182:
            fields.append(instrument.expiry_text)
        fields += [
            plain(instrument.strike) if instrument.is_option else "0",
            instrument.right,
            self.exchange,
            instrument.currency,
            instrument.local_symbol,
            instrument.trading_class,
            instrument.trading_class,
            instrument.con_id,
            plain(instrument.min_tick),
        ]
        if version < 164:
            fields.append(100)
        fields += [
            instrument.multiplier_text,
            instrument.order_types,
            instrument.exchanges,
            1,
            instrument.on,
            ascii7(product.long_name),
            instrument.primary_exchange,
            instrument.contract_month,
            product.industry,
            product.category,
            product.subcategory,
            instrument.zone,
            self.hours,
            self.liquid_hours,
            "",
            "",
        ]
        fields += _security_ids(product)
        fields += [
            product.aggregate,
            product.symbol if product.underlying_type else "",
            product.underlying_type,
            _rules(instrument.market_rule, instrument.exchanges),
            _settled(instrument),
            product.stock_type,
        ]
        if version == 163:
            fields.append(plain(product.min_size))
        if version >= 164:
            fields += _sizes(product)
        if version >= 179 and product.fund is not None:
            fields += _fund(product.fund)
        if version >= 186:
            fields.append(0)
        return fields

    def proto(self, version: int) -> Any:
        instrument = self.instrument
        product = instrument.product
        more = {
            "primaryExch": instrument.primary_exchange,
            "lastTradeDate": instrument.expiry_text,
        }
        details = {
            "underConId": instrument.on,
            "contractMonth": instrument.contract_month,
            "industry": product.industry,
            "category": product.category,
            "subcategory": product.subcategory,
            "underSymbol": product.symbol if product.underlying_type else "",
            "underSecType": product.underlying_type,
            "realExpirationDate": _settled(instrument),
            "stockType": product.stock_type,
            "priceMagnifier": 1,
            **_common_proto(instrument, self.hours, self.liquid_hours),
            **(_fund_proto(product.fund) if product.fund is not None else {}),
        }
        return pb.ContractData(
            reqId=self.req_id,
            contract=contract_proto(instrument, self.exchange, **_said(more)),
            contractDetails=pb.ContractDetails(**_said(details)),
        )


def _said(values: dict[str, Any]) -> dict[str, Any]:
    """Without empty texts, which protobuf leaves out."""
    return {name: value for name, value in values.items() if value != ""}


def _common_proto(instrument: Instrument, hours: str, liquid_hours: str) -> dict[str, Any]:
    """What is said of all, bonds too."""
    product = instrument.product
    return {
        "marketName": instrument.trading_class,
        "minTick": plain(instrument.min_tick),
        "orderTypes": instrument.order_types,
        "validExchanges": instrument.exchanges,
        "longName": product.long_name,
        "timeZoneId": instrument.zone,
        "tradingHours": hours,
        "liquidHours": liquid_hours,
        "secIdList": {"ISIN": product.isin} if product.isin else {},
        "aggGroup": product.aggregate,
        "marketRuleIds": _rules(instrument.market_rule, instrument.exchanges),
        "minSize": plain(product.min_size),
        "sizeIncrement": plain(product.size_step),
        "suggestedSizeIncrement": plain(product.suggested_size),
    }


def _security_ids(product: Product) -> Fields:
    return [1, "ISIN", product.isin] if product.isin else [0]


@cache
def _rules(rule: int, exchanges: str) -> str:
    """A market rule for each exchange."""
    return ",".join([str(rule)] * (exchanges.count(",") + 1))


def _settled(instrument: Instrument) -> str:
    return f"{instrument.settles:%Y%m%d}" if instrument.settles else ""


def _sizes(product: Product) -> Fields:
    return [plain(product.min_size), plain(product.size_step), plain(product.suggested_size)]


def _fund(fund: Fund) -> Fields:
    """The seventeen fields that only funds have."""
    return [
        fund.name,
        fund.family,
        fund.kind,
        fund.front_load,
        fund.back_load,
        fund.back_load_interval,
        fund.management_fee,
        False,
        False,
        False,
        "",
        fund.minimum,
        fund.following,
        "",
        "",
        fund.policy,
        fund.assets,
    ]


def _fund_proto(fund: Fund) -> dict[str, Any]:
    return {
        "fundName": fund.name,
        "fundFamily": fund.family,
        "fundType": fund.kind,
        "fundFrontLoad": fund.front_load,
        "fundBackLoad": fund.back_load,
        "fundBackLoadTimeInterval": fund.back_load_interval,
        "fundManagementFee": fund.management_fee,
        "fundClosed": False,
        "fundClosedForNewInvestors": False,
        "fundClosedForNewMoney": False,
        "fundMinimumInitialPurchase": fund.minimum,
        "fundMinimumSubsequentPurchase": fund.following,
        "fundDistributionPolicyIndicator": fund.policy,
        "fundAssetType": fund.assets,
    }


@dataclass(frozen=True, slots=True)
class BondDetails(Answer):
    """One bond with everything about it: a message of its own."""

    id: ClassVar = 18
    req_id: int
    instrument: Instrument
    bond: Bond
    exchange: str
    hours: str
    liquid_hours: str

    def text(self, version: int) -> Fields:
        instrument, bond = self.instrument, self.bond
        product = instrument.product
        fields: Fields = [18] if version >= 164 else [18, 6]
        fields += [
            self.req_id,
            instrument.symbol,
            instrument.sec_type,
            product.cusip,
            plain(bond.coupon),
            bond.maturity,
            bond.issued,
            bond.ratings,
            bond.kind,
            "FIXED",
            False,
            bond.callable,
            False,
            bond.description,
            self.exchange,
            instrument.currency,
            instrument.trading_class,
            instrument.trading_class,
            instrument.con_id,
            plain(instrument.min_tick),
        ]
        if version < 164:
            fields.append(100)
        fields += [instrument.order_types, instrument.exchanges, "", "", False, "", ascii7(product.long_name)]
        if version >= 188:
            fields += [instrument.zone, self.hours, self.liquid_hours]
        fields += [
            "",
            "",
            *_security_ids(product),
            product.aggregate,
            _rules(instrument.market_rule, instrument.exchanges),
        ]
        if version >= 164:
            fields += _sizes(product)
        return fields

    def proto(self, version: int) -> Any:
        """Clients find the maturity in the contract, as its last trading day."""
        instrument, bond = self.instrument, self.bond
        meant = pb.Contract(
            conId=instrument.con_id,
            symbol=instrument.symbol,
            secType=instrument.sec_type,
            lastTradeDateOrContractMonth=bond.maturity,
            exchange=self.exchange,
            currency=instrument.currency,
            tradingClass=instrument.trading_class,
        )
        details = {
            "cusip": instrument.product.cusip,
            "coupon": bond.coupon,
            "issueDate": bond.issued,
            "ratings": bond.ratings,
            "bondType": bond.kind,
            "couponType": "FIXED",
            "convertible": False,
            "callable": bond.callable,
            "puttable": False,
            "descAppend": bond.description,
            "nextOptionPartial": False,
            **_common_proto(instrument, self.hours, self.liquid_hours),
        }
        return pb.ContractData(reqId=self.req_id, contract=meant, contractDetails=pb.ContractDetails(**_said(details)))


@dataclass(frozen=True, slots=True)
class ContractDetailsEnd(Answer):
    """All that were found have been told."""

    id: ClassVar = 52
    req_id: int

    def text(self, version: int) -> Fields:
        return [52, 1, self.req_id]

    def proto(self, version: int) -> Any:
        return pb.ContractDataEnd(reqId=self.req_id)


@dataclass(frozen=True, slots=True)
class SymbolSamples(Answer):
    """Contracts, each with the kinds of derivatives there are on it."""

    id: ClassVar = 79
    req_id: int
    found: tuple[tuple[Instrument, tuple[str, ...]], ...]

    def text(self, version: int) -> Fields:
        fields: Fields = [79, self.req_id, len(self.found)]
        for instrument, derived in self.found:
            fields += [
                instrument.con_id,
                instrument.symbol,
                instrument.sec_type,
                instrument.primary_exchange,
                instrument.currency,
                len(derived),
                *derived,
            ]
            if version >= 176:
                fields += [ascii7(instrument.product.long_name), _issuer(instrument)]
        return fields

    def proto(self, version: int) -> Any:
        found = [
            pb.ContractDescription(
                contract=pb.Contract(
                    conId=instrument.con_id,
                    symbol=instrument.symbol,
                    secType=instrument.sec_type,
                    primaryExch=instrument.primary_exchange,
                    currency=instrument.currency,
                    description=instrument.product.long_name,
                    issuerId=_issuer(instrument),
                ),
                derivativeSecTypes=derived,
            )
            for instrument, derived in self.found
        ]
        return pb.SymbolSamples(reqId=self.req_id, contractDescriptions=found)


def _issuer(instrument: Instrument) -> str:
    bond = instrument.product.bond
    return bond.issuer if bond else ""


@dataclass(frozen=True, slots=True)
class OptionParameters(Answer):
    """A class on one exchange: every expiry and every strike, not which belong together."""

    id: ClassVar = 75
    req_id: int
    exchange: str
    underlying: Instrument
    trading_class: str
    multiplier: str
    expiries: tuple[dt.date, ...]
    strikes: tuple[float, ...]

    def text(self, version: int) -> Fields:
        return [
            75,
            self.req_id,
            self.exchange,
            self.underlying.con_id,
            self.trading_class,
            self.multiplier,
            len(self.expiries),
            *(f"{expiry:%Y%m%d}" for expiry in self.expiries),
            len(self.strikes),
            *(plain(strike) for strike in self.strikes),
        ]

    def proto(self, version: int) -> Any:
        return pb.SecDefOptParameter(
            reqId=self.req_id,
            exchange=self.exchange,
            underlyingConId=self.underlying.con_id,
            tradingClass=self.trading_class,
            multiplier=self.multiplier,
            expirations=[f"{expiry:%Y%m%d}" for expiry in self.expiries],
            strikes=self.strikes,
        )


@dataclass(frozen=True, slots=True)
class OptionParametersEnd(Answer):
    """All classes have been told."""

    id: ClassVar = 76
    req_id: int

    def text(self, version: int) -> Fields:
        return [76, self.req_id]

    def proto(self, version: int) -> Any:
        return pb.SecDefOptParameterEnd(reqId=self.req_id)


@dataclass(frozen=True, slots=True)
class MarketRule(Answer):
    """Price steps as (from which price on, step)."""

    id: ClassVar = 93
    rule_id: int
    increments: tuple[tuple[float, float], ...]

    def text(self, version: int) -> Fields:
        return [93, self.rule_id, *rows(self.increments)]

    def proto(self, version: int) -> Any:
        steps = [pb.PriceIncrement(lowEdge=low_edge, increment=increment) for low_edge, increment in self.increments]
        return pb.MarketRule(marketRuleId=self.rule_id, priceIncrements=steps)


@dataclass(frozen=True, slots=True)
class SmartComponents(Answer):
    """Exchanges behind the letters of tick types 32 and 33: (exchange, letter), in the order of their bits."""

    id: ClassVar = 82
    req_id: int
    components: tuple[tuple[str, str], ...]

    def text(self, version: int) -> Fields:
        return [82, self.req_id, *rows((bit, *component) for bit, component in enumerate(self.components))]

    def proto(self, version: int) -> Any:
        listed = [
            pb.SmartComponent(bitNumber=bit, exchange=exchange, exchangeLetter=letter)
            for bit, (exchange, letter) in enumerate(self.components)
        ]
        return pb.SmartComponents(reqId=self.req_id, smartComponents=listed)


@dataclass(frozen=True, slots=True)
class DepthExchanges(Answer):
    """Where depth can be had: (exchange, secType, `Deep` for one row a price or `Deep2` for one an order, aggGroup)."""

    id: ClassVar = 80
    exchanges: tuple[tuple[str, str, str, int], ...]

    def text(self, version: int) -> Fields:
        return [80, *rows((exchange, sec_type, "", kind, group) for exchange, sec_type, kind, group in self.exchanges)]

    def proto(self, version: int) -> Any:
        listed = [
            pb.DepthMarketDataDescription(exchange=exchange, secType=sec_type, serviceDataType=kind, aggGroup=group)
            for exchange, sec_type, kind, group in self.exchanges
        ]
        return pb.MarketDepthExchanges(depthMarketDataDescriptions=listed)
