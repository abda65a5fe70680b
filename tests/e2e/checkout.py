"""A copy of the checkout, for tenants with files in it: a user's own may have such files."""

import shutil
import subprocess
from pathlib import Path

from tests.e2e.stack import ROOT


def copied(root: Path) -> None:
    """Copy what git tracks, with the environment, the images' names and an empty tenants/."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    for name in filter(None, tracked.stdout.split("\0")):
        if (ROOT / name).is_file():  # one that is deleted and not yet committed is tracked still
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name, follow_symlinks=False)
    (root / ".venv").symlink_to(ROOT / ".venv")
    (root / "var").mkdir()
    shutil.copy2(ROOT / "var/images.env", root / "var/images.env")
    shutil.copytree(ROOT / "var/build", root / "var/build")
    (root / "tenants").mkdir(exist_ok=True)
