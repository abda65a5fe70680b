"""A backup is whole, its owner's alone, and goes back only where it belongs."""

import gzip
import io
import json
import stat
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import pytest

from supervisor.backup import KEPT, MANIFEST, backup, checked, restore
from supervisor.errors import RuntimeTrouble, SettingsRefused
from supervisor.stack import main

NOW = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)


class Shelf:
    """Volumes as folders of files; what `replace` was given is read as the container's tar would."""

    def __init__(self, files: dict[str, str], tenant: str = "paper", account: str = "DU1234567") -> None:
        self.tenant = tenant
        self.account = account
        self.files = files
        self.up: list[str] = []
        self.full = False

    def present(self) -> tuple[str, ...]:
        return tuple(name for name in KEPT if any(path.startswith(name) for path in self.files))

    def containers(self) -> list[str]:
        return self.up

    def make(self, name: str) -> None:
        pass

    @contextmanager
    def reading(self, names: Sequence[str]) -> Iterator[IO[bytes]]:
        stream = io.BytesIO(packed({path: text for path, text in self.files.items() if path.split("/")[0] in names}))
        yield stream
        if self.full:
            raise RuntimeTrouble("expected tar to read the volumes, found exit code 2")

    def replace(self, names: Sequence[str], archive: IO[bytes]) -> None:
        self.files = {}
        with tarfile.open(fileobj=archive, mode="r:gz") as tar:
            for member in tar:
                if member.name != MANIFEST and (content := tar.extractfile(member)):
                    self.files[member.name] = content.read().decode()


def packed(files: dict[str, str], kind: bytes = tarfile.REGTYPE) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path, text in files.items():
            member = tarfile.TarInfo(path)
            member.size, member.type = len(text), kind
            tar.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()


FILES = {"journal/journal.jsonl": '{"a":1}\n', "ledger/attempts": "1795000000 ibc x\n", "redis-data/aof": "*1"}


def test_there_and_back(tmp_path: Path) -> None:
    shelf = Shelf(dict(FILES))
    path = backup(shelf, tmp_path, NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.name.startswith("paper-2026-11-20T210000")
    assert checked(path, "paper", "DU1234567") == ("journal", "ledger", "redis-data")
    shelf.files = {"journal/journal.jsonl": "younger"}
    before = restore(shelf, path, "DU1234567", tmp_path, NOW + timedelta(hours=1))
    assert shelf.files == FILES
    assert before is not None
    restore(shelf, before, "DU1234567", tmp_path, NOW + timedelta(hours=2))
    assert shelf.files == {"journal/journal.jsonl": "younger"}


def test_on_a_new_machine_nothing_is_replaced(tmp_path: Path) -> None:
    path = backup(Shelf(dict(FILES)), tmp_path, NOW)
    shelf = Shelf({})
    assert restore(shelf, path, "DU1234567", tmp_path, NOW) is None
    assert shelf.files == FILES


def test_nothing_to_keep(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="expected volumes of tenant paper, found none"):
        backup(Shelf({}), tmp_path, NOW)


def test_what_could_not_be_read_whole_leaves_no_file(tmp_path: Path) -> None:
    shelf = Shelf(dict(FILES))
    shelf.full = True
    with pytest.raises(RuntimeTrouble, match="exit code 2"):
        backup(shelf, tmp_path, NOW)
    assert list(tmp_path.iterdir()) == []


def test_a_stack_that_is_up_is_left_alone(tmp_path: Path) -> None:
    shelf = Shelf(dict(FILES))
    path = backup(shelf, tmp_path, NOW)
    shelf.up, shelf.files = ["watchkeeper-paper-engine"], {"journal/x": "y"}
    with pytest.raises(SettingsRefused, match="found watchkeeper-paper-engine; first: make down"):
        restore(shelf, path, "DU1234567", tmp_path, NOW)
    assert shelf.files == {"journal/x": "y"}


def test_another_tenants_is_refused(tmp_path: Path) -> None:
    path = backup(Shelf(dict(FILES)), tmp_path, NOW)
    with pytest.raises(SettingsRefused, match="expected a backup of tenant live, found one of paper"):
        checked(path, "live", "DU1234567")


def test_another_accounts_is_refused(tmp_path: Path) -> None:
    path = backup(Shelf(dict(FILES)), tmp_path, NOW)
    with pytest.raises(SettingsRefused, match="expected a backup of DU7654321, found one of DU1234567"):
        checked(path, "paper", "DU7654321")
    of_nobody_knows_whom = backup(Shelf(dict(FILES), account=""), tmp_path, NOW)
    assert checked(of_nobody_knows_whom, "paper", "DU7654321")


def test_a_torn_one_is_refused_wherever_it_is_torn(tmp_path: Path) -> None:
    whole = backup(Shelf(dict(FILES)), tmp_path, NOW).read_bytes()
    torn = tmp_path / "torn.tar.gz"
    for length in range(0, len(whole), 7):
        torn.write_bytes(whole[:length])
        with pytest.raises(SettingsRefused, match=r"torn\.tar\.gz: expected"):
            checked(torn, "paper", "DU1234567")


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("../etc/passwd", id="up"),
        pytest.param("/etc/passwd", id="from the root"),
        pytest.param("journal/../../etc/passwd", id="up, later"),
        pytest.param("gateway-state/book", id="a volume that is not kept"),
    ],
)
def test_what_leads_elsewhere_is_refused(tmp_path: Path, path: str) -> None:
    manifest = json.dumps({"version": 1, "tenant": "paper", "volumes": ["journal", "gateway-state"]})
    file = tmp_path / "strange.tar.gz"
    file.write_bytes(gzip.compress(packed({MANIFEST: manifest, path: "x"})))
    with pytest.raises(SettingsRefused, match="nothing was touched"):
        checked(file, "paper", "DU1234567")


def test_a_file_of_somebody_else(tmp_path: Path) -> None:
    file = tmp_path / "mine.tar.gz"
    with tarfile.open(file, "w:gz") as out:
        out.addfile(tarfile.TarInfo("journal"))
    with pytest.raises(SettingsRefused, match="it is no backup"):
        checked(file, "paper", "DU1234567")
    with pytest.raises(SettingsRefused, match="FileNotFoundError"):
        checked(tmp_path / "none", "paper", "DU1234567")


def test_the_command_says_what_it_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["restore", "--tenant", "nobody"]) == 2
    assert "expected FROM=FILE" in capsys.readouterr().err
