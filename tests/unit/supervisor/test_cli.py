import io
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from supervisor import cli
from supervisor.cli import CouldNotAsk, main, seconds, since
from supervisor.terminal import watch
from tests.unit.supervisor.answers import explained, happened, stands, well

STATUS = well()


class Handler(BaseHTTPRequestHandler):
    answers: dict[str, tuple[int, Any]] = {}  # noqa: RUF012 (set by each test)
    asked: list[tuple[str, str | None, Any]] = []  # noqa: RUF012

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.asked.append((self.path, self.headers.get("Authorization"), body))
        code, answer = self.answers[self.path.partition("?")[0]]
        payload = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    do_GET = do_POST = _answer

    def log_message(self, format: str, *args: Any) -> None:
        """Tests are quiet."""


@pytest.fixture(autouse=True)
def supervisor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    Handler.answers, Handler.asked = {}, []
    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (tmp_path / "operator_token").write_text("secret\n")
    monkeypatch.setenv("HOST_PORT_SUPERVISOR", str(server.server_port))
    monkeypatch.setenv("TOKENS_DIR", str(tmp_path))
    monkeypatch.delenv("JSON", raising=False)
    monkeypatch.delenv("TENANT", raising=False)
    yield
    server.shutdown()
    server.server_close()


def test_status_is_yes_only_when_trading(capsys: pytest.CaptureFixture[str]) -> None:
    Handler.answers["/api/v1/status"] = (200, STATUS)
    assert main(["status"]) == 0
    assert "READY" in capsys.readouterr().out
    Handler.answers["/api/v1/status"] = (200, STATUS | {"verdict": "degraded"})
    assert main(["status", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["verdict"] == "degraded"


def test_status_names_what_is_due_and_not_done(capsys: pytest.CaptureFixture[str]) -> None:
    withheld = {"rung": "container-restart", "subject": "gateway", "why": "PAUSE: would container-restart"}
    Handler.answers["/api/v1/status"] = (200, STATUS | {"tenants": [STATUS["tenants"][0] | {"withheld": withheld}]})
    main(["status"])
    assert "container-restart is due and not done: PAUSE" in capsys.readouterr().out


@pytest.mark.parametrize(("code", "exits"), [(200, 0), (503, 1), (409, 1)])
def test_a_halt_is_asked_of_the_engine_itself(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], code: int, exits: int
) -> None:
    """Also with a supervisor that is dead."""
    monkeypatch.setenv("HOST_PORT_ENGINE", os.environ["HOST_PORT_SUPERVISOR"])
    monkeypatch.setenv("HOST_PORT_SUPERVISOR", "1")
    Handler.answers["/api/v1/halt"] = (code, {"halted": code == 200, "sentence": "exits stay"})
    Handler.answers["/api/v1/flatten"] = (code, {"ok": code == 200})
    assert main(["halt", "--reason", "lunch"]) == exits
    assert "sentence: exits stay" in capsys.readouterr().out
    assert main(["halt", "--lift"]) == exits
    assert main(["flatten"]) == exits
    reason = "a person asked for it"
    assert Handler.asked == [
        ("/api/v1/halt", "Bearer secret", {"reason": "lunch", "halt": True}),
        ("/api/v1/halt", "Bearer secret", {"reason": reason, "halt": False}),
        ("/api/v1/flatten", "Bearer secret", {"reason": reason}),
    ]


def test_a_halt_that_could_not_be_asked_for_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOST_PORT_ENGINE", "1")
    assert main(["halt"]) == 2
    assert "docker stop" in capsys.readouterr().err


@pytest.mark.parametrize("said_in", ["the shell", ".env"])
def test_the_token_is_where_the_secrets_are(said_in: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOKENS_DIR")
    monkeypatch.delenv("SECRETS_DIR", raising=False)
    monkeypatch.setattr(cli, "_ROOT", tmp_path)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "operator_token").write_text("another\n")
    if said_in == ".env":
        (tmp_path / ".env").write_text("SECRETS_DIR=keys\n")
    else:
        monkeypatch.setenv("SECRETS_DIR", str(tmp_path / "keys"))
    Handler.answers["/api/v1/resume"] = (200, {"paused": False})
    assert main(["resume"]) == 0
    assert Handler.asked == [("/api/v1/resume", "Bearer another", {})]


def test_status_says_that_the_engine_is_halted(capsys: pytest.CaptureFixture[str]) -> None:
    halted: dict[str, Any] = json.loads(json.dumps(STATUS))
    halted["tenants"][0]["engine"]["halted"] = True
    Handler.answers["/api/v1/status"] = (200, halted)
    main(["status"])
    assert "the engine opens nothing; `make halt LIFT=1`" in capsys.readouterr().out


@pytest.mark.parametrize(("code", "exits"), [(200, 0), (409, 1)])
def test_cancel_is_asked_for_with_the_token(code: int, exits: int) -> None:
    Handler.answers["/api/v1/cancel"] = (code, {"cancelled": code == 200})
    assert main(["cancel"]) == exits
    assert Handler.asked == [("/api/v1/cancel", "Bearer secret", {})]


def flat(*, waiting: bool, held: list[str]) -> dict[str, Any]:
    exposure = {"positions": len(held), "orders": 0, "known": True, "held": held, "working": []}
    row = STATUS["tenants"][0]
    gateway = row["gateway"] | {"state": "LOGIN", "login": row["gateway"]["login"] | {"waiting": waiting}}
    return STATUS | {"tenants": [row | {"exposure": row["exposure"] | exposure, "gateway": gateway}]}


def test_a_planned_stop_waits_until_the_next_start_waits(capsys: pytest.CaptureFixture[str]) -> None:
    Handler.answers["/api/v1/status"] = (200, flat(waiting=True, held=[]))
    Handler.answers["/api/v1/pause-gateway"] = (202, {"accepted": True, "sentence": "OK"})
    assert main(["pause-gateway"]) == 0
    assert "no login, no push" in capsys.readouterr().out
    Handler.answers["/api/v1/pause-gateway"] = (409, {"accepted": False, "sentence": "expected READY"})
    assert main(["pause-gateway"]) == 1
    assert "expected READY" in capsys.readouterr().out


@pytest.mark.parametrize(("more", "exits"), [([], 1), (["--force"], 0)])
def test_a_planned_stop_leaves_no_position_without_a_watch(more: list[str], exits: int) -> None:
    Handler.answers["/api/v1/status"] = (200, flat(waiting=True, held=["+1 SPY"]))
    Handler.answers["/api/v1/pause-gateway"] = (202, {"accepted": True, "sentence": "OK"})
    assert main(["pause-gateway", *more]) == exits
    assert bool([path for path, _, body in Handler.asked if body is not None]) is (exits == 0)


def test_incidents_are_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    Handler.answers["/api/v1/incidents"] = (200, happened()["incidents"])
    assert main(["incidents"]) == 0
    out = capsys.readouterr().out
    assert "jvm-dead" in out
    assert "container-restart (pending)" in out
    assert "New York" in out
    Handler.answers["/api/v1/incidents"] = (200, [])
    assert main(["incidents"]) == 0
    assert "no incidents" in capsys.readouterr().out
    assert main(["incidents", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"version": 1, "incidents": []}


def test_incidents_since_a_moment() -> None:
    Handler.answers["/api/v1/incidents"] = (200, [])
    assert main(["incidents", "--since", "1970-01-02"]) == 0
    assert [path for path, _, _ in Handler.asked] == ["/api/v1/incidents?limit=1000&since=86400.0"]
    assert main(["incidents", "--since", "yesterday"]) == 2


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("2h", "2026-11-23T10:00:00"),
        ("7d", "2026-11-16T12:00:00"),
        ("today", "2026-11-23T00:00:00"),
        ("2026-11-20T14:30", "2026-11-20T14:30:00"),
        ("2026-11-20T14:30+01:00", "2026-11-20T13:30:00"),
    ],
)
def test_since(text: str, means: str) -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert since(text, noon) == datetime.fromisoformat(f"{means}+00:00").timestamp()


def test_the_first_glance(capsys: pytest.CaptureFixture[str]) -> None:
    """Can I trade, since when, and if not, who is doing what about it? All of it in one screen, plain."""
    Handler.answers["/api/v1/status"] = (200, STATUS)
    assert main(["status"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Trading.  sim  DUSIM0001  ")
    assert lines[1].startswith("Gateway READY for ")
    assert lines[2] == "Next: Nothing needs to be done."
    Handler.answers["/api/v1/status"] = (200, stands())
    assert main(["status"]) == 1
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[0].startswith("Not trading: the gateway is down.")
    assert lines[2].startswith("Next, you: Compare with IBKR's own client")
    assert "docs/runbooks/PositionNaked.md" in lines[2]
    assert "container-restart is due and not done: PAUSE" in out
    assert len(lines) <= 40
    assert "\x1b" not in out
    assert all(line == line.rstrip() for line in lines)


def test_many_tenants_are_a_line_each_the_worst_first(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [well()["tenants"][0] | {"name": f"t{number}"} for number in range(60)]
    worst = stands()["tenants"][0] | {"name": "worst"}
    Handler.answers["/api/v1/status"] = (200, stands() | {"tenants": [*rows, worst]})
    assert main(["status"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Down: the worst of 61 tenants.")
    assert lines[3].startswith("worst")
    assert "and 21 more" in lines[-1]


def test_explain_tells_why(capsys: pytest.CaptureFixture[str]) -> None:
    Handler.answers["/api/v1/explain"] = (200, explained())
    assert main(["explain"]) == 0
    out = capsys.readouterr().out
    for told in (
        "Next, you: Compare with IBKR",
        "jvm-dead, incident 1",
        "known by    Socat accepts, then end of file",
        "the answer  Container restart, inside the budget.",
        "done        container-restart at",
        "handshake   OK",
        "sim: gateway FAILING; engine WAITING; gateway has jvm-dead",
        "down for 40 s",
    ):
        assert re.search(re.escape(told).replace(r"\ \ ", r"\s+"), out), told
    assert main(["explain", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == explained()


class Looks:
    """Answers one after another, and then a person's Ctrl-C."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)

    def __call__(self) -> Any:
        return self._answers.pop(0)

    def wait(self) -> None:
        if not self._answers:
            raise KeyboardInterrupt


def changes(*, as_json: bool) -> list[str]:
    looks = Looks(STATUS, STATUS, "watch: nobody", "watch: nobody", stands())
    found: list[str] = []
    with suppress(KeyboardInterrupt):
        for line in watch.lines(looks, looks.wait, as_json=as_json):
            found.append(line)  # noqa: PERF402 (it ends by an exception)
    return found


def test_watch_without_a_terminal_is_a_line_a_change() -> None:
    first, second, third = changes(as_json=False)
    assert "sim  trading  -  sim: gateway READY" in first
    assert second == "watch: nobody"
    assert "sim  down  jvm-dead, naked-position" in third
    told = [json.loads(line) for line in changes(as_json=True)]
    assert [one.get("verdict") for one in told] == ["trading", None, "down"]
    assert told[1] == {"version": 1, "error": "watch: nobody"}
    assert all(one["version"] == 1 for one in told)


def test_watch_on_a_terminal_redraws_and_leaves_the_last_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120, height=50, color_system=None)
    monkeypatch.setattr(watch, "here", lambda: console)
    looks = Looks(well(explained()), explained(), "watch: nobody")
    watch.live(looks, looks.wait)
    during, _, after = screen.getvalue().rpartition("\x1b[?1049l")
    assert "Trading." in during
    assert "watch: nobody" in during
    assert "Not trading: the gateway is down." in after
    assert "sim: gateway FAILING; engine WAITING" in after


def test_a_reader_who_has_seen_enough_is_no_error() -> None:
    Handler.answers["/api/v1/status"] = (200, STATUS)
    command = f"{sys.executable} -m supervisor.cli status; echo code $? >&2"
    done = subprocess.run(f"({command}) | true", shell=True, text=True, capture_output=True, check=True)
    assert done.stderr == "code 0\n"


def test_pause_and_restart_carry_the_token() -> None:
    Handler.answers["/api/v1/pause"] = (200, {"paused": True})
    Handler.answers["/api/v1/restart"] = (409, {"accepted": False, "reason": "busy"})
    assert main(["pause", "--for", "2h", "--reason", "lunch"]) == 0
    assert main(["pause", "--for", "", "--reason", "lunch"]) == 0
    assert main(["restart", "gateway"]) == 1
    assert Handler.asked == [
        ("/api/v1/pause", "Bearer secret", {"seconds": 7200.0, "reason": "lunch"}),
        ("/api/v1/pause", "Bearer secret", {"seconds": 1800.0, "reason": "lunch"}),
        ("/api/v1/restart", "Bearer secret", {"subject": "gateway"}),
    ]


@pytest.mark.parametrize(("code", "exits"), [(202, 0), (409, 1), (503, 2)])
def test_login_is_asked_for_with_the_token(code: int, exits: int) -> None:
    Handler.answers["/api/v1/login"] = (code, {"accepted": code == 202, "sentence": "x"})
    assert main(["login"]) == exits
    assert Handler.asked == [("/api/v1/login", "Bearer secret", {})]


def test_status_says_why_nobody_logs_in(capsys: pytest.CaptureFixture[str]) -> None:
    login = {"hold": "x", "waiting": True, "sentence": "logins are on hold: x"}
    held: dict[str, Any] = json.loads(json.dumps(STATUS))
    held["tenants"][0]["gateway"]["login"] |= login
    Handler.answers["/api/v1/status"] = (200, held)
    main(["status"])
    assert "logins are on hold: x" in capsys.readouterr().out
    Handler.answers["/api/v1/status"] = (200, STATUS)
    main(["status"])
    assert "hold" not in capsys.readouterr().out


def test_nobody_there_is_two(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("HOST_PORT_SUPERVISOR", "1")
    assert main(["status"]) == 2
    assert "make up" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["pause", "--for", "soon", "--reason", "x"], ["resume"]])
def test_what_cannot_be_asked_is_two(arguments: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "operator_token").unlink()
    assert main(arguments) == 2


@pytest.mark.parametrize(("text", "means"), [("90s", 90.0), ("30m", 1800.0), ("1d", 86400.0), ("ever", None)])
def test_durations(text: str, means: float | None) -> None:
    assert seconds(text) == means


def test_a_strange_duration_is_refused() -> None:
    with pytest.raises(CouldNotAsk):
        seconds("30 minutes")


def test_tenant_says_which_of_the_supervisors_tenants_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    Handler.answers["/api/v1/status"] = (200, STATUS)
    Handler.answers["/api/v1/incidents"] = (200, [])
    Handler.answers["/api/v1/pause"] = Handler.answers["/api/v1/resume"] = (200, {})
    commands = (["status"], ["incidents"], ["resume"], ["pause", "--reason", "lunch"])
    for command in commands:
        assert main(command) == 0
    monkeypatch.setenv("TENANT", "b")
    for command in commands:
        assert main(command) == 0
    assert [path for path, _, _ in Handler.asked if "?" in path] == [
        "/api/v1/incidents?limit=20",
        "/api/v1/status?tenant=b",
        "/api/v1/incidents?tenant=b&limit=20",
    ]
    assert [(body or {}).get("tenant") for _, _, body in Handler.asked] == [*[None] * 6, "b", "b"]


def test_a_tenant_that_must_be_named_is_could_not_ask(capsys: pytest.CaptureFixture[str]) -> None:
    said = "expected a tenant, one of a, b, found none; say which with TENANT=…"
    Handler.answers["/api/v1/resume"] = (400, {"error": said})
    assert main(["resume"]) == 2
    assert said in capsys.readouterr().err
