"""Who gets through to Grafana: the HAProxy before it, as compose/grafana.yaml starts it. Behind it there is nobody."""

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml
from dotenv import dotenv_values

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]


def _docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def front() -> Iterator[str]:
    service = yaml.safe_load((ROOT / "compose/grafana.yaml").read_text())["services"]["grafana-front"]
    image = dotenv_values(ROOT / "var" / "images.env")["HAPROXY_IMAGE"]
    assert image
    [volume] = service["volumes"]
    sandbox = ["--detach", "--rm", "--read-only", "--user", service["user"], "--publish", "127.0.0.1::3000"]
    mount = ["--volume", f"{ROOT}/{volume.removeprefix('./')}", "--entrypoint", service["entrypoint"][0]]
    container = _docker("run", *sandbox, *mount, image, *service["command"])
    try:
        port = re.findall(r":(\d+)$", _docker("port", container, "3000"), re.MULTILINE)[0]
        yield f"http://127.0.0.1:{port}"
    finally:
        _docker("rm", "--force", container)


def _answer(front: str, host: str) -> int:
    """The status for a request by this name, once something listens."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return httpx.get(front, headers={"Host": host}, timeout=10, trust_env=False).status_code
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:3000"])
def test_a_foreign_name_is_refused(front: str, host: str) -> None:
    assert _answer(front, host) == 403


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:3000", "LOCALHOST:21001"])
def test_the_hosts_own_names_get_through(front: str, host: str) -> None:
    assert _answer(front, host) == 503, "to where nobody is in this test"
