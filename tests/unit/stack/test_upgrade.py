"""What an upgrade would touch, worked out of what runs and what would run."""

import json
from pathlib import Path

import pytest

from supervisor import stack, upgrade
from supervisor.errors import SettingsRefused
from supervisor.plan import Plan
from supervisor.upgrade import Change, Made, compare, table

OLD = Made("configuration-1", "image-1")


@pytest.mark.parametrize(
    ("wanted", "running", "change"),
    [
        (OLD, OLD, Change("engine", False, "as it is")),
        (Made("configuration-1", "image-2"), OLD, Change("engine", True, "another image")),
        (Made("configuration-2", "image-1"), OLD, Change("engine", True, "other settings")),
        (Made("configuration-2", "image-2"), OLD, Change("engine", True, "another image and other settings")),
        (OLD, None, Change("engine", True, "is new, or does not run")),
        (None, OLD, Change("engine", True, "is no part of the stack any more")),
    ],
)
def test_one_service(wanted: Made | None, running: Made | None, change: Change) -> None:
    def named(made: Made | None) -> dict[str, Made]:
        return {} if made is None else {"engine": made}

    assert compare(named(wanted), named(running)) == [change]


def test_what_it_costs_is_told() -> None:
    assert "Nothing is to be done" in table([Change("engine", False, "as it is")])
    assert "no login" in table([Change("engine", True, "another image"), Change("ib-gateway", False, "as it is")])
    assert "its token kept if it can; if not, that is one login" in table([Change("ib-gateway", True, "another image")])


def test_whoever_watches_a_position_is_not_taken_from_it_unasked() -> None:
    assert {"engine", "supervisor", "ib-gateway"} <= upgrade.WATCHES
    assert not {"prometheus", "alertmanager", "front"} & upgrade.WATCHES


def test_there_is_no_way_back_from_another_checkout_or_without_an_upgrade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsRefused, match="expected what an upgrade of sim has kept"):
        upgrade.back("sim", "sim", force=False, root=tmp_path)
    (tmp_path / "var" / "sim").mkdir(parents=True)
    (tmp_path / "var" / "sim" / upgrade.BEFORE).write_text(json.dumps({"commit": "abc", "variables": ""}))
    monkeypatch.setattr(upgrade, "commit", lambda root: "def")
    with pytest.raises(SettingsRefused, match="git checkout abc"):
        upgrade.back("sim", "sim", force=False, root=tmp_path)


def test_the_way_back_leads_to_the_checkout_that_what_runs_was_started_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the time of an upgrade the checkout is the new one already."""
    checkouts = ["old", "new"]
    made = Plan("sim", "sim", "secrets", {})
    (tmp_path / made.var).mkdir(parents=True)
    monkeypatch.setattr(stack, "commit", lambda root: checkouts[0])
    monkeypatch.setattr(stack, "compose", lambda *_: None)
    assert stack.started_from(tmp_path, made) is None
    stack.raise_up(tmp_path, made)
    checkouts.pop(0)
    assert stack.started_from(tmp_path, made) == "old"
    stack.raise_up(tmp_path, made)
    assert stack.started_from(tmp_path, made) == "new"


def test_nothing_is_kept_or_touched_where_nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Plan("sim", "sim", "secrets", {})
    monkeypatch.setattr(upgrade, "planned", lambda *_: made)
    monkeypatch.setattr(upgrade, "_running", lambda *_: {})
    with pytest.raises(SettingsRefused, match="make up starts it"):
        upgrade.upgrade("sim", "sim", go=True, force=False, root=tmp_path)
    assert not list(tmp_path.iterdir())
