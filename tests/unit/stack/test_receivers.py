"""Who is told: the receivers that `make up` writes, by which secret files say something."""

from pathlib import Path

import pytest
import yaml

from preflight.secret_files import ALERTMANAGERS
from supervisor import plan as planning
from supervisor import stack
from supervisor.errors import SettingsRefused
from supervisor.receivers import rendered

ROOT = Path(__file__).parents[3]
ROUTES = (ROOT / "alertmanager" / "alertmanager.yml").read_text()
HOST = planning.Host("/var/run/docker.sock", 998, {"BASE_IMAGE": "base:1"}, cpus=4)
SETTINGS = {
    "EMAIL_TO": "me@example.com",
    "EMAIL_FROM": "it@example.com",
    "EMAIL_SERVER": "smtp.example.com:587",
    "TELEGRAM_CHAT_ID": "-100123",
}
KINDS = {
    "email_password": "email_configs",
    "slack_url": "slack_configs",
    "telegram_token": "telegram_configs",
    "pagerduty_key": "pagerduty_configs",
    "alert_webhook_url": "webhook_configs",
}


def receivers(*filled: str, **settings: str) -> dict[str, set[str]]:
    found = yaml.safe_load(rendered(ROUTES, filled, SETTINGS | settings))["receivers"]
    return {one["name"]: set(one) - {"name"} for one in found}


def test_without_a_secret_nobody_is_told_and_the_file_is_as_it_stands() -> None:
    assert rendered(ROUTES, (), {}) == ROUTES
    assert not any(receivers().values())


def test_every_secret_of_alertmanagers_turns_something_on() -> None:
    assert set(ALERTMANAGERS) == {*KINDS, "dead_man_url"}


@pytest.mark.parametrize(("secret", "kind"), KINDS.items())
def test_a_filled_secret_turns_its_receiver_on_and_no_other(secret: str, kind: str) -> None:
    found = receivers(secret)
    assert found["person"] == {kind}
    assert found["notice"] == ({kind} if secret != "pagerduty_key" else set()), "a warning gets nobody up"
    assert found["dead-man"] == found["nowhere"] == set()
    [person] = [one for one in yaml.safe_load(rendered(ROUTES, [secret], SETTINGS))["receivers"] if kind in one][:1]
    assert f"/run/secrets/{secret}" in person[kind][0].values(), "by its file, never by its text"


def test_the_dead_mans_switch_has_a_receiver_of_its_own_and_never_says_resolved() -> None:
    [one] = [
        one for one in yaml.safe_load(rendered(ROUTES, ["dead_man_url"], {}))["receivers"] if one["name"] == "dead-man"
    ]
    assert one["webhook_configs"] == [{"url_file": "/run/secrets/dead_man_url", "send_resolved": False}]
    assert receivers("dead_man_url")["person"] == set()


def test_several_are_told_at_once() -> None:
    assert receivers("slack_url", "email_password")["person"] == {"slack_configs", "email_configs"}


@pytest.mark.parametrize(
    ("secret", "name", "value"),
    [
        ("email_password", "EMAIL_TO", ""),
        ("email_password", "EMAIL_FROM", "nobody"),
        ("email_password", "EMAIL_SERVER", "smtp.example.com"),
        ("telegram_token", "TELEGRAM_CHAT_ID", "@me"),
    ],
)
def test_a_secret_without_its_settings_is_refused_with_what_is_missing(secret: str, name: str, value: str) -> None:
    with pytest.raises(SettingsRefused, match=f"^{name}: expected .*{secret} is filled") as refused:
        receivers(secret, **{name: value})
    assert len(str(refused.value).splitlines()) == 1


def test_up_writes_them_without_a_secret_in_them_and_marks_what_reads_them(tmp_path: Path) -> None:
    plan = planning.plan("sim", {}, HOST)
    stack.prepare_secrets(tmp_path, plan)
    quiet = stack.configure(tmp_path, plan, {})
    (tmp_path / "secrets" / "slack_url").write_text("https://slack.example/the-secret\n")
    loud = stack.configure(tmp_path, plan, {})
    stack.write_files(tmp_path, loud)
    written = (tmp_path / "var" / "sim" / "alertmanager.yml").read_text()
    assert "/run/secrets/slack_url" in written
    assert "the-secret" not in written
    assert quiet.variables["ALERTMANAGER_CONFIG"] != loud.variables["ALERTMANAGER_CONFIG"]
    assert quiet.variables["PROMETHEUS_CONFIG"] == loud.variables["PROMETHEUS_CONFIG"]
    targets = tmp_path / "var" / "sim" / "engine-targets.yml"
    assert yaml.safe_load(targets.read_text()) == [{"targets": ["engine:9190"], "labels": {"tenant": "sim"}}]
    without = stack.configure(tmp_path, planning.plan("sim", {"ENGINE": "none"}, HOST), {})
    assert yaml.safe_load(without.files["engine-targets.yml"]) == []
    assert without.variables["PROMETHEUS_CONFIG"] != loud.variables["PROMETHEUS_CONFIG"]


def test_the_dead_mans_switch_is_posted_each_minute() -> None:
    """It looks at a group each interval and repeats what was told longer ago: of the same length, each second time is a
    moment too early."""
    [route] = [one for one in yaml.safe_load(ROUTES)["route"]["routes"] if one["receiver"] == "dead-man"]
    assert (route["group_interval"], route["repeat_interval"]) == ("1m", "50s")
