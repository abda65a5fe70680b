"""openOrder and completedOrder."""

from gateway.simulator.broker.credit import Preview
from gateway.simulator.broker.orders import Order, Status
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.wire.answers.fields import Fields, contract
from gateway.simulator.wire.order_echo import Echo
from gateway.simulator.wire.text import UNSET_DOUBLE, UNSET_INT, UNSET_LONG, double, plain


def open_order(version: int, order: Order, instrument: Instrument, preview: Preview | None = None) -> Fields:
    """Message 5. With a preview it is the answer to a whatIf order."""
    echo, ticket = Echo(order), order.ticket
    fields: Fields = [
        5,
        order.shown_id,
        *contract(instrument, echo.text("exchange", "SMART"), no_right="?"),
        *echo.terms(),
        order.client_id,
        order.perm_id,
        *echo.showing(),
        f"{order.perm_id}.0/{ticket.account}/{plain(order.quantity)}",
        *echo.allocation(version),
        echo.whole("auctionStrategy"),
        *echo.stock_range(),
        echo.flag("blockOrder"),
        *echo.restrictions(),
        0,
        0,
        "",
        ticket.parent_id,
        echo.whole("triggerMethod"),
        *echo.volatility(),
        *echo.delta_neutral(),
        *echo.trailing(),
        "",
        "",
        *echo.combo(),
        echo.flag("optOutSmartRouting"),
        *echo.clearing(),
        int(preview is not None),
        str(order.status),
        *_margins(order, preview),
    ]
    if version >= 195:
        fields += ["", *[UNSET_DOUBLE] * 9, "", order.completed_status if order.status is Status.INACTIVE else "", 0]
    fields += [
        "",
        *echo.randomised(),
        echo.text("adjustedOrderType", "None"),
        echo.price("triggerPrice", UNSET_DOUBLE),
        echo.trail_stop(UNSET_DOUBLE),
        echo.price("lmtPriceOffset", UNSET_DOUBLE),
        echo.price("adjustedStopPrice", UNSET_DOUBLE),
        echo.price("adjustedStopLimitPrice", UNSET_DOUBLE),
        echo.price("adjustedTrailingAmount", UNSET_DOUBLE),
        echo.whole("adjustableTrailingUnit"),
        echo.text("softDollarTierName"),
        echo.text("softDollarTierValue"),
        "",
        echo.amount("cashQty"),
        1,
        echo.flag("isOmsContainer"),
        echo.flag("discretionaryUpToLimitPrice"),
        echo.flag("usePriceMgmtAlgo"),
    ]
    if version >= 158:
        fields.append(echo.whole("duration", ""))
    if version >= 160:
        fields.append(echo.whole("postToAts", ""))
    if version >= 162:
        fields.append(echo.flag("autoCancelParent"))
    if version >= 170:
        fields += echo.peg_offsets("100", "0.02")
    if version >= 183:
        fields.append(echo.text("customerAccount"))
    if version >= 184:
        fields.append(echo.flag("professionalCustomer"))
    if version >= 185:
        fields.append("")
    if version >= 189:
        fields.append(echo.flag("includeOvernight"))
    if version >= 193:
        fields += [echo.text("extOperator"), echo.whole("manualOrderIndicator", UNSET_INT)]
    if version >= 198:
        fields.append(submitter(order))
    if version >= 199:
        fields.append(echo.flag("imbalanceOnly"))
    return fields


def completed_order(
    version: int, order: Order, instrument: Instrument, completed_at: str, auto_cancel: str = ""
) -> Fields:
    """Message 101: an order that is over. It carries neither order id nor client id."""
    echo = Echo(order)
    fields: Fields = [
        101,
        *contract(instrument, echo.text("exchange", "SMART"), no_right="?"),
        *echo.terms(),
        order.perm_id,
        *echo.showing(),
        *echo.allocation(version),
        *echo.stock_range(),
        *echo.restrictions(),
        echo.whole("triggerMethod"),
        *echo.volatility(),
        echo.text("deltaNeutralOrderType", "None"),
        echo.price("deltaNeutralAuxPrice"),
        echo.whole("deltaNeutralConId"),
        echo.flag("deltaNeutralShortSale"),
        echo.whole("deltaNeutralShortSaleSlot"),
        echo.text("deltaNeutralDesignatedLocation"),
        *echo.trailing(),
        *echo.combo(),
        *echo.clearing(),
        str(order.status),
        *echo.randomised(),
        echo.trail_stop(UNSET_DOUBLE),
        echo.price("lmtPriceOffset", UNSET_DOUBLE),
        echo.amount("cashQty"),
        1,
        echo.flag("isOmsContainer"),
        auto_cancel,
        plain(order.filled),
        UNSET_INT,
        echo.flag("autoCancelParent"),
        "Not an insider or substantial shareholder",
        echo.flag("imbalanceOnly"),
        0,
        order.parent_perm_id or UNSET_LONG,
        completed_at,
        order.completed_status,
    ]
    if version >= 170:
        fields += echo.peg_offsets("", "")
    if version >= 183:
        fields.append(echo.text("customerAccount"))
    if version >= 184:
        fields.append(echo.flag("professionalCustomer"))
    if version >= 198:
        fields.append(submitter(order))
    return fields


def submitter(order: Order) -> str:
    """The user name that placed the order."""
    return order.ticket.raw.get("submitter", "")


def _margins(order: Order, preview: Preview | None) -> Fields:
    """Nine margins, then commission, its bounds and currency: of a whatIf, or unset with the commission once filled."""
    if preview is None:
        if order.status is Status.FILLED and order.commission:
            return [*[UNSET_DOUBLE] * 9, plain(order.commission), "", "", "USD"]
        return [*[UNSET_DOUBLE] * 9, "", "", "", ""]
    before, after = preview.before, preview.after
    values = [
        (before.initial_margin, after.initial_margin),
        (before.maintenance_margin, after.maintenance_margin),
        (before.equity_with_loan, after.equity_with_loan),
    ]
    return [
        *(double(round(was, 2)) for was, _ in values),
        *(double(round(will - was, 2)) for was, will in values),
        *(double(round(will, 2)) for _, will in values),
        plain(preview.commission),
        "",
        "",
        "USD",
    ]
