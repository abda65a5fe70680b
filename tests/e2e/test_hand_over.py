"""How a person who is not root hands secrets to containers: by copies that only the containers' user can read."""

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from dotenv import dotenv_values

from preflight.secret_files import CREDENTIALS, HASH, OPTIONAL, TOKENS
from supervisor import stack
from supervisor.plan import Host, plan
from tests.e2e.stack import ROOT, docker

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        sys.platform != "linux" or os.getuid() != 0, reason="only root can be somebody else for a while"
    ),
]
SOCKET = "/var/run/docker.sock"
PERSON = 12345


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project of a person who is in the socket's group, and this process as that person."""
    directory = Path(tempfile.mkdtemp(dir="/tmp"))
    os.chown(directory, PERSON, PERSON)
    monkeypatch.setenv("HOME", str(directory))
    groups = os.getgroups()
    os.setgroups([os.stat(SOCKET).st_gid])
    os.setresgid(PERSON, PERSON, 0)
    os.setresuid(PERSON, PERSON, 0)  # what is saved is the way back
    try:
        yield directory
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)
        os.setgroups(groups)
        shutil.rmtree(directory)


def test_the_copies_are_the_containers_users_alone(home: Path) -> None:
    images = {name: value for name, value in dotenv_values(ROOT / "var/images.env").items() if value}
    asked = plan("sim", {"TENANT": "hand-over"}, Host(SOCKET, os.stat(SOCKET).st_gid, images, cpus=1))
    stack.prepare_secrets(home, asked)
    handed = stack.hand_over_secrets(home, asked)
    place = handed.variables["TOKENS_DIR"]
    assert place == handed.variables["CREDENTIALS_DIR"] != asked.variables["TOKENS_DIR"]
    folder = home / place
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    found = {path.name: path.stat() for path in folder.iterdir()}
    assert set(found) == {*CREDENTIALS, *TOKENS, HASH, *OPTIONAL}
    assert {(one.st_uid, stat.S_IMODE(one.st_mode)) for one in found.values()} == {(stack.CONTAINER_USER, 0o400)}
    with pytest.raises(PermissionError):
        (folder / "operator_token").read_text()
    mount = f"{folder}/operator_token:/run/secrets/operator_token:ro"
    read = ["run", "--rm", "--network", "none", "--volume", mount, "--entrypoint", "cat"]
    target = [images["BASE_IMAGE"], "/run/secrets/operator_token"]
    assert (
        docker(*read, "--user", "1000:1000", *target).strip() == (home / "secrets/operator_token").read_text().strip()
    )
    assert "denied" in docker(*read, "--user", "1001:1001", "--cap-drop", "ALL", *target, check=False)
