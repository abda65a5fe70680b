"""`make backup` and `make restore`: what a stack has written that nobody else has, as one file.

The supervisor's journal, the login ledger and the hold, Redis, and the gateway's settings. Not the secrets and not
`.env`, which are yours to keep; not the broker's book, which is the broker's; not the metrics.

A backup can be made while the stack trades: what is written by appending is whole up to the last line, and Redis stands
still while it is read, as its file must not be rewritten meanwhile. A restore wants the stack down, keeps what it
replaces as a backup of its own, and never makes the ledger forget a login.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import tarfile
import zlib
from contextlib import contextmanager
from datetime import UTC
from io import BytesIO
from typing import IO, TYPE_CHECKING, Final, Protocol

from supervisor.errors import RuntimeTrouble, SettingsRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

KEPT: Final = ("journal", "ledger", "hold", "redis-data", "gateway-settings")
"""The volumes of compose.yaml and compose/ibkr.yaml that are in a backup, where the stack has them."""
MANIFEST: Final = "manifest.json"
VERSION: Final = 1

# The token of a soft restart is good once and soon: out of a backup it makes a start that only looks like no login.
_TAR: Final = ("tar", "--create", "--numeric-owner", "--exclude=autorestart", "--directory=/volumes", "--file=-")

# Each volume is emptied first: what is not in the file was not there then. Except that logins that were made stay
# counted, and that a hold waits for a person.
REPLACE: Final = f"""set -eu
cd /volumes
[ ! -f ledger/attempts ] || cp --preserve ledger/attempts /tmp/made
for volume in *; do find "$volume" -mindepth 1 ! -path hold/hold -delete; done
tar --extract --gzip --preserve-permissions --numeric-owner --exclude={MANIFEST} --file -
if [ -f /tmp/made ]; then
  [ -f ledger/attempts ] || cp --preserve /tmp/made ledger/attempts
  sort --unique /tmp/made ledger/attempts >/tmp/merged
  cat /tmp/merged >ledger/attempts
fi
sync
"""


class Volumes(Protocol):
    """What a backup needs of Docker, for one tenant. `account` is whose they are, or empty where nobody knows."""

    tenant: str
    account: str

    def present(self) -> tuple[str, ...]:
        """Which of `KEPT` the stack has."""

    def containers(self) -> list[str]:
        """The names of the stack's containers, stopped ones too."""

    def make(self, name: str) -> None:
        """Make a volume as compose makes it; one that exists stays as it is."""

    def reading(self, names: Sequence[str]) -> AbstractContextManager[IO[bytes]]:
        """What is in these volumes, as a tar."""

    def replace(self, names: Sequence[str], archive: IO[bytes]) -> None:
        """Put a gzipped tar in the place of what is in these volumes."""


class DockerVolumes:
    """Docker's, by its command, and by containers of one image that has tar."""

    def __init__(self, tenant: str, account: str, image: str, environment: Mapping[str, str]) -> None:
        self.tenant = tenant
        self.account = account
        self._image = image
        self._environment = dict(environment)

    def present(self) -> tuple[str, ...]:
        found = set(self._said("volume", "ls", "--quiet", "--filter", f"name=^{self._project}_").split())
        return tuple(name for name in KEPT if f"{self._project}_{name}" in found)

    def containers(self) -> list[str]:
        label = f"label=com.docker.compose.project={self._project}"
        return self._said("ps", "--all", "--filter", label, "--format", "{{.Names}}").split()

    def make(self, name: str) -> None:
        labels = [f"--label=com.docker.compose.project={self._project}", f"--label=com.docker.compose.volume={name}"]
        self._said("volume", "create", *labels, f"{self._project}_{name}")

    @contextmanager
    def reading(self, names: Sequence[str]) -> Iterator[IO[bytes]]:
        """Read with Redis paused."""
        redis = self._said("ps", "--quiet", "--filter", f"name=^{self._project}-redis-1$").strip()
        if redis:
            self._said("pause", redis)
        try:
            command = self._container(names, "DAC_READ_SEARCH", mode=":ro")
            with subprocess.Popen(  # noqa: S603 (our own words)
                [*command, *_TAR, *names],
                env=self._environment,
                stdout=subprocess.PIPE,
            ) as process:
                assert process.stdout is not None
                yield process.stdout
                process.stdout.read()  # what tar pads its end with
            if process.returncode:
                raise RuntimeTrouble(f"expected tar to read the volumes, found exit code {process.returncode}")
        finally:
            if redis:
                self._said("unpause", redis)

    def replace(self, names: Sequence[str], archive: IO[bytes]) -> None:
        rights = ("CHOWN", "DAC_OVERRIDE", "FOWNER")
        command = [*self._container(names, *rights), "bash", "-c", REPLACE]
        done = subprocess.run(command, env=self._environment, stdin=archive, check=False)  # noqa: S603 (our own words)
        if done.returncode:
            raise RuntimeTrouble(f"expected tar to fill the volumes, found exit code {done.returncode}; see above")

    @property
    def _project(self) -> str:
        return f"watchkeeper-{self.tenant}"

    def _container(self, names: Sequence[str], *rights: str, mode: str = "") -> list[str]:
        """Root in a container without a network, with no more than these rights and these volumes."""
        command = ["docker", "run", "--rm", "--interactive", "--network=none", "--user=0:0", "--read-only"]
        command += ["--tmpfs=/tmp", "--security-opt=no-new-privileges", "--cap-drop=ALL"]
        command += [f"--cap-add={right}" for right in rights]
        command += [f"--volume={self._project}_{name}:/volumes/{name}{mode}" for name in names]
        return [*command, "--entrypoint=env", self._image]

    def _said(self, *words: str) -> str:
        done = subprocess.run(  # noqa: S603
            ["docker", *words],  # noqa: S607 (whichever Docker the user has)
            env=self._environment,
            text=True,
            check=False,
            capture_output=True,
        )
        if done.returncode:
            raise RuntimeTrouble(f"expected `docker {words[0]} …` to succeed, found: {done.stderr.strip()}")
        return done.stdout


def backup(volumes: Volumes, folder: Path, now: datetime) -> Path:
    """Write everything that is kept of a stack into a new file of `folder`, readable by its owner alone.

    Raises:
        SettingsRefused: there is nothing to keep.
        RuntimeTrouble: Docker, or the disk, did not do it; no file is left.
    """
    names = volumes.present()
    if not names:
        raise SettingsRefused(
            f"expected volumes of tenant {volumes.tenant}, found none; was it ever up? try: docker volume ls"
        )
    at = now.astimezone(UTC)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{volumes.tenant}-{at:%Y-%m-%dT%H%M%S.%fZ}.tar.gz"
    part = path.with_suffix(".part")
    whose = {"tenant": volumes.tenant, "account": volumes.account}
    manifest = json.dumps({"version": VERSION, **whose, "at": at.isoformat(), "volumes": names})
    try:
        with (
            open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file,
            tarfile.open(fileobj=file, mode="w:gz") as out,
        ):
            head = tarfile.TarInfo(MANIFEST)
            head.size, head.mtime = len(manifest), int(at.timestamp())
            out.addfile(head, BytesIO(manifest.encode()))
            with volumes.reading(names) as stream, tarfile.open(fileobj=stream, mode="r|") as source:
                for member in source:
                    out.addfile(member, source.extractfile(member) if member.isreg() else None)
        part.rename(path)
    except (OSError, tarfile.TarError) as error:
        raise RuntimeTrouble(f"expected to write {path}, found {error}") from error
    finally:
        part.unlink(missing_ok=True)
    return path


def checked(path: Path, tenant: str, account: str) -> tuple[str, ...]:
    """The volumes in a backup, once all of it has been read and nothing in it leads anywhere else.

    Raises:
        SettingsRefused: it is no backup, it is torn, or it is another tenant's or account's.
    """
    try:
        with gzip.open(path) as whole:
            while whole.read(1 << 20):
                pass
        with tarfile.open(path, "r:gz") as archive:
            first = archive.next()
            text = archive.extractfile(first) if first and first.name == MANIFEST else None
            if text is None:
                raise SettingsRefused(f"{path}: expected {MANIFEST} as its first member, found none; it is no backup")
            told = json.load(text)
            names = tuple(name for name in KEPT if name in told["volumes"])
            for member in archive:
                _refuse_strange(path, member, names)
    except (OSError, EOFError, zlib.error, tarfile.TarError, ValueError, KeyError, TypeError) as error:
        why = f"{path}: expected a file that `make backup` wrote, found {type(error).__name__} {error}".rstrip()
        raise SettingsRefused(f"{why}; nothing was touched") from None
    if told.get("version") != VERSION:
        found = told.get("version")
        raise SettingsRefused(f"{path}: expected version {VERSION}, found {found}; restore it with what wrote it")
    if told.get("tenant") != tenant:
        raise SettingsRefused(f"{path}: expected a backup of tenant {tenant}, found one of {told.get('tenant')}")
    if (found := told.get("account") or account) != account:
        # Orders and positions of one account in the cache of another would be reconciled away, or acted upon.
        raise SettingsRefused(f"{path}: expected a backup of {account}, found one of {found}; is IB_ACCOUNT right?")
    return names


def _refuse_strange(path: Path, member: tarfile.TarInfo, names: Sequence[str]) -> None:
    parts = member.name.split("/")
    if member.name == MANIFEST:
        return
    known = member.isreg() or member.isdir() or member.issym()
    if parts[0] not in names or ".." in parts or not known:
        raise SettingsRefused(
            f"{path}: expected files of {', '.join(names)}, found {member.name!r}; nothing was touched"
        )


def restore(volumes: Volumes, path: Path, account: str, folder: Path, now: datetime) -> Path | None:
    """Put a backup in the place of what a stack has, which is down. Returns the backup of what was replaced, if any.

    `account` is the one that the next start will trade.

    Raises:
        SettingsRefused: the file cannot be used, or the stack is up; nothing was touched.
        RuntimeTrouble: Docker did not do it; what was there is in the backup of before.
    """
    names = checked(path, volumes.tenant, account)
    if found := volumes.containers():
        raise SettingsRefused(f"expected the stack to be down, found {', '.join(sorted(found))}; first: make down")
    before = backup(volumes, folder, now) if volumes.present() else None
    for name in names:
        volumes.make(name)
    with path.open("rb") as file:
        volumes.replace(names, file)
    return before
