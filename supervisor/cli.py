"""`python -m supervisor.cli COMMAND [--json]`: ask a running supervisor, on this host.

Exit codes: 0 good, 1 the answer is no, 2 could not ask. What JSON=1 prints is told in docs/json.md. Which supervisor:
HOST_PORT_SUPERVISOR, else what `make up` wrote to var/<tenant>/compose.env, with TENANT where there are several. Which
of its tenants: TENANT, or the only one.
`halt` and `flatten` ask the engine itself (HOST_PORT_ENGINE), so that they need no supervisor.
The token is in TOKENS_DIR, else in SECRETS_DIR (also of .env), else in secrets/.
"""

import argparse
import asyncio
import json
import os
import re
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from dotenv import dotenv_values

from supervisor import answers, leaving
from supervisor.fleet import files
from tws.clock import SystemClock

_TIMEOUT = 15.0
_LOOK_AGAIN = 1.0
_INCIDENTS, _MOST_INCIDENTS = 20, 1000
_DEFAULT_PAUSE = "30m"
_DEFAULT_REASON = "a person asked for it"
_PAUSED_WITHIN = 180.0  # IBC waits for the next minute, and the gateway takes its time to close
_PAUSED = (
    "the gateway has ended with its token kept, and its next start waits. Stop, upgrade or reboot what you want; for "
    "`make down`, which cannot ask now, FORCE=1. Then `make up` and `make resume`: no login, no push"
)
_ASKS = ("status", "watch", "explain", "incidents")
"""What only looks; everything else does something."""
_ROOT = Path(__file__).parent.parent
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class CouldNotAsk(Exception):
    """No supervisor, no token, or an answer that makes no sense."""


def main(arguments: Sequence[str] | None = None) -> int:
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has seen enough; nothing is left to be flushed at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _run(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    as_json: bool = options.json or os.environ.get("JSON") == "1"
    try:
        if options.command == "watch":
            return _watch(as_json=as_json)
        code, answer = _ask(options)
    except CouldNotAsk as error:
        print(f"{options.command}: {error}", file=sys.stderr)
        if as_json and options.command not in _ASKS:
            print(json.dumps(answers.refusal(error), indent=2))
        return 2
    if as_json:
        print(json.dumps({"version": 1} | answer, indent=2))
    else:
        _tell(options.command, answer)
    return code


def _watch(*, as_json: bool) -> int:
    """Until interrupted."""
    from supervisor.terminal import watch

    tenant = os.environ.get("TENANT") or None

    def look() -> dict[str, Any] | str:
        try:
            answer: dict[str, Any] = _call("GET", "/api/v1/explain", tenant=tenant)[1]
        except CouldNotAsk as error:
            return f"watch: {error}"
        return answer

    def wait() -> None:
        threading.Event().wait(_LOOK_AGAIN)  # which Ctrl-C ends without a word

    try:
        if sys.stdout.isatty() and not as_json:
            watch.live(look, wait)
        else:
            for line in watch.lines(look, wait, as_json=as_json):
                print(line, flush=True)
    except KeyboardInterrupt:
        pass
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m supervisor.cli", description="Ask the supervisor.")
    commands = parser.add_subparsers(dest="command", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print JSON")
    commands.add_parser("status", parents=[common], help="how it stands; exit 0 only when trading")
    commands.add_parser("watch", parents=[common], help="the status, live; a line a change where no terminal is")
    commands.add_parser("explain", parents=[common], help="why it is in this state, and what comes next")
    past = commands.add_parser("incidents", parents=[common], help="what happened")
    past.add_argument("--limit", type=int, help="the newest; 20, or 1000 with --since")
    past.add_argument("--since", default="", help="2h, 7d, today or 2026-11-20T14:30 (UTC)")
    pause = commands.add_parser("pause", parents=[common], help="veto restarts; measuring and safety stops go on")
    pause.add_argument("--for", dest="duration", default=_DEFAULT_PAUSE, help="30m, 2h, or `ever`")
    pause.add_argument("--reason", required=True)
    commands.add_parser("resume", parents=[common], help="end the pause, lift a hold on logins")
    commands.add_parser("login", parents=[common], help="lift a hold on logins and start the gateway anew, once")
    paused = commands.add_parser(
        "pause-gateway",
        parents=[common],
        help="end the gateway so that its next start needs no login; `resume` lets it",
    )
    paused.add_argument("--force", action="store_true", help="also while positions or orders are open")
    commands.add_parser("cancel", parents=[common], help="let go of the act that is under way")
    halt = commands.add_parser("halt", parents=[common], help="the engine opens nothing any more; exits stay")
    halt.add_argument("--reason", default="")
    halt.add_argument("--lift", action="store_true", help="end the halt")
    flatten = commands.add_parser("flatten", parents=[common], help="halt, and close every position by its exits")
    flatten.add_argument("--reason", default="")
    restart = commands.add_parser("restart", parents=[common], help="restart by hand")
    restart.add_argument("subject", choices=["gateway", "engine"])
    restart.add_argument("--rung", help="ibc-restart, container-restart, engine-resync, engine-restart")
    return parser


def seconds(text: str) -> float | None:
    """`90s`, `30m`, `2h`, `1d`; `ever` is None.

    Raises:
        CouldNotAsk: anything else.
    """
    if text == "ever":
        return None
    text = text or _DEFAULT_PAUSE
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if match is None:
        raise CouldNotAsk(f"expected a duration like 30m or 2h, found {text!r}")
    return int(match[1]) * _UNITS[match[2]]


def since(text: str, now: datetime) -> float:
    """The epoch second that is meant: `2h` ago, `today` since midnight, or a moment; all UTC.

    Raises:
        CouldNotAsk: anything else.
    """
    if text == "today":
        return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    if re.fullmatch(r"\d+[smhd]", text):
        return now.timestamp() - (seconds(text) or 0.0)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CouldNotAsk(f"SINCE: expected 2h, 7d, today or a moment like 2026-11-20T14:30, found {text!r}") from error
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def _ask(options: argparse.Namespace) -> tuple[int, Any]:
    tenant = os.environ.get("TENANT") or None
    if options.command == "status":
        _, answer = _call("GET", "/api/v1/status", tenant=tenant)
        return (0 if answer.get("verdict") == "trading" else 1), answer
    if options.command == "explain":
        return 0, _call("GET", "/api/v1/explain", tenant=tenant)[1]
    if options.command == "incidents":
        from_ = since(options.since, SystemClock().now()) if options.since else None
        limit = options.limit or (_MOST_INCIDENTS if from_ is not None else _INCIDENTS)
        _, rows = _call("GET", "/api/v1/incidents", tenant=tenant, limit=limit, since=from_)
        return 0, {"version": 1, "incidents": rows}
    if options.command == "pause-gateway":
        return _pause_gateway(tenant, force=options.force)
    body: dict[str, Any] = {}
    if options.command in ("halt", "flatten"):
        body = {"reason": options.reason or _DEFAULT_REASON}
        if options.command == "halt":
            body["halt"] = not options.lift
        code, answer = _call_engine(f"/api/v1/{options.command}", body)
        return (0 if code == 200 else 1), answer
    if options.command == "pause":
        body = {"seconds": seconds(options.duration), "reason": options.reason}
    elif options.command == "restart":
        body = {"subject": options.subject} | ({"rung": options.rung} if options.rung else {})
    if tenant is not None:
        body["tenant"] = tenant
    code, answer = _call("POST", f"/api/v1/{options.command}", body)
    return (0 if code in (200, 202) else 1), answer


def _pause_gateway(tenant: str | None, *, force: bool) -> tuple[int, Any]:
    """Ask for it, and wait until the gateway's next start waits for the hold."""
    status = _call("GET", "/api/v1/status", tenant=tenant)[1]
    rows = status["tenants"]
    left = leaving.open_at_broker(status, rows[0]["name"]) if len(rows) == 1 else "which tenant is not said: TENANT=…"
    if left is not None and not force:
        return 1, {"accepted": False, "sentence": f"{left}; nothing was done. Close it first, or FORCE=1"}
    code, answer = _call("POST", "/api/v1/pause-gateway", {} if tenant is None else {"tenant": tenant})
    if code != 202:
        return 1, answer
    clock = SystemClock()
    until = clock.monotonic() + _PAUSED_WITHIN
    while clock.monotonic() < until:
        (row,) = _call("GET", "/api/v1/status", tenant=tenant)[1]["tenants"]
        if row["gateway"]["login"]["waiting"]:
            return 0, {"accepted": True, "sentence": _PAUSED}
        asyncio.run(clock.sleep(1))
    found = f"expected the gateway to wait at the hold within {_PAUSED_WITHIN:.0f} s, found {row['gateway']['state']}"
    return 1, {"accepted": True, "sentence": f"{found}; `docker logs` of it says why; `make resume` undoes this"}


def _call(method: str, path: str, body: dict[str, Any] | None = None, **query: Any) -> tuple[int, Any]:
    port = _setting("HOST_PORT_SUPERVISOR", "9180")
    code, answer = _request("supervisor", "is the stack up? `make up SIM=1`", port, method, path, body, query)
    if code in (400, 401, 503):
        raise CouldNotAsk(str(answer.get("error", answer)))
    return code, answer


def _call_engine(path: str, body: dict[str, Any]) -> tuple[int, Any]:
    remedy = (
        "`docker stop watchkeeper-<tenant>-engine` ends it and leaves its exits at the broker; "
        "`make break-glass` closes everything without it"
    )
    code, answer = _request("engine", remedy, _setting("HOST_PORT_ENGINE", "9190"), "POST", path, body, {})
    if "error" in answer:
        raise CouldNotAsk(str(answer["error"]))
    return code, answer


def _request(
    whom: str, remedy: str, port: str, method: str, path: str, body: dict[str, Any] | None, query: dict[str, Any]
) -> tuple[int, Any]:
    headers = {} if body is None else {"Authorization": f"Bearer {_token()}"}
    try:
        # A proxy of the environment is never between us and our own loopback.
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=_TIMEOUT, trust_env=False) as client:
            asked = {name: value for name, value in query.items() if value is not None}
            response = client.request(method, path, json=body, headers=headers, params=asked)
        return response.status_code, response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise CouldNotAsk(f"expected the {whom} on 127.0.0.1:{port}, found: {error}; {remedy}") from error


def _setting(name: str, default: str) -> str:
    """From the environment, else from the one stack that `make up` has written down here."""
    if value := os.environ.get(name):
        return value
    folder = _ROOT / "var"
    # Several tenants share one supervisor, and what is shared is the house's.
    tenant = os.environ.get("TENANT") or (files.HOUSE if files.names(_ROOT) else None)
    written = sorted(folder.glob(f"{tenant}/compose.env")) or sorted(folder.glob("*/compose.env"))
    if len(written) > 1:
        names = ", ".join(path.parent.name for path in written)
        raise CouldNotAsk(f"expected one stack, found {names}; say which with TENANT=…")
    for line in written[0].read_text().splitlines() if written else ():
        key, _, value = line.partition("=")
        if key.strip() == name and value.strip():
            return value.strip().strip("'\"")
    return default


def _token() -> str:
    own = (os.environ.get(name) for name in ("TOKENS_DIR", "SECRETS_DIR"))
    folder = next(filter(None, own), None) or dotenv_values(_ROOT / ".env").get("SECRETS_DIR") or "secrets"
    path = _ROOT / folder / "operator_token"
    try:
        return path.read_text().strip()
    except OSError as error:
        raise CouldNotAsk(f"expected the operator's token in {path}, found {error.strerror}") from error


def _tell(command: str, answer: Any) -> None:
    """In words; what draws is loaded only here, for nobody who wants JSON."""
    from supervisor.terminal import history, overview, screen, why

    if command == "status":
        screen.show(overview.overview(answer))
    elif command == "explain":
        screen.show(why.why(answer))
    elif command == "incidents":
        screen.show(history.history(answer["incidents"], SystemClock().now().timestamp()))
    else:
        print("\n".join(f"{key}: {_said(key, value)}" for key, value in answer.items() if value is not None))


def _said(key: str, value: Any) -> Any:
    """A moment as people read it."""
    from supervisor.page.words import moment

    return moment(value, SystemClock().now().timestamp()) if key == "until" else value


if __name__ == "__main__":
    sys.exit(main())
