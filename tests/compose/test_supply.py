"""What comes from elsewhere: each Python package by its hash, as a wheel, a week old; each image by a version."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("supervisor/Dockerfile", "engine/Dockerfile", "gateway/simulator/Dockerfile")
DOCKERFILES = sorted(
    [*OURS, *(str(path.relative_to(ROOT)) for path in (ROOT / "compose/standin").glob("*.Dockerfile"))]
)


def steps(path: str) -> list[str]:
    """The instructions of a Dockerfile, each on one line, without comments."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / path).read_text(), flags=re.MULTILINE)
    return [line.strip() for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def lock() -> dict[str, Any]:
    return tomllib.loads((ROOT / "uv.lock").read_text())


def test_every_dockerfile_is_looked_at() -> None:
    found = {
        str(path.relative_to(ROOT))
        for room in (*OURS, "compose/standin/x")
        for path in (ROOT / room).parent.glob("*Dockerfile")
    }
    assert found == set(DOCKERFILES)


@pytest.mark.parametrize("path", DOCKERFILES)
def test_an_image_starts_from_the_base_that_was_chosen_and_ends_without_root(path: str) -> None:
    lines = steps(path)
    assert {line for line in lines if line.startswith("FROM")} <= {
        "FROM ${BASE_IMAGE} AS dependencies",
        "FROM ${BASE_IMAGE}",
    }
    [base] = {line.removeprefix("ARG BASE_IMAGE=") for line in lines if line.startswith("ARG BASE_IMAGE=")}
    assert re.search(r":(?!latest$)[\w.-]+$", base)
    assert re.fullmatch(r"USER [1-9]\d*:\d+", [line for line in lines if line.startswith("USER")][-1])
    assert not [line for line in lines if line.startswith("ADD ") or re.search(r"\b(curl|wget|git clone)\b", line)]


@pytest.mark.parametrize("path", OURS)
def test_python_packages_come_by_their_hashes_and_only_as_wheels(path: str) -> None:
    text = " ".join(steps(path))
    pip = re.findall(r"pip install ([^&]*)", text)
    uv = re.findall(r"uv sync ([^&]*?) (?:FROM|RUN|&&)", text)
    assert (len(pip), len(uv)) == (1, 1)
    assert "--require-hashes --only-binary :all: -r /tmp/uv.txt" in pip[0]
    assert {"--frozen", "--no-build", "--no-default-groups"} <= set(uv[0].split())


@pytest.mark.parametrize("path", OURS)
def test_the_installer_stays_out_of_the_image_that_runs(path: str) -> None:
    """Of the first stage only the environment is copied; the base's own pip is removed."""
    final = steps(path)[[i for i, line in enumerate(steps(path)) if line.startswith("FROM")][-1] :]
    assert [line for line in final if line.startswith("COPY --from")] == [
        "COPY --from=dependencies /app/.venv /app/.venv"
    ]
    assert any("pip uninstall" in line for line in final)


@pytest.mark.parametrize("path", sorted((ROOT / "compose/pins").glob("*.txt")), ids=lambda path: path.name)
def test_a_pin_has_a_version_and_hashes(path: Path) -> None:
    text = re.sub(r"^#.*\n", "", path.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    for line in text.splitlines():
        assert re.fullmatch(r"[\w-]+==[\d.]+(\s+--hash=sha256:[0-9a-f]{64})+", line.strip()), line


def test_every_package_of_the_lock_has_wheels_with_hashes() -> None:
    for package in lock()["package"]:
        if "virtual" in package["source"]:
            continue
        assert package["wheels"], f"{package['name']} has no wheel: it would be built from source"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", wheel["hash"]) for wheel in package["wheels"]), package["name"]


def test_the_lock_keeps_the_cooldown_that_the_project_asks_for() -> None:
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]
    assert (asked["exclude-newer"], asked["no-build"]) == ("7 days", True)
    assert lock()["options"]["exclude-newer-span"] == "P7D"


def test_the_host_installs_by_hashes_too() -> None:
    text = (ROOT / "scripts/bootstrap").read_text().replace("\\\n", " ")
    installs = re.findall(r"pip install .*", text)
    assert len(installs) == 2
    assert all("--require-hashes --only-binary :all:" in line for line in installs)
    assert '"$uv" sync --frozen' in text
