"""The stack of containers as a whole: `make up`, `down`, `purge`, `logs`, `preflight`, `backup` and `restore`.

What is to be done is worked out in `plan`. Here is the world: secret files, `docker compose`, waiting for the
supervisor's word. It runs on the host, never in a container.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

import httpx
from dotenv import dotenv_values

from preflight.catalogue import catalogue, chosen
from preflight.check import Place
from preflight.command import Options, add_options, answer
from preflight.errors import CouldNotAsk, SettingsError
from preflight.report import Report, merged
from preflight.runner import run as run_preflight
from preflight.secret_files import ALERTMANAGERS, CREDENTIALS, HASH, optional, read_secrets, secret_faults, tokens
from preflight.settings import Settings as PreflightSettings
from preflight.sources.local import LocalHost
from preflight.sources.machine import is_free
from preflight.sources.project import Project
from preflight.variables import OWN, PASSED_ON, PORTS, one_of_several, published
from supervisor import answers, backup, cli, leaving, receivers, windows
from supervisor.errors import RuntimeTrouble, SettingsRefused
from supervisor.fleet import files as tenant_files
from supervisor.fleet import house, slots
from supervisor.gateway_setup import CHECKS, Setup
from supervisor.plan import GRAFANA, THIS_MACHINE, Host, Mode, Plan, anchored, plan, redis_acl, rendered, token_hash
from supervisor.tenants import Tenant, checked, said_of
from tws.clock import Clock, SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT: Final = Path(__file__).resolve().parent.parent
CONTAINER_USER: Final = 1000
READY_WITHIN_SECONDS: Final = 180.0
KNOWN: Final = frozenset((*OWN, *PASSED_ON, "MODE"))
"""What `.env` and `make` set of a service's settings."""
_COMMIT: Final = "commit"
_GATEWAY: Final = "ib-gateway"
"""Its service's name; the container's, and everybody's, is `gateway`."""
_ONCE: Final = ["run", "--rm", "--no-deps", "--no-TTY"]
INSIDE_SECONDS: Final = 45.0
"""Beyond the deadline of the preflight itself: the container's Python must start first, and Docker may be busy."""


def given(root: Path, environ: Mapping[str, str], tenant: str | None = None) -> dict[str, str]:
    """What the user set: `.env`, overruled by the shell; for a tenant with a file of its own, that file.

    Raises:
        SettingsRefused: the tenant's file cannot be used.
    """
    known = (*OWN, *PASSED_ON, *PORTS)
    from_file = {k: v for k, v in dotenv_values(root / ".env").items() if v}
    of_all = {name: environ.get(name) or from_file.get(name, "") for name in known}
    if tenant is None or tenant not in tenant_files.names(root):
        return of_all
    own = tenant_files.read(root, tenant)
    mixed_in = {name: of_all[name] for name in (*tenant_files.OF_THE_MACHINE, *tenant_files.OF_THE_HOUSE)}
    return dict.fromkeys(known, "") | own | mixed_in | {"TENANT": tenant}


def look_at_host(root: Path, settings: Mapping[str, str], environ: Mapping[str, str]) -> Host:
    """Find the Docker socket, its group, and the images that scripts/bootstrap chose."""
    images_file = root / "var" / "images.env"
    if not images_file.exists():
        raise SettingsRefused("expected var/images.env, found none; run scripts/bootstrap")
    images = {name: value for name, value in dotenv_values(images_file).items() if value and name != "IMAGES_FROM"}
    docker_host = environ.get("DOCKER_HOST", "")
    path = settings.get("DOCKER_SOCKET") or docker_host.removeprefix("unix://") or "/var/run/docker.sock"
    if docker_host and not docker_host.startswith("unix://"):
        raise SettingsRefused(f"DOCKER_HOST: expected a unix socket on this machine, found {docker_host}; unset it")
    if settings.get("DOCKER_GID"):
        gid = int(settings["DOCKER_GID"])
    else:
        # Docker Desktop's socket inside its machine belongs to root's group, whatever the Mac shows.
        gid = os.stat(path).st_gid if sys.platform == "linux" else 0
    return Host(path, gid, images, os.cpu_count() or 1)


def _write_missing(path: Path, text: str) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def prepare_secrets(root: Path, stack: Plan) -> None:
    """Make what may be made (tokens; the stand-in's login), refuse what only the user can give.

    Raises:
        SettingsRefused: credentials missing, or a secret that others can read.
    """
    directory = root / stack.secrets_dir
    if not stack.logs_in:
        for name in CREDENTIALS:
            _write_missing(root / stack.variables["CREDENTIALS_DIR"] / name, "stand-in\n")
    for name in tokens(stack.variables):
        _write_missing(directory / name, secrets.token_urlsafe(32) + "\n")
    for name in optional(stack.variables):
        _write_missing(directory / name, "")
    if faults := secret_faults(read_secrets(root, stack.variables)):
        hint = [] if stack.mode == "sim" else ["(`make up SIM=1` needs no account)"]
        raise SettingsRefused("\n".join([*faults, *hint]))
    _write_missing(directory / HASH, "")
    # The operator's is what all tenants share.
    home = root / (given(root, os.environ)["SECRETS_DIR"] or "secrets") if stack.one_of_several else directory
    token = home / "operator_token"
    (directory / HASH).write_text(token_hash(token.read_text().strip()) + "\n")


def hand_over_secrets(root: Path, stack: Plan) -> Plan:
    """Let the containers' user read the secret files, and nobody else.

    A secret is mounted with the host's owner and mode. Root gives its files to that user; that user has nothing to do;
    Docker Desktop shows every file as the container's own. For anybody else a container, which may change owners,
    makes copies.
    """
    credentials, own = (root / stack.variables[name] for name in ("CREDENTIALS_DIR", "TOKENS_DIR"))
    names = (*tokens(stack.variables), HASH, *optional(stack.variables))
    rootless = stack.variables["DOCKER_SOCKET"].startswith("/run/user/")
    if sys.platform != "linux" or (os.getuid() == CONTAINER_USER and not rootless):
        return stack
    if os.getuid() == 0:
        for path in (
            *(credentials / name for name in CREDENTIALS),
            *(own / name for name in names),
        ):
            os.chown(path, CONTAINER_USER, CONTAINER_USER)
        return stack
    copies = root / stack.var / "mounted"
    copies.mkdir(parents=True, exist_ok=True)
    copies.chmod(0o700)
    files = [
        *(f"/credentials/{name}" for name in CREDENTIALS),
        *(f"/tokens/{name}" for name in names),
    ]
    command = ["docker", "run", "--rm", "--network", "none", "--user", "0:0", "--entrypoint", "install"]
    for source, target in ((credentials, "/credentials:ro"), (own, "/tokens:ro"), (copies, "/copies")):
        command += ["--volume", f"{source.resolve()}:{target}"]
    owner = str(CONTAINER_USER)
    run([*command, stack.variables["BASE_IMAGE"], "-o", owner, "-g", owner, "-m", "0400", *files, "/copies/"], root)
    place = anchored(stack.var / "mounted")
    return replace(stack, variables={**stack.variables, "CREDENTIALS_DIR": place, "TOKENS_DIR": place})


def check_settings(root: Path, stack: Plan) -> None:
    """Refuse here, where a person looks, what the supervisor or its preflight would refuse in their container.

    Raises:
        SettingsRefused: one line for each setting that is unusable.
    """
    given = dict(stack.variables)
    if "WINDOWS_FILE" in given:
        given["WINDOWS_FILE"] = str(root / given["WINDOWS_FILE"])
    settings: dict[str, Any] = {**said_of(Tenant, given)}
    checked(lambda: Tenant(**settings)).rules()
    try:
        windows.zone(given["TIME_ZONE"])
    except ValueError as error:
        raise SettingsRefused(f"TIME_ZONE: {error}") from error
    try:
        PreflightSettings.load(**said_of(PreflightSettings, given))
    except SettingsError as error:
        raise SettingsRefused(str(error)) from error


def configure(root: Path, stack: Plan, settings: Mapping[str, str]) -> Plan:
    """Work out whom Alertmanager tells and whom Prometheus asks.

    Both read their files when they start: a mark of what is in them makes compose start them anew when that changes.

    Raises:
        SettingsRefused: a receiver is wanted and not all is set that it needs.
    """
    if stack.one_of_several:
        return stack
    routes = (ROOT / "alertmanager" / "alertmanager.yml").read_text()
    files = {
        "alertmanager.yml": receivers.rendered(routes, _filled(root, stack), settings),
        "engine-targets.yml": _engine_targets(stack),
    }
    prometheus = [path.read_text() for path in sorted((ROOT / "prometheus").rglob("*.yml"))]
    marks = {
        "ALERTMANAGER_CONFIG": _mark(files["alertmanager.yml"]),
        "PROMETHEUS_CONFIG": _mark(*prometheus, files["engine-targets.yml"]),
    }
    return replace(stack, variables={**stack.variables, **marks}, files=files)


def _filled(root: Path, stack: Plan) -> list[str]:
    """Alertmanager's secrets that say something."""
    return [name for name in ALERTMANAGERS if (root / stack.secrets_dir / name).read_text().strip()]


def _mark(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def _engine_targets(stack: Plan) -> str:
    """Where Prometheus finds the engine: with its tenant's name, which the supervisor's metrics carry by themselves."""
    there = stack.variables["ENGINE"] == "on"
    return json.dumps([{"targets": ["engine:9190"], "labels": {"tenant": stack.tenant}}] if there else []) + "\n"


def write_files(root: Path, stack: Plan) -> None:
    """Write what compose.yaml reads: its variables, and what services read of this tenant alone."""
    (root / stack.var).mkdir(parents=True, exist_ok=True)
    (root / stack.env_file).write_text(rendered(stack.variables))
    acl = root / stack.var / "redis.acl"
    # In place: a new file would leave a running container with the old one. Readable by Redis' user; it holds a hash.
    acl.write_text(redis_acl((root / stack.secrets_dir / "redis_password").read_text().strip()))
    acl.chmod(0o644)
    for name, text in stack.files.items():
        (root / stack.var / name).write_text(text)
        (root / stack.var / name).chmod(0o644)


def docker_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What a `docker` command gets of the shell's variables: only what finds and reaches Docker.

    The rest would overrule the env file, even where it is empty.
    """
    kept = {"PATH", "HOME", "USER", "LANG", "TERM", "TMPDIR", "XDG_RUNTIME_DIR"}
    proxies = {k: v for k, v in environ.items() if k.lower().endswith("_proxy")}
    own = {k: v for k, v in environ.items() if k in kept or k.startswith("DOCKER_")}
    return own | proxies | {k.lower(): v for k, v in proxies.items()}


def run(command: list[str], root: Path, *, quiet: bool = False) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(  # noqa: S603 (our own words)
        command, cwd=root, env=docker_environment(os.environ), text=True, check=False, capture_output=quiet
    )
    if done.returncode and not quiet:
        said = " ".join(command[:6])
        raise RuntimeTrouble(f"expected `{said} …` to succeed, found exit code {done.returncode}; see above")
    return done


def compose(root: Path, tenant: str, *arguments: str, quiet: bool = False) -> subprocess.CompletedProcess[str]:
    """Run `docker compose` for a tenant. Raises RuntimeTrouble when it fails and is not quiet."""
    return run(compose_command(root, tenant, *arguments), root, quiet=quiet)


def compose_command(root: Path, tenant: str, *arguments: str) -> list[str]:
    """The words of `docker compose` for a tenant."""
    project = ["--project-name", f"watchkeeper-{tenant}"]
    env_file = Path("var") / tenant / "compose.env"
    # Without the file (somebody removed var/) the project's name still finds its containers, networks and volumes.
    if (root / env_file).exists():
        project = ["--env-file", str(env_file)]
    return ["docker", "compose", *project, *arguments]


def composed(root: Path, tenant: str) -> dict[str, Any]:
    """What compose makes of a tenant's written variables. Raises RuntimeTrouble where it cannot read them."""
    told = compose(root, tenant, "config", "--format", "json", quiet=True)
    if told.returncode:
        raise RuntimeTrouble(f"expected compose to read {tenant}, found: {told.stderr.strip()[-500:]}")
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def in_supervisor(root: Path, tenant: str, verb: list[str], *words: str) -> list[str]:
    """The words of `docker compose` that run something where the supervisor of a tenant is.

    One of several has no supervisor of its own: the shared one's container is told which of them is meant.
    """
    variables = {name: value or "" for name, value in dotenv_values(root / "var" / tenant / "compose.env").items()}
    if not one_of_several(variables):
        return compose_command(root, tenant, *verb, "supervisor", *words)
    told = [f"--env={name}={value}" for name, value in house.environment(variables).items()]
    # Behind them the caller's own, which overrule.
    return compose_command(root, tenant_files.HOUSE, verb[0], *told, *verb[1:], "supervisor", *words)


def taken_ports(variables: Mapping[str, str]) -> list[str]:
    """Name the host ports of this plan that somebody else listens on."""
    return sorted(
        f"{name}: expected 127.0.0.1:{port} to be free, found a listener; set another in .env"
        for name, port in published(variables).items()
        if not is_free(port)
    )


def waiting_for(status: Mapping[str, object], tenant: str, *, engine: bool) -> str | None:
    """Say what is not ready yet by the supervisor's status, version 1, or None when all is."""
    tenants = status.get("tenants")
    for row in tenants if isinstance(tenants, list) else []:
        if row.get("name") == tenant:
            gateway = row.get("gateway") or {}
            if gateway.get("state") != "READY":
                login = gateway.get("login") or {}
                why = f"; {login['sentence']}" if login.get("waiting") else ""
                return f"gateway to be READY (now {gateway.get('state')}{why})"
            state = (row.get("engine") or {}).get("state")
            return f"engine to be TRADING (now {state})" if engine and state != "TRADING" else None
    return f"the supervisor to know tenant {tenant}"


async def wait_until_ready(stack: Plan, clock: Clock, say: Callable[[str], None]) -> bool:
    """Wait for the supervisor to call gateway and engine ready, at most READY_WITHIN_SECONDS; say what is awaited."""
    url = _at(stack, "SUPERVISOR", "/api/v1/status")
    started = clock.monotonic()
    told = ""
    async with httpx.AsyncClient(timeout=3, trust_env=False) as client:
        while clock.monotonic() - started < READY_WITHIN_SECONDS:
            try:
                answer = (await client.get(url)).json()
                missing = waiting_for(answer, stack.tenant, engine=stack.variables["ENGINE"] == "on")
            except (httpx.HTTPError, json.JSONDecodeError):
                missing = "the supervisor to answer"
            if missing is None:
                return True
            if missing != told:
                say(f"    {clock.monotonic() - started:4.0f} s  waiting for {missing}")
                told = missing
            await clock.sleep(0.5)
    bound = f"{READY_WITHIN_SECONDS:.0f} s"
    say(f"expected all to be ready within {bound}, still waiting for {told}; see: make status, make logs")
    return False


# ---- the commands ----------------------------------------------------------------------------------------------------


async def up(mode: Mode, tenant: str | None = None, root: Path = ROOT, clock: Clock | None = None) -> int:
    """Build, start and wait. Returns 0 when gateway and engine are ready, 1 when not within the bound."""
    stack = planned(mode, tenant, root)
    running = compose(root, stack.tenant, "ps", "--quiet", quiet=True).stdout.strip()
    if not running and (taken := taken_ports(stack.variables)):
        raise SettingsRefused("\n".join(taken))
    write_files(root, stack)
    build(root, stack)
    return await start(root, stack, clock or SystemClock())


def planned(mode: Mode, tenant: str | None, root: Path = ROOT) -> Plan:
    """What `up` would start with, its secrets where containers can read them. Nothing that runs is touched.

    Raises:
        SettingsRefused: something is missing, unusable, or not confirmed.
    """
    stack, settings = drafted(mode, tenant, root)
    prepare_secrets(root, stack)
    check_settings(root, stack)
    stack = configure(root, stack, settings)
    confirm_live(stack)
    return hand_over_secrets(root, stack)


def drafted(mode: Mode, tenant: str | None, root: Path = ROOT) -> tuple[Plan, Mapping[str, str]]:
    """The plan of a stack, and what the user set. Nothing is written.

    Raises:
        SettingsRefused: something is missing or unusable.
    """
    settings = given(root, os.environ, tenant)
    settings["TENANT"] = name = tenant or settings["TENANT"]
    slot = slots.read(root)[name] if name in tenant_files.names(root) else None
    return plan(mode, settings, look_at_host(root, settings, os.environ), slot), settings


def confirm_live(stack: Plan) -> None:
    """Have a person say that a live account is meant. Raises: SettingsRefused."""
    if stack.mode == "live":
        confirm("live", f"This starts the LIVE account {stack.variables['IB_ACCOUNT']}.")


def build(root: Path, stack: Plan) -> None:
    """Build the images that are ours, by the files that `write_files` has written. Raises: RuntimeTrouble."""
    print(f"==> {stack.project}: building images (the first time takes a minute, most of it the engine's)", flush=True)
    built = compose(root, stack.tenant, "build", quiet=True)
    if built.returncode:
        print(built.stdout[-4000:], built.stderr[-4000:], sep="\n", file=sys.stderr)
        raise RuntimeTrouble("expected the images to build, found the failure above")


async def start(root: Path, stack: Plan, clock: Clock) -> int:
    """Start what is written and built. Returns 0 when gateway and engine are ready, 1 when not within the bound."""
    raise_up(root, stack)
    return await settle(root, stack, clock)


def raise_up(root: Path, stack: Plan, *more: str) -> None:
    """Start what is written and built, and wait for nothing. Raises: RuntimeTrouble."""
    print(f"==> {stack.project}: starting", flush=True)
    compose(root, stack.tenant, "up", "--detach", "--no-build", "--remove-orphans", "--quiet-pull", *more)
    (root / stack.var / _COMMIT).write_text(commit(root) or "")


def started_from(root: Path, stack: Plan) -> str | None:
    """The commit of the checkout that what runs was started from, or None where nobody knows."""
    with suppress(FileNotFoundError):
        return (root / stack.var / _COMMIT).read_text() or None
    return None


def commit(root: Path) -> str | None:
    """The checkout's commit, or None where there is none."""
    try:
        done = run(["git", "rev-parse", "HEAD"], root, quiet=True)
    except OSError:
        return None
    return done.stdout.strip() or None


async def settle(root: Path, stack: Plan, clock: Clock) -> int:
    """Wait until all is well, and say where it is. Returns 0 when gateway and engine are ready, 1 when not in time."""
    ready = await wait_until_ready(stack, clock, lambda line: print(line, flush=True))
    found = {what.lower().replace(" ", "_").replace("-", "_"): where for what, where in found_at(stack).items()}
    answers.tell(tenant=stack.tenant, mode=stack.mode, ready=ready, addresses=found)
    compose(root, stack.tenant, "ps", "--all", "--format", "table {{.Service}}\t{{.Name}}\t{{.Status}}")
    print(addresses(stack))
    print(receivers.told(_filled(root, stack)))
    return 0 if ready else 1


def found_at(stack: Plan) -> dict[str, str]:
    """Where what now runs is found on this machine, by what it is."""
    found = shared_at(stack) | {"status": _at(stack, "SUPERVISOR", "/api/v1/status")}
    if stack.variables["ENGINE"] == "on":
        found["engine"] = _at(stack, "ENGINE", "/api/v1/status")
    if stack.mode == "sim":
        found["stand-in"] = _at(stack, "SIMULATOR", "/api/v1/status")
    if "publish-api" in stack.variables["COMPOSE_FILE"]:
        found["gateway API"] = f"127.0.0.1:{stack.variables['HOST_PORT_API']}"
    return found


def shared_at(stack: Plan) -> dict[str, str]:
    """Of that, what several tenants share."""
    found = {"page": _at(stack, "SUPERVISOR", "/")}
    found |= {name: _at(stack, name.upper()) for name in ("Prometheus", "Alertmanager")}
    return found | ({"Grafana": _at(stack, "GRAFANA")} if GRAFANA in stack.variables["COMPOSE_FILE"] else {})


def _at(stack: Plan, service: str, path: str = "") -> str:
    return f"http://127.0.0.1:{stack.variables[f'HOST_PORT_{service}']}{path}"


def addresses(stack: Plan) -> str:
    """The same for a person."""
    lines = [f"  {what:<13} {where}" for what, where in found_at(stack).items()]
    return "\n".join(["", *lines, grafana(stack), ""])


def grafana(stack: Plan) -> str:
    """Whether there are dashboards, and how they are opened."""
    if GRAFANA not in stack.variables["COMPOSE_FILE"]:
        return "  Grafana was left out of this stack."
    return f"  Grafana's user is admin, the password is in {stack.secrets_dir}/grafana_password."


def down(tenant: str, mode: Mode, *, force: bool = False, root: Path = ROOT) -> int:
    """Stop and remove the containers and networks; every volume stays. The supervisor goes first.

    Returns 1, and touches nothing, while positions or orders are open or cannot be asked about, unless forced. On the
    stand-in it is only said: its book is kept in a volume, and no money is in it.
    """
    answers.tell(tenant=tenant, stopped=False)
    if not may_leave(root, tenant, mode, force=force):
        return 1
    compose(root, tenant, "stop", "supervisor", quiet=True)
    compose(root, tenant, "down", "--remove-orphans")
    answers.tell(stopped=True)
    return 0


def may_leave(root: Path, tenant: str, mode: Mode, *, force: bool) -> bool:
    answers.tell(left=None)
    trades = [
        "docker",
        "ps",
        "--quiet",
        "--filter",
        "label=watchkeeper.role",
        "--filter",
        f"label=watchkeeper.tenant={tenant}",
    ]
    if not run(trades, root, quiet=True).stdout.strip():
        return True
    port = dotenv_values(root / "var" / tenant / "compose.env").get("HOST_PORT_SUPERVISOR")
    left = leaving.open_at_broker(leaving.ask(f"http://127.0.0.1:{port}"), tenant)
    answers.tell(left=left)
    if left is None:
        return True
    print(f"{tenant}: {left}", file=sys.stderr)
    if mode == "sim" or force:
        return True
    print("Nothing was stopped. Close it first; or leave it to what rests at the broker: FORCE=1", file=sys.stderr)
    return False


def purge(tenant: str, mode: Mode, *, force: bool = False, root: Path = ROOT) -> int:
    """Remove containers, networks, volumes and generated files; asks for the tenant's name unless SIM.

    Returns 1, and touches nothing, where `down` would.
    """
    answers.tell(tenant=tenant, removed=False)
    if not may_leave(root, tenant, mode, force=force):
        return 1
    confirm_purge(tenant, mode)
    wipe(root, tenant)
    answers.tell(removed=True)
    return 0


def confirm_purge(tenant: str, mode: Mode) -> None:
    """Have a person say that everything may go. Raises: SettingsRefused."""
    if mode != "sim":
        confirm(tenant, f"This removes every volume of tenant {tenant}: journal, cache, gateway settings, metrics.")


def wipe(root: Path, tenant: str) -> None:
    """Remove a stack with its volumes and generated files."""
    compose(root, tenant, "down", "--volumes", "--remove-orphans")
    shutil.rmtree(root / "var" / tenant, ignore_errors=True)


def break_glass(tenant: str, root: Path = ROOT) -> int:
    """Stop the engine, then close and cancel everything in its account from a container of its own.

    Needs neither engine nor supervisor, only the gateway. Returns 0 flat, 1 something is left, 2 could not ask.
    """
    answers.tell(tenant=tenant, flat=None)
    confirm(
        tenant,
        f"This stops the engine of {tenant}, closes every position of its account at the market and cancels its orders",
    )
    engine = f"watchkeeper-{tenant}-engine"
    found = run(["docker", "ps", "--quiet", "--filter", f"name=^{engine}$"], root, quiet=True).stdout.strip()
    if found and (stopped := run(["docker", "stop", engine], root, quiet=True)).returncode:
        raise RuntimeTrouble(f"expected the engine to stop, found: {stopped.stderr.strip()}; nothing was sent")
    command = in_supervisor(root, tenant, _ONCE, "python", "-m", "supervisor.breakglass")
    done = subprocess.run(command, cwd=root, env=docker_environment(os.environ), check=False)  # noqa: S603 (our own)
    answers.tell(flat={0: True, 1: False}.get(done.returncode))
    return done.returncode


def _volumes(tenant: str, root: Path) -> backup.DockerVolumes:
    image = look_at_host(root, given(root, os.environ), os.environ).images["BASE_IMAGE"]
    # Whose they are says what was started last, not what .env says by now.
    account = dotenv_values(root / "var" / tenant / "compose.env").get("IB_ACCOUNT") or ""
    return backup.DockerVolumes(tenant, account, image, docker_environment(os.environ))


def back_up(tenant: str, root: Path = ROOT, clock: Clock | None = None) -> int:
    """Write what the stack has and nobody else into one file under var/backups. Returns 0."""
    now = (clock or SystemClock()).now()
    path = backup.backup(_volumes(tenant, root), root / "var" / "backups", now)
    print(path.relative_to(root))
    answers.tell(tenant=tenant, file=str(path.relative_to(root)), bytes=path.stat().st_size)
    return 0


def restore(tenant: str, mode: Mode, path: Path | None, root: Path = ROOT, clock: Clock | None = None) -> int:
    """Put a backup in the place of a stack's volumes; asks for the tenant's name unless SIM. Returns 0."""
    if path is None:
        raise SettingsRefused("expected FROM=FILE, a file that `make backup` wrote, found none; see var/backups")
    if mode != "sim":
        confirm(tenant, f"This replaces journal, cache and gateway settings of tenant {tenant} by those of {path}.")
    now, account = (clock or SystemClock()).now(), drafted(mode, tenant, root)[0].variables["IB_ACCOUNT"]
    before = backup.restore(_volumes(tenant, root), path, account, root / "var" / "backups", now)
    kept = str(before.relative_to(root)) if before is not None else None
    answers.tell(tenant=tenant, restored=str(path), before=kept)
    if kept is not None:
        print(f"what was there is in {kept}")
    print(f"restored from {path}; logins that were made since then stay counted. Next: make up")
    return 0


def tell_supervisor(root: Path, tenant: str, *words: str) -> bool:
    """Say a command of `supervisor.cli` to a stack's supervisor; whether the answer was yes."""
    os.environ["TENANT"] = tenant
    os.environ["TOKENS_DIR"] = given(root, os.environ)["SECRETS_DIR"] or "secrets"
    return cli.main(words) == 0


def gateway_setup(tenant: str, mode: Mode, *, force: bool = False, by_api: bool = False, root: Path = ROOT) -> int:
    """Show the gateway's screen until a person has made the settings that no file can set, or have it told by its API.

    Returns 0 when they are right and kept, 1 when not, or while positions or orders are open.
    """
    folder = root / "var" / tenant
    base = compose_command(root, tenant)

    def start(more: Path | None) -> None:
        files = [] if more is None else ["--env-file", str(more)]
        run([*base, *files, "up", "--detach", "--no-build", "--no-deps", "--quiet-pull", "ib-gateway"], root)

    def say(line: str) -> None:
        print(line, flush=True)
        answers.tell(sentence=line.strip())

    setup = Setup(
        dotenv_values(folder / "compose.env"),
        folder / "gateway-setup.env",
        start=start,
        ask=lambda: _ask_inside(root, tenant, {}, CHECKS),
        supervisor=partial(tell_supervisor, root, tenant),
        clock=SystemClock(),
        say=say,
    )
    answers.tell(tenant=tenant, right=False, sentence=None)
    if by_api:
        words = in_supervisor(root, tenant, _ONCE, "python", "-m", "supervisor.utc")

        def tell() -> bool:
            environment = docker_environment(os.environ)
            return subprocess.run(words, cwd=root, env=environment, check=False).returncode == 0  # noqa: S603 (our own)

        if not may_leave(root, tenant, mode, force=force):
            return 1
        confirm(tenant, f"This changes a setting of the gateway of {tenant} and starts it anew, without a login.")
        right = asyncio.run(setup.by_api(tell))
        answers.tell(right=right)
        return 0 if right else 1
    port = os.environ.get("HOST_PORT_VNC") or "5900"
    if not port.isdigit() or not is_free(int(port)):
        raise SettingsRefused(f"HOST_PORT_VNC: expected a free port of 127.0.0.1, found {port}; set another")
    if not may_leave(root, tenant, mode, force=force):
        return 1
    confirm(tenant, f"This starts the gateway of {tenant} anew with its screen on: one login, perhaps a push.")
    right = asyncio.run(setup.run(int(port)))
    answers.tell(right=right)
    return 0 if right else 1


def present(root: Path, tenant: str) -> list[dict[str, str]]:
    """The containers of a tenant's stack, also those that have stopped: `service` and `name` of each.

    Raises:
        RuntimeTrouble: Docker does not say.
    """
    found = compose(root, tenant, "ps", "--all", "--format", "{{.Service}} {{.Name}}", quiet=True)
    if found.returncode:
        raise RuntimeTrouble(
            f"expected Docker to list the containers of {tenant}, found: {found.stderr.strip()[-300:]}"
        )
    rows = (line.partition(" ") for line in found.stdout.splitlines())
    return sorted(({"service": service, "name": name} for service, _, name in rows), key=lambda row: row["name"])


def logs(tenant: str, asked: Sequence[str] = (), *, as_json: bool = False, root: Path = ROOT) -> int:
    """The containers' logs, or those of the services asked for: on a terminal they are followed until interrupted.

    Raises:
        SettingsRefused: there is no such service.
    """
    rows = present(root, tenant)
    services = {row["service"] for row in rows}
    if not services:
        raise SettingsRefused(f"expected containers of tenant {tenant}, found none; try: make up SIM=1")
    wanted = [_GATEWAY if name == "gateway" else name for name in asked]
    if unknown := sorted(set(wanted) - services):
        known = ", ".join(sorted(services))
        raise SettingsRefused(f"SERVICE: expected some of {known}, found {', '.join(unknown)}")
    terminal = sys.stdout.isatty() and not as_json
    how_much = ["--follow", "--tail", "100"] if terminal else ["--tail", "1000"]
    if not as_json:
        compose(root, tenant, "logs", *how_much, *wanted)
        return 0
    said = compose(root, tenant, "logs", "--no-color", "--timestamps", *how_much, *wanted, quiet=True)
    if said.returncode:
        raise RuntimeTrouble(f"expected the logs, found: {said.stderr.strip()[-300:]}")
    # Compose leaves the project out of the names that it has made up itself.
    known_as = {row["name"].removeprefix(f"watchkeeper-{tenant}-"): row for row in rows}
    known_as |= {row["name"]: row for row in rows}
    for line in said.stdout.splitlines():
        print(json.dumps(log_line(line, known_as)))
    return 0


def log_line(text: str, containers: Mapping[str, Mapping[str, str]]) -> dict[str, object]:
    """A line of `docker compose logs --timestamps` as JSON; one that is a JSON object itself is also told as that."""
    said_by, _, rest = text.partition("|")
    at, _, line = rest.removeprefix(" ").partition(" ")
    container = containers[said_by.strip()]
    told: dict[str, object] = {"version": 1, "service": container["service"], "container": container["name"]}
    told |= {"at": at, "line": line}
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    return told | {"record": record if isinstance(record, dict) else None}


def preflight(tenant: str, options: Options, root: Path = ROOT, clock: Clock | None = None) -> int:
    """Ask where it can be seen: in the supervisor's container what the engine would see, and on this machine the rest.

    Both at the same time, in one report. They ask against what `.env` says now, which is what the next `up` would start
    with. Returns the exit code: 0 go, 1 no-go or unknown, 2 could not ask.

    Raises:
        SettingsRefused: `.env` cannot be used.
    """
    clock = clock or SystemClock()
    planned_now = drafted(known_mode(root, tenant), tenant, root)[0]
    wanted = planned_now.variables
    # What is not set is handed over as empty: the container may have it from an older .env.
    now = {name: wanted.get(name, "") for field in PreflightSettings.model_fields if (name := field.upper()) in KNOWN}
    now |= house.environment(wanted) if planned_now.one_of_several else {}
    here = {name.lower(): value for name, value in now.items() if value}
    if "external" in wanted["COMPOSE_FILE"]:
        here |= {"gateway_host": wanted["GATEWAY_HOST"].replace(THIS_MACHINE, "127.0.0.1")}
    else:
        here |= {"gateway_host": "127.0.0.1", "gateway_port": wanted["HOST_PORT_API"]}
    here["engine_url"] = f"http://127.0.0.1:{wanted['HOST_PORT_ENGINE']}"

    async def ask() -> Report:
        checks = catalogue()
        wanted_here = chosen(checks, options.only, options.skip)
        inside = [check.name for check in wanted_here if check.place is Place.STACK]
        names = {check.name for check in wanted_here}
        left_out = [check.name for check in checks if check.name not in names]
        host_settings = PreflightSettings.load(**here)
        order = [check.name for check in checks]
        host = asyncio.create_task(
            run_preflight(
                host_settings,
                clock,
                Place.HOST,
                only=options.only,
                skip=options.skip,
                host=LocalHost(host_settings, Project(root, wanted)),
            )
        )
        try:
            stack = [await _ask_inside(root, tenant, now, inside if left_out else None)] if inside else []
        except CouldNotAsk as error:
            raise CouldNotAsk(str(error), replace(await host, left_out=left_out)) from error
        return replace(merged([await host, *stack], order), left_out=left_out)

    return answer(options, ask, clock)


async def _ask_inside(root: Path, tenant: str, now: Mapping[str, str], names: Sequence[str] | None) -> Report:
    """The report of the supervisor's container.

    Raises:
        CouldNotAsk: no such container, no answer in time, or none that can be read.
    """
    verb = ["exec", "--no-TTY", *(f"--env={name}={value}" for name, value in now.items())]
    only = [f"--only={','.join(names)}"] if names is not None else []
    process = await asyncio.create_subprocess_exec(
        *in_supervisor(root, tenant, verb, "python", "-m", "preflight", "--json", *only),
        cwd=root,
        env=docker_environment(os.environ),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(INSIDE_SECONDS):
            out, err = await process.communicate()
    except TimeoutError as error:
        raise CouldNotAsk(
            f"expected the supervisor's container to answer in {INSIDE_SECONDS:.0f} s, found none"
        ) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        return Report.from_json(json.loads(out))
    except (KeyError, TypeError, ValueError) as error:
        said = err.decode(errors="replace").strip().removeprefix("preflight: ") or out.decode(errors="replace")[-500:]
        raise CouldNotAsk(
            f"{said}\nexpected an answer from the supervisor's container; is it up? make status"
        ) from error


def confirm(word: str, warning: str) -> None:
    """Have a person type a word. Raises: SettingsRefused."""
    if os.environ.get("CONFIRM") == word:
        return
    if not sys.stdin.isatty():
        raise SettingsRefused(f"{warning}\nexpected a person to confirm, found no terminal; or set CONFIRM={word}")
    if input(f"{warning}\nType {word} to go on: ").strip() != word:
        raise SettingsRefused("not confirmed; nothing was done")


def known_mode(root: Path, tenant: str) -> Mode:
    found = dotenv_values(root / "var" / tenant / "compose.env").get("MODE") or tenant
    known: tuple[Mode, ...] = get_args(Mode)
    return next((mode for mode in known if mode == found), "live")  # unknown: the careful answer


def tenant_of(root: Path, asked: Mode | None) -> str:
    if name := given(root, os.environ)["TENANT"] or asked:
        return name
    written = (path.parent.name for path in (root / "var").glob("*/compose.env"))
    present = tenant_files.names(root) or sorted(set(written) - {tenant_files.HOUSE})
    if len(present) > 1:
        raise SettingsRefused(
            f"expected one tenant, found {', '.join(present)}; say which: SIM=1, PAPER=1, LIVE=1 or TENANT=…"
        )
    return present[0] if present else "sim"


def main(arguments: list[str] | None = None) -> int:
    """Command line. Exit codes: 0 good, 1 not ready in time or not while exposed, 2 could not."""
    parser = argparse.ArgumentParser(prog="python -m supervisor.stack", description=__doc__)
    parser.add_argument(
        "command",
        choices=["up", "down", "purge", "logs", "preflight", "gateway-setup", "break-glass", "backup", "restore"],
    )
    parser.add_argument("--mode", choices=get_args(Mode))
    parser.add_argument("--tenant", help="default: the mode's name, or the only tenant that is up")
    parser.add_argument("--force", action="store_true", help="down and purge: also while positions or orders are open")
    parser.add_argument(
        "--by-api", action="store_true", help="gateway-setup: without a screen, where the API can do it"
    )
    parser.add_argument("--from", dest="source", type=Path, help="restore: the file")
    parser.add_argument("--service", default="", help="logs: of these services only: supervisor,engine")
    add_options(parser)
    options = parser.parse_args(arguments)
    as_json = options.json or os.environ.get("JSON") == "1"
    own = options.command in ("logs", "preflight")  # these print JSON of their own
    return answers.answered(lambda: _run(options, as_json=as_json), as_json=as_json and not own)


def _run(options: argparse.Namespace, *, as_json: bool) -> int:
    if options.command == "up":
        if options.mode is None:
            raise SettingsRefused("expected SIM=1, PAPER=1 or LIVE=1, found none; try: make up SIM=1")
        return asyncio.run(up(options.mode, options.tenant))
    tenant = options.tenant or tenant_of(ROOT, options.mode)
    if options.command == "down":
        return down(tenant, known_mode(ROOT, tenant), force=options.force)
    if options.command == "purge":
        return purge(tenant, known_mode(ROOT, tenant), force=options.force)
    if options.command == "preflight":
        return preflight(tenant, Options.of(options))
    if options.command == "gateway-setup":
        return gateway_setup(tenant, known_mode(ROOT, tenant), force=options.force, by_api=options.by_api)
    if options.command == "break-glass":
        return break_glass(tenant)
    if options.command == "backup":
        return back_up(tenant)
    if options.command == "restore":
        return restore(tenant, known_mode(ROOT, tenant), options.source)
    return logs(tenant, [name for name in options.service.split(",") if name], as_json=as_json)


if __name__ == "__main__":
    raise SystemExit(main())
