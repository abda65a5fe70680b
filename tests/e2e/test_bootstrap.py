"""scripts/bootstrap where it may not install: it names the missing piece, exits 2, and asks for credentials first."""

import os
import stat
import subprocess
from pathlib import Path

import pytest
from dotenv import dotenv_values

from tests.e2e.stack import ROOT

pytestmark = pytest.mark.e2e


def in_a_bare_container(script: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run bash in the base image as an ordinary user, on a copy of the checkout, without a network."""
    image = dotenv_values(ROOT / "var" / "images.env")["BASE_IMAGE"]
    assert image
    mounts = ["--volume", f"{ROOT}:/checkout:ro", "--tmpfs", "/copy:mode=1777,exec"]
    copied = "cd /checkout && tar -c scripts compose uv.lock pyproject.toml | tar -x -C /copy && cd /copy && "
    command = ["docker", "run", "--rm", "--network", "none", "--user", "1000:1000", "--env", "HOME=/copy", *mounts]
    return subprocess.run(
        [*command, *options, "--entrypoint", "bash", image, "-c", copied + script],
        text=True,
        capture_output=True,
        timeout=120,
    )


def test_without_uv_and_pip_it_names_them() -> None:
    result = in_a_bare_container("scripts/bootstrap")
    assert result.returncode == 2, result.stdout + result.stderr
    assert "expected uv, or a python3 with pip to install it" in result.stderr
    assert "install uv (or pip) with your package manager" in result.stderr


# The environment stands and is stamped, as far as the script can tell.
READY = "python3 -m venv .venv && cksum uv.lock pyproject.toml >.venv/.watchkeeper-bootstrap && "


def test_without_node_the_tests_cannot_run() -> None:
    result = in_a_bare_container(READY + "scripts/bootstrap --tests")
    assert result.returncode == 2, result.stdout + result.stderr
    assert "expected node 18 or newer and npm" in result.stderr
    assert "install Node.js" in result.stderr


def test_without_a_browser_the_tests_cannot_run() -> None:
    """Node and zsh are there, as far as the script can tell."""
    there = "for name in node npm zsh; do printf '#!/bin/sh\\necho 22.0.0\\n' >$name && chmod +x $name; done && "
    result = in_a_bare_container(READY + there + "PATH=$PWD:$PATH scripts/bootstrap --tests")
    assert result.returncode == 2, result.stdout + result.stderr
    assert "expected Chromium, in which the tests look at the status page" in result.stderr
    named = in_a_bare_container(READY + there + "PATH=$PWD:$PATH CHROMIUM=/none scripts/bootstrap --tests")
    assert "found    /none" in named.stderr


def test_without_an_engine_it_names_docker() -> None:
    result = in_a_bare_container(READY + "scripts/bootstrap")
    assert result.returncode == 2, result.stdout + result.stderr
    assert "expected a Docker engine that answers" in result.stderr
    assert "install Docker Engine 20.10 or newer" in result.stderr


@pytest.mark.parametrize("mode", ["PAPER", "LIVE"])
def test_without_credentials_it_stops_at_once_and_asks_docker_nothing(tmp_path: Path, mode: str) -> None:
    secrets, tools, asked = tmp_path / "secrets", tmp_path / "tools", tmp_path / "asked"
    tools.mkdir()
    (tools / "docker").write_text(f'#!/bin/sh\necho "$@" >>{asked}\nexit 1\n')
    (tools / "docker").chmod(0o755)
    env = {**os.environ, "SECRETS_DIR": str(secrets), "PATH": f"{tools}:{os.environ['PATH']}"}
    result = subprocess.run(["make", "up", f"{mode}=1"], cwd=ROOT, env=env, text=True, capture_output=True, timeout=20)
    assert result.returncode == 2
    for name in ("tws_userid", "tws_password"):
        assert str(secrets / name) in result.stderr
        assert stat.S_IMODE((secrets / name).stat().st_mode) == 0o600
    assert "make up SIM=1" in result.stderr
    assert not asked.exists()
