"""What a person asks for on the page: the same four things that the API takes, as a form."""

from collections.abc import Mapping
from typing import Final

from supervisor.asked import MOST_SECONDS, BadRequest, rung_of
from supervisor.loop import Watch
from supervisor.observation import Ask, Subject
from supervisor.page.words import moment

PAUSES: Final[Mapping[str, float | None]] = {
    "15 min": 900.0,
    "30 min": 1800.0,
    "1 h": 3600.0,
    "4 h": 14400.0,
    "1 d": 86400.0,
    "until somebody resumes": None,
}
_LONGEST_REASON: Final = 200


def act(watch: Watch, form: Mapping[str, str], now: float) -> tuple[bool, str]:
    """Do it, or say why not. `now` is an epoch second.

    Raises:
        BadRequest: the form is not the page's.
        ActRefused: a hold could not be lifted.
    """
    match form.get("act"):
        case "pause":
            return True, _pause(watch, form, now)
        case "resume":
            watch.resume()
            lifted = watch.lift_hold("resume")
            return True, "The supervisor acts again." + (f" The hold is lifted: {lifted}." if lifted else "")
        case "restart-gateway":
            return _restart(watch, Subject.GATEWAY)
        case "restart-engine":
            return _restart(watch, Subject.ENGINE)
    raise BadRequest(f"expected act to be pause, resume, restart-gateway or restart-engine, found {form.get('act')!r}")


def _pause(watch: Watch, form: Mapping[str, str], now: float) -> str:
    reason, lasts = form.get("reason", "").strip(), form.get("lasts", "")
    if lasts not in PAUSES:
        raise BadRequest(f"expected a pause of {', '.join(PAUSES)}, found {lasts!r}")
    if not reason:
        raise BadRequest("expected a reason, found none; the next person will want to know")
    seconds = PAUSES[lasts]
    assert seconds is None or seconds <= MOST_SECONDS
    pause = watch.set_pause(reason[:_LONGEST_REASON], seconds)
    until = f"until {moment(pause.until, now)}" if pause.until is not None else "until somebody resumes"
    return f"No restarts {until}. Safety stops and pages go on."


def _restart(watch: Watch, subject: Subject) -> tuple[bool, str]:
    rung = rung_of(watch, subject, None)
    refusal = watch.ask(Ask(subject, rung))
    return (False, f"Not done: {refusal}.") if refusal is not None else (True, f"It is done now: {rung}.")
