"""Logins on real containers: whoever starts the gateway spends the ledger, and a hold stops them all."""

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from tests.e2e.day import the_step
from tests.e2e.stack import Stack, docker, make_stack
from tests.e2e.tour import read_remedy
from tests.page.browser import Visitor, chromium

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

COUNT, WINDOW = 3, 60
BOTH_SIDES_OF_A_SECOND = 1


@pytest.fixture(scope="module")
def gateway() -> Iterator[Stack]:
    """A gateway without an engine, whose supervisor keeps its hands off: what starts it here is Docker, or a person."""
    # IBC tries a wrong password again until it is stopped: on a fast machine so often that the stand-in locks it out.
    more = {"ENGINE": "none", "LOGIN_BUDGET": f"{COUNT}/{WINDOW}s", "SIM_THROTTLE_AFTER": "1000"}
    stack = make_stack("logins", "10.91.3", **more)
    try:
        up = stack.make("up", "SIM=1")
        assert up.returncode == 0, up.stdout + up.stderr + stack.story()
        assert stack.make("pause", "FOR=2h", "REASON=the ledger is tested").returncode == 0
        yield stack
    finally:
        stack.make("purge")


def login(stack: Stack) -> dict[str, Any]:
    found: dict[str, Any] = stack.status()["gateway"]["login"]
    return found


def ready(stack: Stack) -> bool:
    return bool(stack.status()["gateway"]["state"] == "READY")


def attempts(stack: Stack) -> list[list[str]]:
    """The ledger, as the supervisor can read it whether the gateway's container runs or not."""
    lines = docker("exec", f"watchkeeper-{stack.tenant}-supervisor-1", "cat", "/var/lib/ledger/attempts").splitlines()
    return [line.split() for line in lines]


def dies(stack: Stack) -> None:
    """The gateway's process ends by itself, so Docker's policy brings the container back."""
    kill = 'read -r main _ </proc/1/task/1/children; kill -KILL "$main"'
    docker("exec", stack.container("gateway"), "bash", "-c", kill, check=False)


def begun(stack: Stack, before: int) -> bool:
    return login(stack)["waiting"] or len(attempts(stack)) > before


def said(stack: Stack, words: str) -> bool:
    return words in docker("logs", "--tail", "20", stack.container("gateway"))


def in_supervisor(stack: Stack, script: str) -> str:
    return docker("exec", f"watchkeeper-{stack.tenant}-supervisor-1", "python", "-c", script, check=False)


def test_a_gateway_killed_in_a_loop_stops_logging_in_waits_and_goes_on(gateway: Stack) -> None:
    killings = 0
    while not login(gateway)["waiting"]:
        before = len(attempts(gateway))
        if killings % 2:
            docker("kill", gateway.container("gateway"))
            docker("start", gateway.container("gateway"))
        else:
            dies(gateway)
        killings += 1
        assert killings < 20, gateway.story()
        gateway.until(partial(begun, gateway, before), "another start, or a wait")
    spent = attempts(gateway)
    gateway.until(lambda: said(gateway, "no login, the ledger is spent"), "the container's log to say so", 20)
    docker("restart", gateway.container("gateway"))  # a person who does not want to wait
    gateway.until(lambda: login(gateway)["waiting"], "the new start to wait, too", 30)
    assert attempts(gateway) == spent
    told = login(gateway)
    assert (told["attempts_left"], told["hold"]) == (0, None)
    assert told["next_at"] is not None
    assert "the logins are spent" in gateway.run("status").stdout

    gateway.until(lambda: not login(gateway)["waiting"] and ready(gateway), "the gateway to go on by itself")
    made = attempts(gateway)
    assert len(made) == len(spent) + 1
    assert {cause for _, cause, _ in made} == {"container-start"}
    times = [int(at) for at, _, _ in made]
    assert all(later >= earlier for earlier, later in pairwise(times))
    spans = [times[last] - times[last - COUNT] for last in range(COUNT, len(times))]
    assert spans
    assert min(spans) >= WINDOW - BOTH_SIDES_OF_A_SECOND


@pytest.mark.parametrize("word", ["resume", "login"])
def test_under_a_hold_nobody_logs_in_until_a_person_lifts_it(gateway: Stack, word: str) -> None:
    gateway.until(lambda: ready(gateway) and login(gateway)["attempts_left"], "a gateway that may log in")
    before = attempts(gateway)
    in_supervisor(gateway, "open('/var/lib/hold/hold', 'w').write('IBKR refused the password\\n')")
    dies(gateway)
    gateway.until(lambda: login(gateway)["waiting"], "the start to wait for the hold", 60)
    docker("restart", gateway.container("gateway"))
    gateway.until(lambda: said(gateway, "no login, on hold: IBKR refused the password"), "its log to say so", 30)
    assert attempts(gateway) == before
    assert login(gateway)["hold"] == "IBKR refused the password"
    assert not ready(gateway)

    done = gateway.run(word)
    assert done.returncode == 0, done.stdout + done.stderr
    gateway.until(lambda: ready(gateway), "the gateway to log in")
    assert len(attempts(gateway)) == len(before) + 1
    assert login(gateway)["hold"] is None


def test_what_logs_in_cannot_lift_the_hold_and_what_plans_cannot_forget_a_login(gateway: Stack) -> None:
    refused = docker("exec", gateway.container("gateway"), "touch", "/var/lib/hold/x", check=False)
    assert "Read-only" in refused
    assert "Read-only" in in_supervisor(gateway, "open('/var/lib/ledger/attempts', 'a')")


@pytest.mark.parametrize(
    ("verb", "line"),
    [("RESTART", "authentication will not be required"), ("PAUSE", "a start with the token of a soft restart")],
)
def test_a_soft_restart_and_a_start_with_its_token_are_no_logins(gateway: Stack, verb: str, line: str) -> None:
    def told() -> int:
        return docker("logs", gateway.container("gateway")).count(line)

    gateway.until(lambda: ready(gateway), "a gateway that is ready")
    made, before = attempts(gateway), told()
    written = f"open('/run/mailbox/.asked', 'w').write('7 {verb}\\n')"
    in_supervisor(gateway, f"import os; {written}; os.rename('/run/mailbox/.asked', '/run/mailbox/request')")
    gateway.until(lambda: told() > before, f"the log to say: {line}", 60)
    gateway.until(lambda: ready(gateway), "a gateway that is ready again")
    assert attempts(gateway) == made


def test_a_planned_stop_costs_no_login(gateway: Stack) -> None:
    gateway.until(lambda: ready(gateway), "a gateway that is ready")
    made = attempts(gateway)
    done = gateway.run("pause-gateway")
    assert done.returncode == 0, done.stdout + done.stderr
    assert login(gateway)["hold"] == "a planned stop (make pause-gateway)"
    docker("restart", gateway.container("gateway"))  # what a reboot does
    gateway.until(lambda: login(gateway)["waiting"], "the start to wait for the hold", 60)
    done = gateway.run("resume")
    assert done.returncode == 0, done.stdout + done.stderr
    gateway.until(lambda: ready(gateway), "the gateway to be back")
    assert attempts(gateway) == made


def test_a_refused_password_is_tried_no_more_until_a_person_says_so(gateway: Stack) -> None:
    """IBC would start anew for ever; the wrapper counts and ends that, the supervisor holds and stops."""
    assert gateway.run("resume").returncode == 0
    gateway.until(lambda: ready(gateway) and login(gateway)["attempts_left"] == COUNT, "a gateway with all its logins")
    gateway.inject("bad-password")
    gateway.until(lambda: login(gateway)["hold"], "a hold", 120)
    # By the supervisor; or the wrapper was faster and ended it, and what Docker brought back waits for the hold.
    gateway.until(
        lambda: gateway.status()["gateway"]["state"] == "STOPPED" or login(gateway)["waiting"],
        "the gateway to be stopped, or to wait",
        60,
    )
    with chromium() as browser:
        remedy = the_step(gateway, "login-refused").remedy
        assert remedy is not None
        page = Visitor(browser).goes_to(gateway.url("supervisor", "/"))
        assert remedy.words in read_remedy(page, remedy), "from the status page, by a link"
    made = attempts(gateway)
    assert "ibc" in {cause for _, cause, _ in made}
    docker("start", gateway.container("gateway"))  # a person who has not looked
    gateway.until(lambda: said(gateway, "no login, on hold"), "its log to say so", 30)
    gateway.until(lambda: login(gateway)["attempts_left"], "the ledger to have room again")
    assert attempts(gateway) == made

    done = gateway.run("login")
    assert done.returncode == 0, done.stdout + done.stderr
    gateway.until(lambda: ready(gateway), "the gateway to log in")
    assert len(attempts(gateway)) == len(made) + 1
