"""`make pin`: which images run is certain from now on. A tag can be moved to another image overnight, a digest cannot.

Every image of a registry is pulled, and its digest written behind its tag: the gateway's into `.env`, the others into
`var/images.env`. Whoever wants a newer one sets a tag without a digest and pins again.
"""

import argparse
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

from dotenv import dotenv_values

from supervisor import answers
from supervisor.errors import RuntimeTrouble, SettingsRefused
from supervisor.plan import GATEWAY_IMAGE

ROOT: Final = Path(__file__).resolve().parent.parent
_DIGEST = re.compile(r"@(sha256:[0-9a-f]{64})\s*$")
_BUILT_HERE = "watchkeeper/"


def with_line(text: str, name: str, value: str) -> str:
    """The text of an env file in which `name` is `value`: in the place where it was, else at the end."""
    line = f"{name}={value}"
    if re.search(rf"^{name}=", text, re.MULTILINE):
        return re.sub(rf"^{name}=.*$", line, text, flags=re.MULTILINE)
    return f"{text}{'' if not text or text.endswith(chr(10)) else chr(10)}{line}\n"


def pin(root: Path, digest: Callable[[str], str], say: Callable[[str], None]) -> None:
    """Write the digest of every image of a registry behind its tag.

    Args:
        root: the project's root.
        digest: of an image by its name; it may pull it. Raises RuntimeTrouble.
        say: tells the person.

    Raises:
        SettingsRefused: bootstrap has not chosen the images yet.
        RuntimeTrouble: an image could not be had; those before it are pinned.
    """
    own, chosen = root / ".env", root / "var" / "images.env"
    if not chosen.exists():
        raise SettingsRefused("expected var/images.env, found none; run scripts/bootstrap")
    gateway = (dotenv_values(own).get("GATEWAY_IMAGE") if own.exists() else None) or GATEWAY_IMAGE
    images = [(own, "GATEWAY_IMAGE", gateway)]
    images += [(chosen, name, value or "") for name, value in dotenv_values(chosen).items() if name.endswith("_IMAGE")]
    told: list[dict[str, str]] = []
    answers.tell(images=told)
    for file, name, image in images:
        if image.startswith(_BUILT_HERE):
            say(f"  {name}: {image} is built here")
            told.append({"name": name, "image": image, "state": "built here"})
        elif "@sha256:" in image:
            say(f"  {name}: {image} is pinned already")
            told.append({"name": name, "image": image, "state": "was pinned"})
        else:
            pinned = f"{image}@{digest(image)}"
            file.write_text(with_line(file.read_text() if file.exists() else "", name, pinned))
            say(f"  {name}: {pinned}")
            told.append({"name": name, "image": pinned, "state": "pinned"})
    say("The next `make up` starts these anew; for the gateway that is a login, unless make pause-gateway goes first.")


def digest_by_docker(image: str) -> str:
    """Pull it, and read the digest that the registry gave. Raises RuntimeTrouble."""
    for command in (
        ["docker", "pull", "--quiet", image],
        ["docker", "image", "inspect", "--format", "{{index .RepoDigests 0}}", image],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (our own words)
        if done.returncode:
            raise RuntimeTrouble(f"expected `{' '.join(command)}` to succeed, found: {done.stderr.strip()[-300:]}")
    if (found := _DIGEST.search(done.stdout)) is None:
        raise RuntimeTrouble(
            f"expected a registry's digest of {image}, found {done.stdout.strip()!r}; was it built here?"
        )
    return found[1]


def main(arguments: list[str] | None = None) -> int:
    """Command line. Exit codes: 0 pinned, 2 could not."""
    parser = argparse.ArgumentParser(prog="python -m supervisor.pin", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    as_json = parser.parse_args(arguments).json or os.environ.get("JSON") == "1"

    def command() -> int:
        pin(ROOT, digest_by_docker, print)
        return 0

    return answers.answered(command, as_json=as_json)


if __name__ == "__main__":
    raise SystemExit(main())
