"""What is in the images that are built here: `make sbom`. It runs on the host, never in a container.

Each image is asked itself, so that the list tells of what runs and not of what was meant to. It is written as
CycloneDX, one file an image, and as one page of licences for people.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from supervisor.errors import RuntimeTrouble
from tws.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

ROOT: Final = Path(__file__).resolve().parent.parent
IMAGES: Final = tuple(f"watchkeeper/{name}:local" for name in ("supervisor", "engine", "simulator"))
_NO_LICENCE: Final = "not told"
_LONGEST_NAME: Final = 80
"""Some packages put the whole text of a licence where its name belongs."""

ASK: Final = """
import json, pathlib, platform
from importlib.metadata import distributions
found = [{"kind": "generic", "name": "python", "version": platform.python_version(), "expression": "PSF-2.0"}]
for one in distributions():
    told = one.metadata
    classifiers = [text for text in told.get_all("Classifier") or [] if text.startswith("License ::")]
    found.append({"kind": "pypi", "name": told["Name"], "version": one.version, "licence": told["License"],
        "expression": told["License-Expression"], "classifiers": classifiers})
for paragraph in pathlib.Path("/var/lib/dpkg/status").read_text().split("\\n\\n"):
    fields = dict(line.split(": ", 1) for line in paragraph.splitlines() if ": " in line and line[0] != " ")
    if fields.get("Status") == "install ok installed":
        found.append({"kind": "deb", "name": fields["Package"], "version": fields["Version"]})
print(json.dumps(found))
"""


@dataclass(frozen=True, slots=True, order=True)
class Package:
    """One package in an image."""

    kind: str
    """As in a package URL: pypi, deb, or generic for Python itself."""
    name: str
    version: str
    licence: str | None
    expression: bool = False
    """Whether the licence is an SPDX expression."""

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Package:
        """Read what an image told. Python's packages tell of their licence in one of three ways, the newest first."""
        expression = told.get("expression")
        names = [text.rsplit(" :: ", 1)[1] for text in told.get("classifiers") or [] if text.count(" :: ") > 1]
        field = (told.get("licence") or "").strip()
        licence = expression or " and ".join(names) or (field.splitlines()[0][:_LONGEST_NAME] if field else None)
        return cls(told["kind"], told["name"].lower(), told["version"], licence, bool(expression))

    @property
    def url(self) -> str:
        """The package URL."""
        place = "deb/debian" if self.kind == "deb" else self.kind
        name = re.sub(r"[-_.]+", "-", self.name) if self.kind == "pypi" else self.name
        return f"pkg:{place}/{name}@{self.version.replace('+', '%2B')}"

    def component(self) -> dict[str, Any]:
        """As CycloneDX has it."""
        told: dict[str, Any] = {"type": "library", "name": self.name, "version": self.version, "purl": self.url}
        told["bom-ref"] = self.url
        if self.licence and self.expression:
            told["licenses"] = [{"expression": self.licence}]
        elif self.licence:
            told["licenses"] = [{"license": {"name": self.licence}}]
        return told


def document(image: str, identity: str, packages: Iterable[Package], now: datetime) -> dict[str, Any]:
    """The bill of materials of one image, CycloneDX 1.6."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": now.isoformat(timespec="seconds"),
            "component": {"type": "container", "name": image, "version": identity},
        },
        "components": [package.component() for package in sorted(set(packages))],
    }


def licences(found: Mapping[str, Iterable[Package]]) -> str:
    """Python's packages of all images and their licences, as a page. Debian keeps its own in each package's folder."""
    where: dict[Package, list[str]] = {}
    for image, packages in found.items():
        for package in packages:
            if package.kind != "deb":
                where.setdefault(package, []).append(image.split("/")[-1].split(":")[0])
    rows = [
        f"| {package.name} | {package.version} | {package.licence or _NO_LICENCE} | {', '.join(sorted(images))} |"
        for package, images in sorted(where.items())
    ]
    return "\n".join(["| package | version | licence | images |", "|---|---|---|---|", *rows, ""])


def _docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)  # noqa: S603, S607 (our words)
    if done.returncode:
        raise RuntimeTrouble(
            f"expected `docker {words[0]}` to succeed, found: {done.stderr.strip()}; run make up SIM=1"
        )
    return done.stdout.strip()


def ask(image: str) -> list[Package]:
    """What an image says is in it, in a container without network or rights. Raises: RuntimeTrouble."""
    rights = ["--pull", "never", "--network", "none", "--cap-drop", "ALL", "--read-only"]
    return [Package.of(told) for told in json.loads(_docker("run", "--rm", *rights, image, "python", "-c", ASK))]


def main(root: Path = ROOT) -> int:
    """Write every list. Returns 0, or 2 where an image could not be asked."""
    place = root / "var" / "sbom"
    place.mkdir(parents=True, exist_ok=True)
    now = SystemClock().now()
    found = {}
    try:
        for image in IMAGES:
            found[image] = ask(image)
            told = document(image, _docker("image", "inspect", "--format", "{{.Id}}", image), found[image], now)
            file = place / f"{image.split('/')[-1].split(':')[0]}.cdx.json"
            file.write_text(json.dumps(told, indent=1) + "\n")
            print(f"{file.relative_to(root)}: {len(told['components'])} packages")
    except RuntimeTrouble as error:
        print(error, file=sys.stderr)
        return 2
    (place / "licences.md").write_text(licences(found))
    silent = sorted(
        {one.name for packages in found.values() for one in packages if one.kind == "pypi" and not one.licence}
    )
    print(f"{(place / 'licences.md').relative_to(root)}: no licence told by {', '.join(silent) or 'none'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
