from pathlib import Path

import pytest

from supervisor.errors import SettingsRefused
from supervisor.settings import Settings
from supervisor.tenants import of_environment, of_file


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ours = (
        "DRY_RUN",
        "GATEWAY",
        "RESTART_COMMAND",
        "CONTAINER_RESTART_BUDGET",
        "PROBE_INTERVAL_SECONDS",
        "ENGINE",
        "RECONNECT_ACCOUNT",
        "GATEWAY",
        "RESTART_COMMAND",
    )
    for name in (
        *ours,
        "GATEWAY",
        "RESTART_COMMAND",
        "REGION",
        "WINDOWS_FILE",
        "AUTO_RESTART_TIME",
        "TIME_ZONE",
        "REAUTH_AT",
    ):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "TENANT": "sim",
        "MODE": "sim",
        "IB_ACCOUNT": "DUSIM0001",
        "SECRETS_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)


def test_the_least_that_must_be_said() -> None:
    rules = of_environment().rules()
    assert (rules.tenant, rules.account, rules.live, rules.engine) == ("sim", "DUSIM0001", False, True)
    assert rules.reconnect_account


@pytest.mark.parametrize(
    ("said", "engine", "engine_api"), [("on", True, True), ("lifecycle", True, False), ("none", False, False)]
)
def test_what_engine_there_is(monkeypatch: pytest.MonkeyPatch, said: str, engine: bool, engine_api: bool) -> None:
    monkeypatch.setenv("ENGINE", said)
    rules = of_environment().rules()
    assert (rules.engine, rules.engine_api) == (engine, engine_api)


def test_an_external_gateway_may_have_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not of_environment().rules().external
    monkeypatch.setenv("GATEWAY", "external")
    monkeypatch.setenv("RESTART_COMMAND", '["ssh", "tws", "restart it"]')
    rules = of_environment().rules()
    assert (rules.external, rules.restart_command) == (True, ("ssh", "tws", "restart it"))


@pytest.mark.parametrize(
    ("gateway", "command"),
    [("external", "ssh tws"), ("external", "[]"), ("external", "[1]"), ("external", '"x"'), ("container", '["x"]')],
)
def test_a_command_that_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch, gateway: str, command: str) -> None:
    monkeypatch.setenv("GATEWAY", gateway)
    monkeypatch.setenv("RESTART_COMMAND", command)
    with pytest.raises(SettingsRefused, match="RESTART_COMMAND"):
        of_environment().rules()


def test_a_dry_run_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not of_environment().rules().dry_run
    monkeypatch.setenv("DRY_RUN", "1")
    assert of_environment().rules().dry_run


def test_live_does_not_log_in_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODE", "live")
    assert not of_environment().rules().reconnect_account
    monkeypatch.setenv("RECONNECT_ACCOUNT", "yes")
    assert of_environment().rules().reconnect_account


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("MODE", "demo", "MODE"),
        ("MODE", "", "MODE: expected a value"),
        ("GATEWAY_PORT", "99999", "GATEWAY_PORT"),
        ("PROBE_INTERVAL_SECONDS", "0.1", "PROBE_INTERVAL_SECONDS"),
        ("TENANT", "No Good", "TENANT"),
    ],
)
def test_bad_ones_are_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, named: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsRefused, match=named):
        Settings.load().tenants()


@pytest.mark.parametrize("budget", ["lots", "30/1m"])
def test_budgets_that_cannot_be_are_refused(monkeypatch: pytest.MonkeyPatch, budget: str) -> None:
    monkeypatch.setenv("CONTAINER_RESTART_BUDGET", budget)
    with pytest.raises(SettingsRefused):
        of_environment().rules()


def test_ibkrs_windows_and_the_weekly_token_are_for_ibkrs_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    sim = of_environment().rules()
    assert (sim.windows, sim.weekly_token) == ((), False)
    monkeypatch.setenv("MODE", "paper")
    paper = of_environment().rules()
    assert ({window.name for window in paper.windows}, paper.weekly_token) == ({"na-reset", "weekend"}, True)
    monkeypatch.setenv("REGION", "eu")
    assert {window.name for window in of_environment().rules().windows} == {"eu-reset", "weekend"}


def test_what_is_set_of_the_hours_reaches_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTO_RESTART_TIME", "11:45 PM")
    monkeypatch.setenv("REAUTH_AT", "17:00 Europe/Berlin")
    rules = of_environment().rules()
    assert [(window.name, window.planned) for window in rules.windows] == [("auto-restart", True)]
    assert rules.weekly_token
    assert rules.reauth is not None


@pytest.mark.parametrize(
    ("mode", "reauth", "said", "twofa"),
    [
        ("sim", None, None, False),
        ("paper", None, None, False),
        ("live", None, None, True),
        ("paper", "17:00 Europe/Berlin", None, True),
        ("paper", "17:00 Europe/Berlin", "no", False),
        ("paper", None, "yes", True),
        ("live", None, "no", False),
    ],
)
def test_who_needs_a_second_factor(
    monkeypatch: pytest.MonkeyPatch, mode: str, reauth: str | None, said: str | None, *, twofa: bool
) -> None:
    for name, value in (("MODE", mode), ("REAUTH_AT", reauth), ("TWOFA", said)):
        if value is not None:
            monkeypatch.setenv(name, value)
    assert of_environment().rules().twofa is twofa


@pytest.mark.parametrize(
    ("name", "value"),
    [("AUTO_RESTART_TIME", "23:45"), ("REAUTH_AT", "soon"), ("WINDOWS_FILE", "nowhere.toml"), ("REGION", "mars")],
)
def test_hours_that_cannot_be_read_are_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsRefused, match=name):
        of_environment().rules()


def test_a_token_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "machine_token").write_text(" abc \n")
    assert Settings.load().token("machine_token") == "abc"


@pytest.mark.parametrize(
    ("text", "url"), [(None, None), ("\n", None), (" https://x.example/k \n", "https://x.example/k")]
)
def test_a_webhook_is_there_when_its_file_holds_a_url(tmp_path: Path, text: str | None, url: str | None) -> None:
    if text is not None:
        (tmp_path / "webhook_url").write_text(text)
    assert Settings.load().webhook_url() == url


@pytest.mark.parametrize("text", ["x.example/k3y", "ftp://x/k3y", "https://", "http://x:k3y"])
def test_a_webhook_that_is_none_is_refused_without_being_repeated(tmp_path: Path, text: str) -> None:
    (tmp_path / "webhook_url").write_text(text)
    with pytest.raises(SettingsRefused, match="webhook_url") as refused:
        Settings.load().webhook_url()
    assert "k3y" not in str(refused.value)


@pytest.mark.parametrize("text", [None, ""])
def test_no_token_is_said(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "operator_token").write_text(text)
    with pytest.raises(SettingsRefused, match="operator_token"):
        Settings.load().token("operator_token")


# -- several tenants ---------------------------------------------------------------------------------------------------

TWO = """
[paper]
mode = "paper"
ib_account = "DU111"
auto_restart_time = "11:45 PM"

[live]
mode = "live"
ib_account = "U222"
engine = "none"
container_restart_budget = "2/30m"
preflight = { read_only_api = true, require_utc = false }
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "tenants.toml"
    path.write_text(text)
    return path


def test_a_file_names_the_tenants_and_nothing_of_the_environment_is_mixed_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in {"GATEWAY_HOST": "h", "DRY_RUN": "1", "READ_ONLY_API": "1", "ENGINE": "lifecycle"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TENANTS_FILE", str(written(tmp_path, TWO)))
    paper, live = Settings.load().tenants()
    assert (paper.tenant, paper.gateway_host, paper.engine_url) == (
        "paper",
        "watchkeeper-paper-gateway",
        "http://watchkeeper-paper-engine:9190",
    )
    assert paper.mailbox_dir == Path("/run/tenants/paper/mailbox")
    assert (paper.rules().dry_run, paper.rules().engine_api, paper.rules().live) == (False, True, False)
    assert (live.rules().account, live.rules().live, live.rules().engine) == ("U222", True, False)
    assert live.rules().policy.container_budget.limits[0].count == 2
    checked = paper.for_preflight()
    assert (checked.gateway_host, checked.ib_account, checked.read_only_api) == (paper.gateway_host, "DU111", None)
    assert (live.for_preflight().read_only_api, live.for_preflight().require_utc) == (True, False)
    assert (checked.engine, checked.engine_url, live.for_preflight().engine) == ("on", paper.engine_url, "none")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("not toml", "TENANTS_FILE: expected TOML"),
        ("", "expected a table for each tenant"),
        ("mode = 'sim'", "expected a table for each tenant"),
        ("[paper]\nmode = 'paper'", "paper.ib_account: expected a value"),
        ("[Paper]\nmode = 'paper'\nib_account = 'DU1'", "small letters"),
        ("[paper]\nmode = 'paper'\nib_account = 'DU1'\nmodus = 1", "paper.modus"),
        ("[paper]\nmode = 'paper'\nib_account = 'DU1'\npreflight = {require_utc = 'x'}", "paper.preflight.require_utc"),
        (TWO.replace("U222", "DU111"), "live.ib_account: expected one of its own, found DU111, which is paper's too"),
        (TWO + "gateway_host = 'watchkeeper-paper-gateway'", "live.gateway_host: expected one of its own"),
        (TWO + "mailbox_dir = '/run/tenants/paper/mailbox'", "live.mailbox_dir: expected one of its own"),
    ],
)
def test_a_file_that_cannot_be_is_refused(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        of_file(written(tmp_path, text))
    assert named in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="TENANTS_FILE"):
        of_file(tmp_path / "nowhere")
