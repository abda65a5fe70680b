"""What a person may ask of a tenant, as far as the API and the page read it alike."""

from supervisor.faults import Rung
from supervisor.loop import Watch
from supervisor.observation import Status, Subject

MOST_SECONDS = 7 * 24 * 3600.0
"""The longest pause that has an end."""


class BadRequest(ValueError):
    """What was sent is not what was expected; the message says what was."""


def rung_of(watch: Watch, subject: Subject, named: object) -> Rung:
    """The restart that is meant: the one named, or the plain one of a container that runs or does not.

    Raises:
        BadRequest: the subject has none of that name.
    """
    observation = watch.observation
    gateway = subject is Subject.GATEWAY
    found = observation.gateway if gateway else observation.engine
    up = found is not None and found.status is Status.RUNNING
    hard = Rung.CONTAINER_RESTART if gateway else Rung.ENGINE_RESTART
    cold = Rung.CONTAINER_START if gateway else Rung.ENGINE_START
    soft = Rung.IBC_RESTART if gateway else Rung.ENGINE_RESYNC
    rungs = [hard, soft, cold] if gateway or watch.rules.engine_api else [hard, cold]
    if gateway and watch.rules.external:
        hard = cold = Rung.RESTART_COMMAND
        rungs = [hard]
    if named is None:
        return hard if up else cold
    if named in rungs:
        return Rung(str(named))
    raise BadRequest(f"expected rung to be one of {[str(rung) for rung in rungs]}, found {named!r}")
