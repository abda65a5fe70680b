import pytest

from supervisor.login import phase
from supervisor.observation import LoginPhase

STARTED = "IBC: autorestart file not found: full authentication will be required"
PUSHED = "IBC: Second Factor Authentication initiated"
DONE = "IBC: Login has completed"
AGAIN = "IBC will restart shortly"


@pytest.mark.parametrize(
    ("log", "means"),
    [
        ("", LoginPhase.QUIET),
        ("a line that nobody knows", LoginPhase.QUIET),
        (STARTED, LoginPhase.LOGGING_IN),
        (f"{STARTED}\n{PUSHED}", LoginPhase.TWOFA),
        (f"{STARTED}\n{PUSHED}\n{DONE}\nand more", LoginPhase.QUIET),
        (f"{DONE}\n{AGAIN}", LoginPhase.RESTARTING),
    ],
)
def test_the_last_telling_line_counts(log: str, means: LoginPhase) -> None:
    assert phase(log) is means
