"""`make doctor`: what somebody needs who is to find out what is wrong with a stack, as one file without secrets.

Every part is asked for by itself, and one that cannot be had is named instead: it is made when things do not work.
Everything passes through `redaction`; what still has a known secret in it afterwards is not written at all.
"""

from __future__ import annotations

import argparse
import getpass
import io
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

import httpx
from dotenv import dotenv_values

from preflight.variables import PORTS
from supervisor import stack
from supervisor.errors import RuntimeTrouble, SettingsRefused
from supervisor.plan import Mode
from supervisor.redaction import Redactor
from tws.clock import Clock, SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

VERSION: Final = 1
LOG_LINES: Final = 2000
_ASKED_WITHIN: Final = 60.0
_LONGEST_REASON: Final = 300
_SECRET_NAME: Final = re.compile(r"PASS|TOKEN|SECRET|KEY|USERID|WEBHOOK|CREDENTIAL")
_SHORTEST: Final = 6
"""A setting that is called secret and is shorter is a switch."""
_OF_A_CONTAINER: Final = ("Name", "Image", "Created", "RestartCount", "State")
_OF_ITS_HOST: Final = ("Memory", "NanoCpus", "PidsLimit", "RestartPolicy", "ReadonlyRootfs", "CapDrop", "SecurityOpt")

type Part = tuple[str, Callable[[], str]]
"""A file of the bundle, and how to come by its text; raises what it likes."""


class Leak(RuntimeTrouble):
    """A secret would have left the machine."""


def bundle(
    parts: Iterable[Part], redactor: Redactor, about: Mapping[str, Any]
) -> tuple[dict[str, str], dict[str, str]]:
    """The files of a bundle by name, and why others are not there, all of it redacted.

    Raises:
        Leak: a known secret is in one of them all the same.
    """
    files: dict[str, str] = {}
    missing: dict[str, str] = {}
    for name, ask in parts:
        try:
            files[name] = redactor.clean(ask())
        except Exception as error:  # whatever it is, it is the finding
            missing[name] = redactor.clean(f"{type(error).__name__}: {error}")[:_LONGEST_REASON]
    manifest = {"version": VERSION, **about, "files": sorted(files), "missing": missing}
    files["manifest.json"] = redactor.clean(json.dumps(manifest, indent=2))
    if leaking := [name for name, text in files.items() if redactor.leaks(text)]:
        raise Leak(f"expected no secret in the bundle, found one in {', '.join(leaking)}; nothing was written")
    return files, missing


def packed(files: Mapping[str, str], folder: str, at: float) -> bytes:
    """A tar file with all of them in one folder. It names no owner."""
    packed_files = io.BytesIO()
    with tarfile.open(fileobj=packed_files, mode="w:gz") as tar:
        for name, text in sorted(files.items()):
            data = text.encode()
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mtime = len(data), int(at)
            tar.addfile(entry, io.BytesIO(data))
    return packed_files.getvalue()


# -- what is asked for -------------------------------------------------------------------------------------------------


def parts_of(tenant: str, root: Path) -> Iterator[Part]:
    """Everything that is asked for, of a stack that may run or not."""
    variables = {**dotenv_values(root / "var" / tenant / "compose.env")}

    def answer(port: str, path: str) -> Callable[[], str]:
        def ask() -> str:
            url = f"http://127.0.0.1:{variables.get(port) or PORTS[port]}{path}"
            response = httpx.get(url, timeout=10, trust_env=False)
            if response.headers.get("content-type", "").startswith("application/json"):
                return json.dumps(response.json(), indent=1)
            return response.text

        return ask

    supervisor, engine = "HOST_PORT_SUPERVISOR", "HOST_PORT_ENGINE"
    yield "supervisor/explain.json", answer(supervisor, "/api/v1/explain")
    yield "supervisor/incidents.json", answer(supervisor, "/api/v1/incidents?limit=200")
    yield "supervisor/preflight.json", answer(supervisor, f"/api/v1/preflight?tenant={tenant}")
    yield "supervisor/metrics.txt", answer(supervisor, "/metrics")
    yield "engine/status.json", answer(engine, "/api/v1/status")
    yield "engine/metrics.txt", answer(engine, "/metrics")
    yield "alertmanager/alerts.json", answer("HOST_PORT_ALERTMANAGER", "/api/v2/alerts")
    yield "prometheus/alerts.json", answer("HOST_PORT_PROMETHEUS", "/api/v1/alerts")
    yield "settings/compose.env", lambda: (root / "var" / tenant / "compose.env").read_text()
    yield "settings/images.env", lambda: (root / "var" / "images.env").read_text()
    yield "settings/compose.yaml", lambda: _said(stack.compose_command(root, tenant, "config"), root)
    yield "docker/containers.json", lambda: _containers(tenant, root)
    yield "docker/version.txt", lambda: _said(["docker", "version"], root)
    yield "docker/compose.txt", lambda: _said(["docker", "compose", "version"], root)
    yield "docker/disk.txt", lambda: _said(["docker", "system", "df"], root)
    yield "host.json", lambda: json.dumps(_host(root), indent=1)
    yield (
        "checkout.txt",
        lambda: _said(["git", "log", "-1", "--format=%H %cI"], root) + _said(["git", "status", "-s"], root),
    )
    for service in _services(tenant, root):
        yield f"logs/{service}.txt", lambda service=service: _log(tenant, root, service)  # type: ignore[misc]


def _said(command: Sequence[str], root: Path) -> str:
    done = subprocess.run(  # noqa: S603 (our own words)
        command,
        cwd=root,
        env=stack.docker_environment(os.environ),
        text=True,
        errors="replace",
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_ASKED_WITHIN,
    )
    if done.returncode:
        raise RuntimeTrouble(f"`{' '.join(command[:4])} …` ended with {done.returncode}: {done.stderr.strip()[-200:]}")
    return done.stdout


def _services(tenant: str, root: Path) -> list[str]:
    """By the containers that are there: none where Docker does not answer, which the other parts then say."""
    try:
        return sorted({row["service"] for row in stack.present(root, tenant)})
    except RuntimeTrouble:
        return []


def _log(tenant: str, root: Path, service: str) -> str:
    words = ["logs", "--no-color", "--no-log-prefix", "--timestamps", "--tail", str(LOG_LINES), service]
    return _said(stack.compose_command(root, tenant, *words), root)


def _containers(tenant: str, root: Path) -> str:
    """How each of them is and what it may use. Not its environment, nor what it was started with."""
    names = [row["name"] for row in stack.present(root, tenant)]
    if not names:
        raise RuntimeTrouble(f"expected containers of tenant {tenant}, found none")
    found = json.loads(_said(["docker", "inspect", *names], root))
    rows = [
        {name: row.get(name) for name in _OF_A_CONTAINER}
        | {name: row.get("HostConfig", {}).get(name) for name in _OF_ITS_HOST}
        for row in found
    ]
    return json.dumps(rows, indent=1)


def _host(root: Path) -> dict[str, Any]:
    disk = shutil.disk_usage(root)
    load = os.getloadavg()
    return {
        "system": platform.platform(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "load": [round(one, 2) for one in load],
        "disk_total_bytes": disk.total,
        "disk_free_bytes": disk.free,
    }


# -- what must not be in it --------------------------------------------------------------------------------------------


def redactor_of(tenant: str, root: Path, environ: Mapping[str, str]) -> Redactor:
    """One that knows every secret file of this checkout, whichever tenant's, and every setting that is called one."""
    given = stack.given(root, environ)
    written = dotenv_values(root / "var" / tenant / "compose.env")
    folders = {root / "secrets", root / (given["SECRETS_DIR"] or "secrets")}
    folders |= {root / place for name in ("CREDENTIALS_DIR", "TOKENS_DIR") if (place := written.get(name))}
    folders |= {*root.glob("secrets/*/"), *root.glob("var/*/credentials"), *root.glob("var/*/mounted")}
    texts = [
        file.read_text(errors="replace") for folder in folders for file in sorted(folder.glob("*")) if file.is_file()
    ]
    for settings in (dotenv_values(root / ".env"), written, environ):
        texts += [
            value
            for name, value in settings.items()
            if value and _SECRET_NAME.search(name) and not name.endswith(("_DIR", "_FILE")) and len(value) >= _SHORTEST
        ]
    user = getpass.getuser()
    names = [(str(Path.home()), "~"), (platform.node(), "HOST"), *([(user, "USER")] if user != "root" else [])]
    return Redactor(texts, names)


def doctor(
    tenant: str, root: Path, clock: Clock, environ: Mapping[str, str]
) -> tuple[Path, dict[str, str], dict[str, str]]:
    """Write the bundle. Returns its path, its files and what is missing in it."""
    now = clock.now().astimezone(UTC)
    redactor = redactor_of(tenant, root, environ)
    about = {"tenant": tenant, "at": now.isoformat(timespec="seconds")}
    files, missing = bundle(parts_of(tenant, root), redactor, about)
    folder = root / "var" / "doctor"
    folder.mkdir(parents=True, exist_ok=True)
    name = f"watchkeeper-{tenant}-{now:%Y%m%dT%H%M%SZ}"
    path = folder / f"{name}.tar.gz"
    path.write_bytes(packed(files, name, now.timestamp()))
    path.chmod(0o600)
    return path, files, missing


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit codes: 0 written, 1 a secret would have been in it, 2 could not."""
    parser = argparse.ArgumentParser(prog="make doctor", description=__doc__)
    parser.add_argument("--mode", choices=get_args(Mode))
    parser.add_argument("--tenant", help="default: the mode's name, or the only tenant that is up")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    try:
        tenant = options.tenant or stack.tenant_of(stack.ROOT, options.mode)
        path, files, missing = doctor(tenant, stack.ROOT, SystemClock(), os.environ)
    except Leak as error:
        print(f"doctor: {error}", file=sys.stderr)
        return 1
    except (SettingsRefused, RuntimeTrouble, OSError) as error:
        print(f"doctor: {error}", file=sys.stderr)
        return 2
    shown = str(path.relative_to(stack.ROOT))
    if options.json or os.environ.get("JSON") == "1":
        told = {"version": VERSION, "tenant": tenant, "file": shown, "bytes": path.stat().st_size}
        print(json.dumps(told | {"files": sorted(files), "missing": missing}, indent=2))
        return 0
    for name, text in sorted(files.items()):
        print(f"  {len(text.encode()) / 1024:8.1f} KiB  {name}")
    for name, why in sorted(missing.items()):
        print(f"  could not be had  {name}: {why}")
    print(f"{shown}: {path.stat().st_size / 1024:.0f} KiB, without secrets, account numbers and this machine's name.")
    print("Positions, orders and what the strategies log are in it: look before you send it to anybody.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
