"""The catalogue of the gateway's codes: what arrives in message 4, and how far it matters.

Numbers and texts are facts of the wire, taken from captures of real gateways and from the published message lists;
docs/tws-api.md says which from where. A text here is its fixed part: what follows it (a farm, a reason, an order
id) is the sender's.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


class Kind(enum.Enum):
    """What a code is about, and so who has to care."""

    CONNECTIVITY = "connectivity"
    """The link between gateway and IBKR, for all its clients."""
    FARM = "farm"
    """One data farm behind the gateway."""
    SESSION = "session"
    """This client's own connection."""
    ORDER = "order"
    """Ends or refuses an order."""
    REQUEST = "request"
    """Ends or refuses a request."""
    WARNING = "warning"
    """Comes with a request or an order and ends neither."""


@dataclass(frozen=True, slots=True)
class Code:
    """One entry of the catalogue."""

    number: int
    text: str
    kind: Kind


NEAR_MAX_RATE: Final = 0
MAX_RATE_EXCEEDED: Final = 100
MAX_TICKERS: Final = 101
DUPLICATE_TICKER: Final = 102
DUPLICATE_ORDER: Final = 103
CANNOT_MODIFY_FILLED: Final = 104
ORDER_MISMATCH: Final = 105
PRICE_VARIATION: Final = 110
NO_SUCH_ORDER: Final = 135
NOT_CANCELLABLE: Final = 161
HISTORICAL_ERROR: Final = 162
HISTORICAL_WARNING: Final = 165
NO_SECURITY_DEFINITION: Final = 200
ORDER_REJECTED: Final = 201
ORDER_CANCELLED: Final = 202
SECURITY_NOT_ALLOWED: Final = 203
UNKNOWN_TICKER: Final = 300
MAX_DEPTH_REQUESTS: Final = 309
COMBO_INVALID: Final = 312
NO_SUCH_DEPTH: Final = 310
DEPTH_RESET: Final = 317
READING_ERROR: Final = 320
VALIDATION_ERROR: Final = 321
PROCESSING_ERROR: Final = 322
COMBO_LEGS_MISSING: Final = 314
DISCRETIONARY: Final = 325
CLIENT_ID_IN_USE: Final = 326
NOT_SUBSCRIBED: Final = 354
INVALID_TRIGGER_PRICE: Final = 361
INVALID_ADJUSTED_STOP: Final = 362
INVALID_ADJUSTED_LIMIT: Final = 363
INVALID_ADJUSTED_TRAIL: Final = 364
NO_SCANNER: Final = 365
INVALID_REAL_TIME: Final = 420
MAX_REAL_TIME: Final = 456
NO_HISTORICAL_QUERY: Final = 366
UNSUPPORTED_ORDER_TYPE: Final = 387
ALLOCATION_MISSING: Final = 436
ORDER_MESSAGE: Final = 399
WHAT_IF_UNTRANSMITTED: Final = 413
ALGORITHM_UNKNOWN: Final = 439
ALGORITHM_NOT_ALLOWED: Final = 442
NO_FUNDAMENTALS: Final = 430
UPSTREAM_LOST: Final = 1100
UPSTREAM_BACK_DATA_LOST: Final = 1101
UPSTREAM_BACK: Final = 1102
SOCKET_PORT_RESET: Final = 1300
UNSUBSCRIBED_FROM_ACCOUNT: Final = 2100
MARKET_FARM_BROKEN: Final = 2103
MARKET_FARM_OK: Final = 2104
HISTORY_FARM_BROKEN: Final = 2105
HISTORY_FARM_OK: Final = 2106
HISTORY_FARM_IDLE: Final = 2107
MARKET_FARM_IDLE: Final = 2108
OUTSIDE_RTH_IGNORED: Final = 2109
UPSTREAM_BROKEN: Final = 2110
MARKET_FARM_CONNECTING: Final = 2119
INVALID_POSITION_VALUE: Final = 2150
SECDEF_FARM_BROKEN: Final = 2157
SECDEF_FARM_OK: Final = 2158
TIME_ZONE_MISSING: Final = 2174
DATA_NEEDS_SUBSCRIPTION: Final = 10089
MISSING_PARENT: Final = 10006
DATA_PARTLY_SUBSCRIBED: Final = 10090
NO_DEPTH: Final = 10092
ORDER_NOT_FOUND: Final = 10147
ORDER_NOT_CANCELLABLE: Final = 10148
DELAYED_DATA: Final = 10167
DELAYED_DATA_OFF: Final = 10168
NEWS_ARTICLE_FAILED: Final = 10172
LIVE_BARS_FAILED: Final = 10182
HISTORICAL_TICKS_FAILED: Final = 10187
HISTOGRAM_FAILED: Final = 10188
TICK_BY_TICK_FAILED: Final = 10189
MAX_TICK_BY_TICK: Final = 10190
COMPETING_SESSION: Final = 10197
NEWS_NOT_ALLOWED: Final = 10276
BAD_END_TIME: Final = 10314
TIF_PRESET: Final = 10349

CODES: Final[Mapping[int, Code]] = MappingProxyType(
    {
        code.number: code
        for code in (
            Code(NEAR_MAX_RATE, "Warning: Approaching max rate of ", Kind.WARNING),
            Code(MAX_RATE_EXCEEDED, "Max rate of messages per second has been exceeded:", Kind.SESSION),
            Code(MAX_TICKERS, "Max number of tickers has been reached", Kind.REQUEST),
            Code(DUPLICATE_TICKER, "Duplicate ticker id", Kind.REQUEST),
            Code(DUPLICATE_ORDER, "Duplicate order id", Kind.ORDER),
            Code(CANNOT_MODIFY_FILLED, "Cannot modify a filled order.", Kind.ORDER),
            Code(ORDER_MISMATCH, "Order being modified does not match original order", Kind.ORDER),
            Code(
                PRICE_VARIATION,
                "The price does not conform to the minimum price variation for this contract.",
                Kind.ORDER,
            ),
            Code(NO_SUCH_ORDER, "Can't find order with id =", Kind.ORDER),
            Code(
                NOT_CANCELLABLE,
                "Cancel attempted when order is not in a cancellable state.  Order permId =",
                Kind.ORDER,
            ),
            Code(HISTORICAL_ERROR, "Historical Market Data Service error message:", Kind.REQUEST),
            Code(HISTORICAL_WARNING, "Historical Market Data Service query message:", Kind.WARNING),
            Code(NO_SECURITY_DEFINITION, "No security definition has been found for the request", Kind.REQUEST),
            Code(ORDER_REJECTED, "Order rejected - reason:", Kind.ORDER),
            Code(ORDER_CANCELLED, "Order Canceled - reason:", Kind.ORDER),
            Code(SECURITY_NOT_ALLOWED, "The security is not available or allowed for this account.", Kind.ORDER),
            Code(UNKNOWN_TICKER, "Can't find EId with tickerId:", Kind.REQUEST),
            Code(MAX_DEPTH_REQUESTS, "Max number (3) of market depth requests has been reached", Kind.REQUEST),
            Code(NO_SUCH_DEPTH, "Can't find the subscribed market depth with tickerId:", Kind.REQUEST),
            Code(
                DEPTH_RESET,
                "Market depth data has been RESET. Please empty deep book contents before applying any new entries.",
                Kind.WARNING,
            ),
            Code(READING_ERROR, "Error reading request:", Kind.REQUEST),
            Code(VALIDATION_ERROR, "Error validating request.", Kind.REQUEST),
            Code(PROCESSING_ERROR, "Error processing request.", Kind.REQUEST),
            Code(
                CLIENT_ID_IN_USE,
                "Unable connect as the client id is already in use. Retry with a unique client id.",
                Kind.SESSION,
            ),
            Code(NOT_SUBSCRIBED, "Requested market data is not subscribed.", Kind.REQUEST),
            Code(NO_SCANNER, "No scanner subscription found for ticker id:", Kind.REQUEST),
            Code(INVALID_REAL_TIME, "Invalid Real-time Query", Kind.REQUEST),
            Code(MAX_REAL_TIME, "Max number of real time requests has been reached", Kind.REQUEST),
            Code(NO_HISTORICAL_QUERY, "No historical data query found for ticker id:", Kind.REQUEST),
            Code(COMBO_INVALID, "The combo details are invalid.", Kind.ORDER),
            Code(COMBO_LEGS_MISSING, "Security type 'BAG' requires combo leg details.", Kind.ORDER),
            Code(
                DISCRETIONARY,
                "Discretionary orders are not supported for this combination of exchange and order type.",
                Kind.ORDER,
            ),
            Code(INVALID_TRIGGER_PRICE, "Invalid trigger price.", Kind.ORDER),
            Code(INVALID_ADJUSTED_STOP, "Invalid adjusted stop price.", Kind.ORDER),
            Code(INVALID_ADJUSTED_LIMIT, "Invalid adjusted stop limit price.", Kind.ORDER),
            Code(INVALID_ADJUSTED_TRAIL, "Invalid adjusted trailing amount.", Kind.ORDER),
            Code(WHAT_IF_UNTRANSMITTED, "What-if order should have the transmit flag set to true.", Kind.ORDER),
            Code(ALGORITHM_UNKNOWN, "Order processing failed. Algorithm definition not found.", Kind.ORDER),
            Code(ALGORITHM_NOT_ALLOWED, "Specified algorithm is not allowed for this order.", Kind.ORDER),
            Code(UNSUPPORTED_ORDER_TYPE, "Unsupported order type for this exchange and security type.", Kind.ORDER),
            Code(
                ALLOCATION_MISSING,
                "You must specify an allocation (either a single account, group, or profile).",
                Kind.ORDER,
            ),
            Code(ORDER_MESSAGE, "Order Message:\n", Kind.WARNING),
            Code(
                NO_FUNDAMENTALS,
                "We are sorry, but fundamentals data for the security specified is not available.",
                Kind.REQUEST,
            ),
            Code(
                UPSTREAM_LOST,
                "Connectivity between IBKR and Trader Workstation has been lost.",
                Kind.CONNECTIVITY,
            ),
            Code(
                UPSTREAM_BACK_DATA_LOST,
                "Connectivity between IBKR and Trader Workstation has been restored - data lost.",
                Kind.CONNECTIVITY,
            ),
            Code(
                UPSTREAM_BACK,
                "Connectivity between IBKR and Trader Workstation has been restored - data maintained.",
                Kind.CONNECTIVITY,
            ),
            Code(
                SOCKET_PORT_RESET,
                "Socket port has been reset and this connection is being dropped. Please reconnect on the new port -",
                Kind.SESSION,
            ),
            Code(UNSUBSCRIBED_FROM_ACCOUNT, "API client has been unsubscribed from account data.", Kind.WARNING),
            Code(MARKET_FARM_BROKEN, "Market data farm connection is broken:", Kind.FARM),
            Code(MARKET_FARM_OK, "Market data farm connection is OK:", Kind.FARM),
            Code(HISTORY_FARM_BROKEN, "HMDS data farm connection is broken:", Kind.FARM),
            Code(HISTORY_FARM_OK, "HMDS data farm connection is OK:", Kind.FARM),
            Code(
                HISTORY_FARM_IDLE,
                "HMDS data farm connection is inactive but should be available upon demand.",
                Kind.FARM,
            ),
            Code(
                MARKET_FARM_IDLE,
                "Market data farm connection is inactive but should be available upon demand.",
                Kind.FARM,
            ),
            Code(
                OUTSIDE_RTH_IGNORED,
                "Order Event Warning:Attribute 'Outside Regular Trading Hours' is ignored based on the order type and "
                "destination. PlaceOrder is now being processed.",
                Kind.WARNING,
            ),
            Code(
                UPSTREAM_BROKEN,
                "Connectivity between Trader Workstation and server is broken. It will be restored automatically.",
                Kind.CONNECTIVITY,
            ),
            Code(MARKET_FARM_CONNECTING, "Market data farm is connecting:", Kind.FARM),
            Code(INVALID_POSITION_VALUE, "Invalid position trade derived value", Kind.WARNING),
            Code(SECDEF_FARM_BROKEN, "Sec-def data farm connection is broken:", Kind.FARM),
            Code(SECDEF_FARM_OK, "Sec-def data farm connection is OK:", Kind.FARM),
            Code(TIME_ZONE_MISSING, "The request's date and time have no time zone.", Kind.WARNING),
            Code(
                DATA_NEEDS_SUBSCRIPTION,
                "Requested market data requires additional subscription for API. "
                "See link in 'Market Data Connections' dialog for more details.",
                Kind.REQUEST,
            ),
            Code(MISSING_PARENT, "Missing parent order", Kind.ORDER),
            Code(
                DATA_PARTLY_SUBSCRIBED,
                "Part of requested market data is not subscribed. Subscription-independent ticks are still active.",
                Kind.WARNING,
            ),
            Code(
                NO_DEPTH,
                "Deep market data is not supported for this combination of security type/exchange",
                Kind.REQUEST,
            ),
            Code(ORDER_NOT_FOUND, "OrderId that needs to be cancelled is not found.", Kind.ORDER),
            Code(ORDER_NOT_CANCELLABLE, "OrderId that needs to be cancelled cannot be cancelled", Kind.ORDER),
            Code(
                DELAYED_DATA,
                "Requested market data is not subscribed. Displaying delayed market data.",
                Kind.WARNING,
            ),
            Code(
                DELAYED_DATA_OFF,
                "Requested market data is not subscribed. Delayed market data is not enabled",
                Kind.REQUEST,
            ),
            Code(NEWS_ARTICLE_FAILED, "Failed to request news article: ", Kind.REQUEST),
            Code(LIVE_BARS_FAILED, "Failed to request live updates (disconnected).", Kind.REQUEST),
            Code(HISTORICAL_TICKS_FAILED, "Failed to request historical ticks:", Kind.REQUEST),
            Code(HISTOGRAM_FAILED, "Failed to request histogram data:", Kind.REQUEST),
            Code(TICK_BY_TICK_FAILED, "Failed to request tick-by-tick data", Kind.REQUEST),
            Code(MAX_TICK_BY_TICK, "Max number of tick-by-tick requests has been reached", Kind.REQUEST),
            Code(COMPETING_SESSION, "No market data during competing live session", Kind.REQUEST),
            Code(NEWS_NOT_ALLOWED, "News feed is not allowed.", Kind.REQUEST),
            Code(TIF_PRESET, "Order TIF was set to DAY based on order preset.", Kind.WARNING),
            Code(BAD_END_TIME, "End Date/Time: The date, time, or time-zone entered is invalid.", Kind.REQUEST),
        )
    }
)


def ends_request(number: int) -> bool:
    """Whether this code, sent for a request, means that no answer will follow.

    An unknown code does, unless it stands in the block of notices (2100-2199): an answer that is waited for in
    vain costs more than one that is given up too soon.
    """
    code = CODES.get(number)
    if code is None:
        return not 2100 <= number < 2200
    return code.kind in (Kind.ORDER, Kind.REQUEST)


def text(number: int, tail: str = "") -> str:
    """The gateway's own words for a code, with what the sender adds.

    Raises:
        KeyError: the code is not in the catalogue.
    """
    return CODES[number].text + tail
