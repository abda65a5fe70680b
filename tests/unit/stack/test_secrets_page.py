"""The commands of docs/secrets.md, run as they stand there: each fills the files, and none leaves half of one.

A vault is a program of the same name that takes exactly the words that its makers' reference has, and answers.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest

from preflight.secret_files import CREDENTIALS, secret_faults

ROOT = Path(__file__).parents[3]
PASSWORD = "p w'$(id)\"\\n*"
VAULTS = {
    "Doppler": ("doppler", ["secrets get TWS_USERID --plain", "secrets get TWS_PASSWORD --plain"]),
    "1Password": ("op", ["read op://Trading/IBKR paper/username", "read op://Trading/IBKR paper/password"]),
    "AWS Secrets Manager": (
        "aws",
        [
            f"secretsmanager get-secret-value --secret-id ibkr/paper/{name} --query SecretString --output text"
            for name in ("userid", "password")
        ],
    ),
}


def blocks() -> dict[str, str]:
    """The page's shell blocks by their headings; the first one, which all others need, has none."""
    page = (ROOT / "docs/secrets.md").read_text()
    parts = re.split(r"^## (.+)$", page, flags=re.MULTILINE)
    found = {}
    for heading, text in zip(["", *parts[1::2]], parts[::2], strict=True):
        if block := re.search(r"```sh\n(.*?)```", text, re.DOTALL):
            found[heading] = block[1]
    return found


def run(directory: Path, script: str, answer: str, *, fails: bool = False) -> subprocess.CompletedProcess[str]:
    programs = directory / "bin"
    programs.mkdir(exist_ok=True)
    for program, wanted in VAULTS.values():
        path = programs / program
        cases = "\n".join(
            f'  "{words}") {"exit 3" if fails else f"cat {directory}/answer.{i}"} ;;' for i, words in enumerate(wanted)
        )
        path.write_text(f'#!/bin/sh\ncase "$*" in\n{cases}\n  *) echo "unknown: $*" >&2; exit 9 ;;\nesac\n')
        path.chmod(0o755)
    (directory / "answer.0").write_text("the-user\n")
    (directory / "answer.1").write_text(answer)
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", "-c", script], cwd=directory, env=environment, capture_output=True, text=True, timeout=20
    )


def test_the_page_has_a_block_for_each_way() -> None:
    assert set(blocks()) == {"", "By hand", *VAULTS, "Docker secrets"}


@pytest.mark.parametrize("vault", VAULTS)
@pytest.mark.parametrize("answer", [PASSWORD, PASSWORD + "\n"], ids=["without a line's end", "with one"])
def test_a_vaults_commands_fill_the_files(tmp_path: Path, vault: str, answer: str) -> None:
    done = run(tmp_path, blocks()[""] + blocks()[vault], answer)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    found = {name: tmp_path / "secrets" / name for name in CREDENTIALS}
    assert found["tws_userid"].read_text() == "the-user\n"
    assert found["tws_password"].read_text() == PASSWORD + "\n"
    assert secret_faults({name: (path.read_text(), path.stat().st_mode & 0o777) for name, path in found.items()}) == []


@pytest.mark.parametrize("vault", VAULTS)
def test_a_vault_that_fails_leaves_the_files_as_they_were(tmp_path: Path, vault: str) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "tws_password").write_text("as before\n")
    assert run(tmp_path, blocks()[""] + blocks()[vault], "", fails=True).returncode == 3
    assert (tmp_path / "secrets" / "tws_password").read_text() == "as before\n"
    assert not (tmp_path / "secrets" / "tws_userid").exists()


def test_the_job_of_a_swarm_copies_both_files(tmp_path: Path) -> None:
    """What runs in the job, with its two folders elsewhere: Docker's own part needs a Swarm."""
    found = re.search(r"sh -c '(.+)'\n", blocks()["Docker secrets"])
    assert found
    for place in ("from", "to"):
        (tmp_path / place).mkdir()
    for name in CREDENTIALS:
        (tmp_path / "from" / name).write_text(f"the-{name}\n")
    script = found[1].replace("/run/secrets", f"{tmp_path}/from").replace("/out", f"{tmp_path}/to")
    assert run(tmp_path, script, "").returncode == 0
    for name in CREDENTIALS:
        assert (tmp_path / "to" / name).read_text() == f"the-{name}\n"
        assert (tmp_path / "to" / name).stat().st_mode & 0o777 == 0o600
