"""Scans, company reports, corporate events, soft dollars."""

from gateway.simulator.api import refusals
from gateway.simulator.api.one_contract import one_instrument
from gateway.simulator.api.session import Handler, Session
from gateway.simulator.api.subscriptions import Scan
from gateway.simulator.market.instruments import Instrument
from gateway.simulator.research import reports, scans
from gateway.simulator.wire.answers import research as answers
from gateway.simulator.wire.requests import research as requests
from gateway.simulator.wire.requests.base import Request
from tws import codes

_LINES_A_SCAN = 10
"""One scan may run for so many market data lines."""

SCAN_SECONDS = 30
"""How often a running scan is made again."""


# -- scans -------------------------------------------------------------------------------------------------------------


def _parameters(session: Session, request: Request) -> None:
    session.send(answers.ScannerParameters(scans.parameters()))


def _scan(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqScannerSubscription)
    gateway, req_id = session.gateway, request.req_id
    most = gateway.settings.market_data_lines // _LINES_A_SCAN
    if sum(len(other.scans) for other in gateway.sessions) >= most:
        refusals.failed(session, req_id, f"Only {most} simultaneous API scanner subscriptions are allowed.")
        return
    if req_id in session.scans:
        refusals.failed(session, req_id, "Duplicate ticker ID for API scanner subscription")
        return
    if request.scan_code not in scans.SCAN_CODES:
        refusals.no_history(session, req_id, f"Scanner type with code {request.scan_code} is disabled")
        return
    places = dict(scans.LOCATIONS).get(request.instrument)
    if places is None or request.location not in (code for code, _ in places):
        refusals.no_history(session, req_id, f"Scanner location code {request.location} is disabled")
        return
    try:
        filters = tuple((name, float(value)) for name, value in request.filters if name in scans.FILTERS)
    except ValueError:
        refusals.no_history(session, req_id, "Scanner filter value is not a number")
        return
    unknown = [name for name, _ in request.filters if name not in scans.FILTERS]
    if unknown:
        refusals.no_history(session, req_id, f"Scanner filter {unknown[0]} is disabled")
        return
    limits = scans.Limits(request.above_price, request.below_price, request.above_volume, request.stock_type, filters)
    session.scans[req_id] = Scan(req_id, request.instrument, request.location, request.scan_code, limits, request.rows)
    publish_scan(session, session.scans[req_id])


def publish_scans(session: Session, epoch: float) -> None:
    """Make again the scans that are due, and send those whose leaders have changed."""
    for scan in session.scans.values():
        if epoch - scan.made_at >= SCAN_SECONDS:
            publish_scan(session, scan)


def publish_scan(session: Session, scan: Scan) -> None:
    """Make a scan; its rows are sent if they are not those of the last time."""
    gateway = session.gateway
    scan.made_at = gateway.now().timestamp()
    listed = [found for found in gateway.instruments.listed() if found.sec_type == "STK"]
    exchanges = scans.listed_on(scan.location)
    funds_only = scan.instrument.startswith("ETF")
    candidates = {
        found.con_id: found
        for found in listed
        if (exchanges is None or found.primary_exchange in exchanges)
        and (not funds_only or found.product.stock_type == "ETF")
    }
    leaders = scans.best((_seen(session, found) for found in candidates.values()), scan.code, scan.limits, scan.rows)
    if leaders != scan.sent:
        scan.sent = leaders
        session.send(answers.ScannerData(scan.req_id, tuple(candidates[con_id] for con_id in leaders)))


def _seen(session: Session, instrument: Instrument) -> scans.Seen:
    market, step = session.gateway.market, session.gateway.step()
    quote, day = market.quote(instrument, step), market.day_so_far(instrument, step)
    return scans.Seen(
        con_id=instrument.con_id,
        last=quote.last,
        volume=quote.volume,
        opened=day.open,
        previous_close=market.previous_close(instrument, step),
        high=day.high,
        low=day.low,
        stock_type=instrument.product.stock_type,
    )


def _cancel_scan(session: Session, request: Request) -> None:
    assert isinstance(request, requests.CancelScannerSubscription)
    if session.scans.pop(request.req_id, None) is None:
        session.error(request.req_id, codes.NO_SCANNER, codes.text(codes.NO_SCANNER, str(request.req_id)))
        return
    refusals.no_history(session, request.req_id, f"API scanner subscription cancelled: {request.req_id}")


# -- company reports ---------------------------------------------------------------------------------------------------


def _fundamentals(session: Session, request: Request) -> None:
    assert isinstance(request, requests.ReqFundamentalData)
    gateway = session.gateway
    instrument = one_instrument(session, request.req_id, request.contract, no_exchange="")
    if instrument is None:
        return
    document = None
    if instrument.product.stock_type == "COMMON":
        document = reports.report(
            request.report,
            symbol=instrument.symbol,
            name=instrument.product.long_name,
            isin=instrument.product.isin,
            seed=gateway.settings.seed,
            con_id=instrument.con_id,
            today=gateway.now().date(),
        )
    if document is None:
        session.refuse(request.req_id, codes.NO_FUNDAMENTALS)
        return
    session.send(answers.FundamentalData(request.req_id, document))


def _nothing(session: Session, request: Request) -> None:
    """What was asked has been answered at once: there is nothing left to cancel."""


# -- corporate events, soft dollars ------------------------------------------------------------------------------------


def _no_events(session: Session, request: Request) -> None:
    """Wall Street Horizon's events need a subscription, which a paper login does not have (captured)."""
    assert isinstance(request, requests.ReqWshMetaData | requests.ReqWshEventData)
    session.refuse(request.req_id, codes.NEWS_NOT_ALLOWED)


def _soft_dollar_tiers(session: Session, request: Request) -> None:
    """There are none (captured)."""
    assert isinstance(request, requests.ReqSoftDollarTiers)
    session.send(answers.SoftDollarTiers(request.req_id, ()))


HANDLERS: dict[type[Request], Handler] = {
    requests.ReqScannerParameters: _parameters,
    requests.ReqScannerSubscription: _scan,
    requests.CancelScannerSubscription: _cancel_scan,
    requests.ReqFundamentalData: _fundamentals,
    requests.CancelFundamentalData: _nothing,
    requests.ReqWshMetaData: _no_events,
    requests.ReqWshEventData: _no_events,
    requests.CancelWshData: _nothing,
    requests.ReqSoftDollarTiers: _soft_dollar_tiers,
}
