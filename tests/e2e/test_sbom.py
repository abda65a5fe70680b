"""`make sbom` on the images that the suite's stack runs."""

import json
import tomllib

import pytest

from tests.e2e.stack import ROOT, Stack

pytestmark = pytest.mark.e2e


def test_the_list_of_an_image_is_what_the_lock_names_and_what_debian_brought(stack: Stack) -> None:
    done = stack.run("sbom")
    assert done.returncode == 0, done.stderr
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    locked = {package["name"]: package["version"] for package in lock["package"]}
    for image, needed in (("supervisor", "starlette"), ("engine", "nautilus-trader"), ("simulator", "pyarrow")):
        told = json.loads((ROOT / f"var/sbom/{image}.cdx.json").read_text())
        urls = [component["purl"].removeprefix("pkg:") for component in told["components"]]
        python = dict(url.removeprefix("pypi/").split("@") for url in urls if url.startswith("pypi/"))
        assert {name: version for name, version in python.items() if locked.get(name) != version} == {}, image
        assert needed in python
        assert any(url.startswith("deb/debian/bash@") for url in urls)
        assert any(url.startswith("generic/python@3.") for url in urls)
    assert "| nautilus_trader |" in (ROOT / "var/sbom/licences.md").read_text()
