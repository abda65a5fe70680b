from pathlib import Path

import pytest

from tests.unit.gateway.wrapped import PLACES


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders in which the wrapper may count logins and look for a hold."""
    for name, place in PLACES.items():
        (tmp_path / place).mkdir()
        monkeypatch.setenv(name, str(tmp_path / place))
