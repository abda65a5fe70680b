"""What the gateway is set to, by the names of the messages that ask for it: `api.settings.readOnlyApi` and so on.

The first values come from the environment, or are what the stand-in does anyway. What is changed later is kept in the
record, as a real gateway keeps its settings in its folder, and wins until the state folder is removed. But for what
IBC sets at each start, because the environment names it: that is set again at each start.
"""

import ipaddress
import json
from collections.abc import Callable, Mapping

from gateway.simulator.broker.store import Store
from gateway.simulator.ibc_settings import time_of
from gateway.simulator.settings import Settings, TimeFormat

type Setting = bool | int | str | tuple[str, ...]

_KEPT = "configuration"
READ_ONLY = "api.settings.readOnlyApi"
SOCKET_PORT = "api.settings.socketPort"
TIME_FORM = "api.settings.sendInstrumentTimezone"
REJECT = "api.settings.rejectMessagesAboveMaxRate"
MASTER = "api.settings.masterClientId"
LOCAL_ONLY = "api.settings.allowLocalhostOnly"
LOGOFF_TIME, LOGOFF_PERIOD, LOGOFF_TYPE = LOGOFF = (
    "lockAndExit.autoLogoffTime",
    "lockAndExit.autoLogoffPeriod",
    "lockAndExit.autoLogoffType",
)
NO_MASTER = -1
"""The master client's id where there is none; it is not told."""
CAP_PRICE = 131
"""The one message that can be switched off: a real gateway's question about capped prices. The id is that of IBKR's
sample, which accepts a warning of the same id to switch it off."""
CAP_PRICE_ENABLED = f"messages.{CAP_PRICE}.enabled"

DEFAULTS: Mapping[str, Setting] = {
    # what the stand-in acts by, and can be changed
    READ_ONLY: False,
    SOCKET_PORT: 0,
    TIME_FORM: "utc",
    REJECT: False,
    MASTER: NO_MASTER,
    LOCAL_ONLY: True,
    LOGOFF_TIME: "",
    LOGOFF_PERIOD: "",
    LOGOFF_TYPE: "",
    # the rest is told as the stand-in acts; a change is kept and told, and has no effect
    "api.settings.totalQuantityForMutualFunds": False,
    "api.settings.downloadOpenOrdersOnConnection": False,
    "api.settings.includeVirtualFxPositions": True,
    "api.settings.prepareDailyPnL": True,
    "api.settings.sendStatusUpdatesForVolatilityOrders": True,
    "api.settings.encodeApiMessages": "ascii7",
    "api.settings.useNegativeAutoRange": True,
    "api.settings.createApiMessageLogFile": False,
    "api.settings.includeMarketDataInLogFile": False,
    "api.settings.exposeTradingScheduleToApi": True,
    "api.settings.splitInsuredDepositFromCashBalance": False,
    "api.settings.sendZeroPositionsForTodayOnly": True,
    "api.settings.letApiAccountRequestsSwitchSubscription": False,
    "api.settings.useAccountGroupsWithAllocationMethods": True,
    "api.settings.loggingLevel": "error",
    "api.settings.bulkDataTimeout": 30,
    "api.settings.componentExchSeparator": ",",
    "api.settings.showForexDataIn1_10Pips": False,
    "api.settings.allowForexTradingIn1_10Pips": False,
    "api.settings.roundAccountValuesToNearestWholeNumber": False,
    "api.settings.sendMarketDataInLotsForUsStocks": False,
    "api.settings.showAdvancedOrderRejectInUi": False,
    "api.settings.maintainConnectionOnIncorrectFields": True,
    "api.settings.compatibilityModeNasdaqStocks": False,
    "api.settings.sendForexDataInCompatibilityMode": False,
    "api.settings.maintainAndResubmitOrdersOnReconnect": False,
    "api.settings.historicalDataMaxSize": 0,
    "api.settings.autoReportNettingEventContractTrades": False,
    "api.settings.optionExerciseRequestType": "final",
    "api.settings.trustedIPs": ("127.0.0.1",),
    "api.precautions.bypassOrderPrecautions": True,
    "api.precautions.bypassBondWarning": True,
    "api.precautions.bypassNegativeYieldConfirmation": True,
    "api.precautions.bypassCalledBondWarning": True,
    "api.precautions.bypassSameActionPairTradeWarning": True,
    "api.precautions.bypassFlaggedAccountsWarning": True,
    "api.precautions.bypassPriceBasedVolatilityWarning": True,
    "api.precautions.bypassRedirectOrderWarning": True,
    "api.precautions.bypassNoOverfillProtection": True,
    "api.precautions.bypassRouteMarketableToBBO": True,
    "orders.smartRouting.seekPriceImprovement": False,
    "orders.smartRouting.preOpenReroute": False,
    "orders.smartRouting.doNotRouteToDarkPools": False,
    "orders.smartRouting.defaultAlgorithm": "",
    CAP_PRICE_ENABLED: True,
}
"""Assumed: all of it but the names. No real gateway's answer was seen."""

_FORMS: Mapping[str, TimeFormat] = {"instrument": "instrument", "operator": "operator", "utc": "utc"}
_RESTART, _LOGOFF = "restart", "logoff"
_WORDS: Mapping[str, tuple[str, ...]] = {
    TIME_FORM: tuple(_FORMS),
    "api.settings.encodeApiMessages": ("osCodePage", "ascii7", "utf8"),
    "api.settings.loggingLevel": ("system", "error", "warning", "information", "detail"),
    "api.settings.optionExerciseRequestType": ("final", "editable"),
    LOGOFF_PERIOD: ("AM", "PM"),
    LOGOFF_TYPE: (_RESTART, _LOGOFF),
}
"""Known: `utc`, `osCodePage`, `error`, `Detail`, `final`, `PM` and `restart` are in IBKR's samples. The others are
assumed, and that case does not matter."""
_BOUNDS: Mapping[str, tuple[int, int]] = {
    SOCKET_PORT: (1, 65535),
    MASTER: (NO_MASTER, 2**31 - 1),
    "api.settings.bulkDataTimeout": (0, 2**31 - 1),
    "api.settings.historicalDataMaxSize": (0, 2**31 - 1),
}


class Configuration:
    """The settings of one gateway, on its record."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._store = store
        self._first = _first(settings)
        self._set_by_ibc = _set_by_ibc(settings)
        kept = json.loads(store.get(_KEPT) or "{}")
        self._changed: dict[str, Setting] = {
            path: tuple(value) if isinstance(value, list) else value for path, value in kept.items()
        }
        self._tell: list[Callable[[], None]] = []
        self.listens_on = settings.api_port
        """The port of the API of this process; a free one where it is 0 and not yet open."""
        self.begin()

    def __getitem__(self, path: str) -> Setting:
        if path in self._changed:
            return self._changed[path]
        return self.listens_on if path == SOCKET_PORT else self._first.get(path, DEFAULTS[path])

    def all(self) -> dict[str, Setting]:
        """Every setting as it is set, in effect or not."""
        return {**DEFAULTS, SOCKET_PORT: self.listens_on, **self._first, **self._changed}

    @property
    def changed(self) -> dict[str, Setting]:
        """What is not as the environment has it."""
        return dict(self._changed)

    @property
    def waiting(self) -> list[str]:
        """What is set and takes effect with the next process only."""
        return [SOCKET_PORT] if self._changed.get(SOCKET_PORT, self.listens_on) != self.listens_on else []

    @property
    def time_form(self) -> TimeFormat:
        return _FORMS[str(self[TIME_FORM])]

    @property
    def master_client(self) -> int | None:
        """The client id that hears of every client's orders."""
        return None if self[MASTER] == NO_MASTER else int(str(self[MASTER]))

    @property
    def auto_restart_time(self) -> str:
        """When it restarts every day, as IBC writes times; empty for never."""
        return self._daily(_RESTART)

    @property
    def auto_logoff_time(self) -> str:
        """When it ends every day, as IBC writes times; empty for never."""
        return self._daily(_LOGOFF)

    def when_changed(self, call: Callable[[], None]) -> None:
        """Have something called after every change."""
        self._tell.append(call)

    def begin(self) -> None:
        """A process begins: IBC sets what it was told to, and a port that was set before is listened on."""
        undone = self._set_by_ibc & self._changed.keys()
        self.listens_on = int(str(self._changed.get(SOCKET_PORT, self.listens_on)))
        if undone:
            self._changed = {path: value for path, value in self._changed.items() if path not in undone}
            self._keep()

    def restart_daily(self, text: str) -> None:
        """Restart every day at that time from now on, as IBC writes times."""
        time, period = text.split()
        self.change({LOGOFF_TIME: time, LOGOFF_PERIOD: period, LOGOFF_TYPE: _RESTART})

    def wrong(self, wished: Mapping[str, Setting]) -> list[str]:
        """Which of these settings cannot be."""
        found = [path for path, value in wished.items() if not _possible(path, value)]
        together = {**self.all(), **wished}
        if wished.keys() & set(LOGOFF) and not found and not all(together[path] for path in LOGOFF):
            found = [path for path in LOGOFF if not together[path]]
        return found

    def change(self, wished: Mapping[str, Setting]) -> list[str]:
        """Set these, which are possible; returns which of them differ from before."""
        spelled = {path: _spelled(path, value) for path, value in wished.items()}
        before = self.all()
        differ = {path: value for path, value in spelled.items() if before[path] != value}
        if differ:
            self._changed |= differ
            self._keep()
        return list(differ)

    def _daily(self, what: str) -> str:
        settings = self.all()
        return f"{settings[LOGOFF_TIME]} {settings[LOGOFF_PERIOD]}" if settings[LOGOFF_TYPE] == what else ""

    def _keep(self) -> None:
        self._store.set(_KEPT, json.dumps(self._changed))
        for call in self._tell:
            call()


def _first(settings: Settings) -> dict[str, Setting]:
    """What the environment says."""
    first: dict[str, Setting] = {
        READ_ONLY: bool(settings.read_only),
        TIME_FORM: settings.time_format,
        REJECT: settings.reject_over_rate,
        MASTER: NO_MASTER if settings.master_client is None else settings.master_client,
        LOCAL_ONLY: settings.api_host in ("127.0.0.1", "::1", "localhost"),
    }
    for text, what in ((settings.auto_logoff_time, _LOGOFF), (settings.auto_restart_time, _RESTART)):
        if time_of(text) is not None:
            first |= dict(zip(LOGOFF, (*text.split(), what), strict=True))
    return first


def _set_by_ibc(settings: Settings) -> set[str]:
    """What IBC sets at each start."""
    found = set() if settings.read_only is None else {READ_ONLY}
    return found | (set(LOGOFF) if LOGOFF_TIME in _first(settings) else set())


def _possible(path: str, value: Setting) -> bool:
    if path not in DEFAULTS:
        return False
    if path in _WORDS:
        return _word(path, value) is not None
    if path in _BOUNDS:
        lowest, highest = _BOUNDS[path]
        return lowest <= int(str(value)) <= highest
    if path == LOGOFF_TIME:
        return time_of(f"{value} AM") is not None
    if isinstance(value, tuple):
        return all(_is_address(one) for one in value)
    return True


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _spelled(path: str, value: Setting) -> Setting:
    """A word as the gateway spells it."""
    return (_word(path, value) or value) if path in _WORDS else value


def _word(path: str, value: Setting) -> str | None:
    return next((word for word in _WORDS[path] if word.casefold() == str(value).casefold()), None)
