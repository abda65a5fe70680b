"""Each check of the configuration: where it passes, and where not."""

import pytest

from preflight.check import Answer, Check
from preflight.checks import (
    auto_restart,
    client_ids,
    image_digests,
    image_port,
    placeholders,
    said_twice,
    secrets,
    settings_owner,
    time_zone,
    unknown_variables,
)
from preflight.report import Result
from preflight.sources.host import SettingsVolume
from supervisor.probes import sentinel
from tests.unit.preflight.machine import Machine
from tests.unit.preflight.told import ask, remedy

WELL = [
    module.CHECK
    for module in (
        auto_restart,
        client_ids,
        image_digests,
        image_port,
        placeholders,
        said_twice,
        secrets,
        settings_owner,
        time_zone,
        unknown_variables,
    )
]


async def asked(check: Check, machine: Machine, mode: str = "paper") -> Answer:
    account = {"paper": "DU1234567", "live": "U1234567", "sim": "DUSIM0001"}[mode]
    return await ask(check, host=machine, mode=mode, ib_account=account)


@pytest.mark.parametrize("check", WELL, ids=lambda check: check.name)
async def test_a_stack_that_is_well_set_passes(check: Check) -> None:
    answer = await asked(check, Machine())
    assert answer.result is Result.PASS, answer


@pytest.mark.parametrize("value", ["<your account>", "changeme", "your-account", "TODO", "xxxx"])
async def test_a_placeholder_fails_and_is_named(value: str) -> None:
    answer = await asked(placeholders.CHECK, Machine(env={"IB_ACCOUNT": value, "REGION": "na"}))
    assert (answer.result, answer.found) == (Result.FAIL, "a placeholder in IB_ACCOUNT")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("READ_ONLY_APY", "perhaps READ_ONLY_API"),
        ("TWS_ACCEPT_INCOMING", "gnzsnz/ib-gateway"),
        ("IBC_TradingMode", "extrange/ibkr"),
        ("TRADING_MODE", "make up PAPER=1"),
        ("QQQQ", "QQQQ"),
    ],
)
async def test_a_name_that_nobody_reads_is_a_warning(name: str, told: str) -> None:
    answer = await asked(unknown_variables.CHECK, Machine(env={name: "x", "TIME_ZONE": "Etc/UTC"}))
    assert answer.result is Result.WARN
    assert told in answer.found
    assert "TIME_ZONE" not in answer.found
    assert ".env.example" in remedy(answer)


async def test_a_credential_in_env_is_told_where_it_belongs_and_not_shown() -> None:
    answer = await asked(unknown_variables.CHECK, Machine(env={"TWS_PASSWORD": "hunter2"}))
    assert answer.result is Result.WARN
    assert "secrets/tws_password" in remedy(answer)
    assert ".env.example" not in remedy(answer)
    assert "hunter2" not in answer.found + remedy(answer)


async def test_a_secret_said_twice_fails_and_says_where() -> None:
    both = {"TWS_PASSWORD": "hunter2", "TWS_PASSWORD_FILE": "/x"}
    answer = await asked(said_twice.CHECK, Machine(env=both, inside=None))
    assert (answer.result, answer.found) == (Result.FAIL, "TWS_PASSWORD and TWS_PASSWORD_FILE in .env")
    answer = await asked(said_twice.CHECK, Machine(inside=frozenset(both)))
    assert answer.result is Result.FAIL
    assert "in the gateway's container" in answer.found


async def test_before_the_first_start_only_env_is_asked() -> None:
    answer = await asked(said_twice.CHECK, Machine(inside=None))
    assert (answer.result, answer.found) == (Result.PASS, "each once in .env")


@pytest.mark.parametrize(
    ("content", "word"), [(None, "no file"), (("\n", 0o600), "nothing"), (("hunter2", 0o644), "chmod 600")]
)
async def test_a_secret_that_will_not_do_fails_and_is_not_shown(content: tuple[str, int] | None, word: str) -> None:
    answer = await asked(secrets.CHECK, Machine(secret_files={"secrets/tws_password": content}))
    assert answer.result is Result.FAIL
    assert word in answer.found
    assert "hunter2" not in answer.found


@pytest.mark.parametrize("text", ["23:45", "9:30 AM", "11:45 pm", "11:45 PM ET", "13:00 PM"])
async def test_a_time_that_ibc_ignores_fails(text: str) -> None:
    answer = await asked(auto_restart.CHECK, Machine(more={"AUTO_RESTART_TIME": text}))
    assert answer.result is Result.FAIL
    assert text in answer.found


async def test_without_a_time_there_is_nothing_to_read() -> None:
    assert (await asked(auto_restart.CHECK, Machine(more={"AUTO_RESTART_TIME": ""}))).result is Result.SKIPPED


@pytest.mark.parametrize(
    ("kept", "wanted", "result"),
    [
        ("America/New_York", "Etc/UTC", Result.FAIL),
        ("Africa/Accra", "Europe/London", Result.FAIL),  # alike in winter
        ("UTC", "Etc/UTC", Result.PASS),
        ("US/Eastern", "America/New_York", Result.PASS),
        ("Nowhere/Land", "Etc/UTC", Result.FAIL),
        (None, "Etc/UTC", Result.SKIPPED),
    ],
)
async def test_a_zone_that_the_gateway_does_not_have_fails(kept: str | None, wanted: str, result: Result) -> None:
    machine = Machine(volume=SettingsVolume("v", 1000, kept), more={"TIME_ZONE": wanted})
    assert (await asked(time_zone.CHECK, machine)).result is result


async def test_settings_that_the_gateway_cannot_write_fail() -> None:
    answer = await asked(settings_owner.CHECK, Machine(volume=SettingsVolume("v", 0, None)))
    assert (answer.result, answer.found) == (Result.FAIL, "volume v is user 0's")


@pytest.mark.parametrize(
    ("first", "result"),
    [("895", Result.PASS), ("896", Result.FAIL), ("909", Result.FAIL), ("921", Result.FAIL), ("one", Result.FAIL)],
)
async def test_client_ids_that_collide_fail(first: str, result: Result) -> None:
    assert (await asked(client_ids.CHECK, Machine(more={"IB_CLIENT_ID": first}))).result is result


async def test_a_preflight_that_reaches_into_the_drills_ids_fails() -> None:
    answer = await ask(client_ids.CHECK, host=Machine(), preflight_client_id=911)
    assert (answer.result, answer.found) == (Result.FAIL, "preflight 911-920 and drills 920-929")


def test_the_sentinels_band_is_the_sentinels() -> None:
    assert client_ids.SENTINEL == sentinel.BAND


@pytest.mark.parametrize(
    ("mode", "image", "port", "result"),
    [
        ("live", "ghcr.io/gnzsnz/ib-gateway:10.45.1j", "4003", Result.PASS),
        ("live", "ghcr.io/gnzsnz/ib-gateway:10.45.1j", "4004", Result.FAIL),
        ("paper", "ghcr.io/extrange/ibkr:latest", "4004", Result.FAIL),
        ("paper", "ghcr.io/extrange/ibkr:latest", "8888", Result.PASS),
        ("paper", "example.org/own:1", "4004", Result.SKIPPED),
        ("sim", "watchkeeper/simulator:local", "4004", Result.PASS),
    ],
)
async def test_the_image_listens_where_the_stack_asks(mode: str, image: str, port: str, result: Result) -> None:
    ports = {"GATEWAY_PORT": port, "HOST_PORT_API": "4001" if mode == "live" else "4002"}
    answer = await asked(image_port.CHECK, Machine(more={"GATEWAY_IMAGE": image, **ports}), mode)
    assert answer.result is result, answer


@pytest.mark.parametrize(("mode", "port"), [("live", "4002"), ("paper", "4001")])
async def test_a_port_that_clients_take_for_the_other_kind_is_a_warning(mode: str, port: str) -> None:
    more = {"HOST_PORT_API": port, "GATEWAY_PORT": "4003" if mode == "live" else "4004"}
    answer = await asked(image_port.CHECK, Machine(more=more), mode)
    assert answer.result is Result.WARN
    unpublished = Machine(more={**more, "COMPOSE_FILE": "compose.yaml"})
    assert (await asked(image_port.CHECK, unpublished, mode)).result is Result.PASS


async def test_an_image_by_its_tag_alone_is_a_warning() -> None:
    answer = await asked(image_digests.CHECK, Machine(more={"REDIS_IMAGE": "redis:8.0-alpine"}))
    assert (answer.result, answer.found) == (Result.WARN, "by tag alone: redis:8.0-alpine")
