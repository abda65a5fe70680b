"""What all sessions of one running gateway share, and how news reaches them."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from gateway.simulator.api.farms import Farms
from gateway.simulator.api.tape import Tapes
from gateway.simulator.api.trouble import Trouble
from gateway.simulator.broker.broker import Broker
from gateway.simulator.broker.orders import Event, Fill, Order, Said, Ticket
from gateway.simulator.clock import WorldClock
from gateway.simulator.configuration import READ_ONLY, Configuration
from gateway.simulator.market.instruments import Instrument, Instruments
from gateway.simulator.market.market import Market
from gateway.simulator.market.process import step_at
from gateway.simulator.profiles import PROFILES, Profile
from gateway.simulator.settings import Settings, TimeFormat
from gateway.simulator.tally import Tally
from gateway.simulator.wire.answers import orders as answers
from gateway.simulator.wire.open_order import OpenOrder, submitter
from gateway.simulator.wire.times import TimeWriter
from tws.clock import Clock

if TYPE_CHECKING:
    from gateway.simulator.api.session import Session
    from gateway.simulator.history.pacing import Asked
    from gateway.simulator.market.bars import Bar
    from gateway.simulator.market.calendar import Calendar

_TIME_EVERY = 1.0


@dataclass(frozen=True, slots=True)
class Forced:
    """Where faults have a gateway differ from what it is set to."""

    read_only: bool = False
    time_form: TimeFormat | None = None
    zone: str = ""


class Gateway:
    """One logged-in gateway."""

    def __init__(
        self,
        settings: Settings,
        host: Clock,
        clock: WorldClock,
        market: Market,
        broker: Broker,
        tally: Tally,
        configuration: Configuration,
    ) -> None:
        self.settings = settings
        self.host = host
        """The machine's clock: pacing, latency, how long a start takes."""
        self.clock = clock
        """The world's clock: the market, orders, bars."""
        self.calendar: Calendar = market.calendar
        self.market = market
        self.instruments: Instruments = market.instruments
        self.broker = broker
        self.tally = tally
        self.profile: Profile = PROFILES[settings.profile]
        self.configuration = configuration
        self.forced = Forced()
        self.configure()
        configuration.when_changed(self.configure)
        self.sessions: set[Session] = set()
        self.small_bars: list[Asked] = []
        """Requests for small bars that still count against the next one."""
        self.day_bars: dict[tuple[object, ...], Bar | None] = {}
        """Bars of whole days, as they were made before."""
        self.upstream_lost = False
        self.farms = Farms()
        self.trouble = Trouble()
        self.shown_in_groups: dict[int, str] = {}
        """What clients last showed in the display groups."""
        self._time_told: WeakKeyDictionary[Gateway | Session, float] = WeakKeyDictionary()
        self.tapes = Tapes()

    def configure(self) -> None:
        """Act by the configuration, and by the faults that overrule it."""
        settings, forced = self.settings, self.forced
        self.read_only = forced.read_only or bool(self.configuration[READ_ONLY])
        """Whether orders are refused: the API setting, which people also click."""
        self.writer = TimeWriter(
            forced.time_form or self.configuration.time_form,
            forced.zone or settings.time_zone,
            settings.zone_spelling == "chinese",
        )

    def force(self, forced: Forced) -> None:
        """A fault overrules the configuration, or no longer does."""
        self.forced = forced
        self.configure()

    # -- reading ---------------------------------------------------------------------------------------------------

    @property
    def ticking(self) -> bool:
        """Whether any market data flows."""
        return not self.upstream_lost and self.farms.any_ok("market")

    def flows(self, instrument: Instrument) -> bool:
        """Whether market data of that instrument flows."""
        return not self.upstream_lost and self.farms.serves(instrument)

    def step(self) -> int:
        """The market's grid step now."""
        return step_at(self.clock.now().timestamp())

    def started(self) -> "list[Session]":
        """Sessions that are through startApi."""
        return [session for session in self.sessions if session.started]

    def client(self, client_id: int) -> "Session | None":
        """The session of that client id."""
        return next((s for s in self.sessions if s.started and s.client_id == client_id), None)

    def lines(self) -> int:
        """Market data lines in use by all sessions: they are counted per login."""
        return sum(session.lines for session in self.sessions)

    def may_tell_time(self, session: "Session") -> bool:
        """Whether a reqCurrentTime is answered. One within a second of the last answered is ignored; whether that
        counts for a client or for all is not known of a real gateway, so it is a setting."""
        throttle = self.settings.time_throttle
        whose = session if throttle == "client" else self
        now = self.host.monotonic()
        if throttle != "off" and now - self._time_told.get(whose, float("-inf")) < _TIME_EVERY:
            return False
        self._time_told[whose] = now
        return True

    def instrument(self, con_id: int) -> Instrument:
        """The instrument of an id that the broker knows."""
        found = self.instruments.by_id(con_id)
        if found is None:
            raise LookupError(f"no instrument {con_id}")
        return found

    # -- telling ---------------------------------------------------------------------------------------------------

    def tell_all(self, code: int, text: str) -> None:
        """A notice without a request, to everybody."""
        for session in self.started():
            session.error(-1, code, text)

    def tell(self, events: Iterable[Event]) -> None:
        """Send what happened to orders to whom it concerns."""
        for event in events:
            for session in self._audience(event):
                self._say(session, event)
            if event.said is Said.FILL:
                self.tally.fills += 1

    def enter(self, ticket: Ticket) -> None:
        """An order entered by hand; bound at once where client 0 has asked for that."""
        self.tell(self.broker.enter(ticket))
        if any(session.binds for session in self.started()):
            self.tell(self.broker.bind())

    def _audience(self, event: Event) -> "list[Session]":
        """The order's owner, the client that cancelled it, and the master client, which hears of every order."""
        order = event.order
        ids = {order.client_id if order.bound else None, self.configuration.master_client}
        if event.said is not Said.FILL and event.said is not Said.COMMISSION:
            ids.add(order.cancelled_by)
        return [session for session in self.sessions if session.started and session.client_id in ids]

    def _say(self, session: "Session", event: Event) -> None:
        order = event.order
        if event.said in (Said.PAIR, Said.OPEN):
            session.send(self.open_order(order))
        if event.said in (Said.PAIR, Said.STATUS):
            session.send(answers.OrderStatus(order))
        if event.said is Said.FILL and event.fill is not None:
            session.send(self.execution(session.version, -1, order, event.fill))
        if event.said is Said.BOUND:
            session.send(answers.OrderBound(order))
        if event.said is Said.COMMISSION and event.fill is not None:
            session.send(answers.CommissionReport(event.fill))
        if event.said is Said.ERROR:
            session.error(order.shown_id, event.code, event.text, event.reject_json)

    def open_order(self, order: Order) -> OpenOrder:
        """An order as message 5."""
        return OpenOrder(order, self.instrument(order.ticket.con_id))

    def execution(self, version: int, req_id: int, order: Order | None, fill: Fill) -> answers.Execution:
        """A fill as message 11."""
        instrument = self.instrument(fill.con_id)
        return answers.Execution(
            req_id,
            instrument,
            fill,
            self.writer.moment(fill.at, version, instrument.zone),
            submitter(order) if order else self.settings.user,
        )

    def now(self) -> dt.datetime:
        return self.clock.now()
