"""`make pin`: digests behind tags, and nothing else of the user's files changes."""

import re
from pathlib import Path

import pytest

from supervisor.errors import RuntimeTrouble, SettingsRefused
from supervisor.pin import digest_by_docker, pin
from supervisor.plan import GATEWAY_IMAGE

DIGEST = "sha256:" + "a" * 64


def project(root: Path, env: str | None, images: str) -> None:
    (root / "var").mkdir()
    (root / "var" / "images.env").write_text(images)
    if env is not None:
        (root / ".env").write_text(env)


def test_the_gateway_of_env_is_pinned_where_it_stands(tmp_path: Path) -> None:
    project(
        tmp_path, "# mine\nGATEWAY_IMAGE=ghcr.io/x/y:1\nIB_ACCOUNT=DU1", "REDIS_IMAGE=redis:8.0\nIMAGES_FROM=registry\n"
    )
    pin(tmp_path, lambda image: DIGEST, lambda line: None)
    assert (tmp_path / ".env").read_text() == f"# mine\nGATEWAY_IMAGE=ghcr.io/x/y:1@{DIGEST}\nIB_ACCOUNT=DU1"
    assert (tmp_path / "var" / "images.env").read_text() == f"REDIS_IMAGE=redis:8.0@{DIGEST}\nIMAGES_FROM=registry\n"


@pytest.mark.parametrize(("env", "before"), [(None, ""), ("", ""), ("IB_ACCOUNT=DU1", "IB_ACCOUNT=DU1\n")])
def test_the_default_gateway_is_pinned_too(tmp_path: Path, env: str | None, before: str) -> None:
    project(tmp_path, env, "")
    pin(tmp_path, lambda image: DIGEST, lambda line: None)
    assert (tmp_path / ".env").read_text() == f"{before}GATEWAY_IMAGE={GATEWAY_IMAGE}@{DIGEST}\n"


def test_what_is_pinned_or_built_here_is_not_asked_for(tmp_path: Path) -> None:
    project(tmp_path, f"GATEWAY_IMAGE=ghcr.io/x/y:1@{DIGEST}\n", "REDIS_IMAGE=watchkeeper/redis:trixie\n")
    said: list[str] = []

    def refuse(image: str) -> str:
        raise AssertionError(image)

    pin(tmp_path, refuse, said.append)
    assert ["pinned already" in said[0], "built here" in said[1]] == [True, True]
    assert (tmp_path / ".env").read_text() == f"GATEWAY_IMAGE=ghcr.io/x/y:1@{DIGEST}\n"


def test_without_bootstrap_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="run scripts/bootstrap"):
        pin(tmp_path, lambda image: DIGEST, lambda line: None)


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `docker` that can pull all but `gone`, and says what the file beside it holds of any image."""
    script = tmp_path / "docker"
    script.write_text(
        f'#!/bin/sh\ncase "$*" in "pull --quiet gone") echo "not found" >&2; exit 1 ;; esac\ncat {tmp_path}/said\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return tmp_path / "said"


def test_the_digest_is_the_registrys(docker: Path) -> None:
    docker.write_text(f"ghcr.io/x/y@{DIGEST}\n")
    assert digest_by_docker("ghcr.io/x/y:1") == DIGEST


@pytest.mark.parametrize(
    ("image", "said", "found"), [("gone", "", "not found"), ("x:1", "<no value>\n", "was it built here?")]
)
def test_no_digest_is_told(docker: Path, image: str, said: str, found: str) -> None:
    docker.write_text(said)
    with pytest.raises(RuntimeTrouble, match=re.escape(found)):
        digest_by_docker(image)
