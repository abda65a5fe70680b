"""Saying no the way the gateway does: a validation error, a processing error, or the history service's own."""

from gateway.simulator.api.session import Session
from gateway.simulator.entitlements import Level
from gateway.simulator.errors import RequestRefused
from gateway.simulator.market.instruments import Instrument
from tws import codes


def invalid(session: Session, req_id: int, cause: str, letters: str = "bH") -> None:
    """321: the request itself is wrong. The letters vary by request and build."""
    session.error(req_id, codes.VALIDATION_ERROR, f"Error validating request.-'{letters}' : cause - {cause}")


def failed(session: Session, req_id: int, cause: str, letters: str = "bW") -> None:
    """322: the request cannot be served now."""
    session.error(req_id, codes.PROCESSING_ERROR, f"Error processing request.-'{letters}' : cause - {cause}")


def read_only(session: Session, req_id: int, letters: str = "bO") -> bool:
    """Whether the API may only read; says so if it may."""
    if session.gateway.read_only:
        invalid(session, req_id, "The API interface is currently in Read-Only mode.", letters)
    return session.gateway.read_only


def no_history(session: Session, req_id: int, why: str) -> None:
    """162: the historical data service said no."""
    session.error(req_id, codes.HISTORICAL_ERROR, codes.text(codes.HISTORICAL_ERROR, why))


def refuse(session: Session, req_id: int, refused: RequestRefused) -> None:
    """What a check said, under its code."""
    if refused.code == codes.VALIDATION_ERROR:
        invalid(session, req_id, refused.cause)
    else:
        session.error(req_id, refused.code, refused.cause)


def not_permitted(session: Session, instrument: Instrument) -> str | None:
    """What a gateway's services say of an instrument that the login may not see live; None if it may."""
    if session.gateway.settings.market_data.level(instrument.sec_type) is Level.LIVE:
        return None
    exchange = _SERVICE_NAMES.get(instrument.listing, instrument.listing)
    return f"No market data permissions for {exchange} {instrument.sec_type}"


def not_permitted_at_all(session: Session, instrument: Instrument) -> str | None:
    """The same, and what to do about it: of bars, of the past or in real time, and tick by tick."""
    barred = not_permitted(session, instrument)
    return f"{barred}. {codes.text(codes.DATA_NEEDS_SUBSCRIPTION)}" if barred else None


_SERVICE_NAMES = {"NASDAQ": "ISLAND"}
"""Exchanges that the services call by another name (captured)."""
