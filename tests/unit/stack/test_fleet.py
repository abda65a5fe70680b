"""Several tenants: what their files may say, the numbers they keep, and what they cannot both have."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor import plan as planning
from supervisor import tenants
from supervisor.errors import SettingsRefused
from supervisor.fleet import files, house, slots, together

ROOT = Path(__file__).resolve().parents[3]
HOST = planning.Host("/var/run/docker.sock", 998, {"BASE_IMAGE": "base:1"}, cpus=4)
NAMES = st.text("abc-", min_size=1, max_size=4)


def written(root: Path, **texts: str) -> Path:
    (root / "tenants").mkdir(exist_ok=True)
    for name, text in texts.items():
        (root / "tenants" / f"{name}.toml").write_text(text)
    return root


def sim(name: str, slot: int, **given: str) -> planning.Plan:
    return planning.plan("sim", {"TENANT": name} | given, HOST, slot)


def paper(name: str, slot: int, account: str, **given: str) -> planning.Plan:
    return planning.plan("paper", {"TENANT": name, "IB_ACCOUNT": account} | given, HOST, slot)


# -- files -------------------------------------------------------------------------------------------------------------


def test_without_files_there_is_one_tenant(tmp_path: Path) -> None:
    assert files.names(tmp_path) == []


def test_a_file_is_read_in_the_words_of_the_environment(tmp_path: Path) -> None:
    text = 'mode = "paper"\nib_account = "DU1"\nread_only_api = true\ngateway_memory_mb = 2048\nrequire_utc = false\n'
    assert files.read(written(tmp_path, a=text), "a") == {
        "MODE": "paper",
        "IB_ACCOUNT": "DU1",
        "READ_ONLY_API": "yes",
        "GATEWAY_MEMORY_MB": "2048",
        "REQUIRE_UTC": "no",
    }


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a", "mode = ", "expected TOML"),
        ("a", "", "mode: expected sim, paper, live, found nothing"),
        ("a", 'mode = "both"', "mode: expected sim, paper, live, found both"),
        ("a", 'mode = "sim"\nib_acount = "DU1"', "ib_acount: expected a setting of .env in small letters"),
        ("a", 'mode = "sim"\nIB_ACCOUNT = "DU1"', "IB_ACCOUNT: expected a setting of .env in small letters"),
        ("a", 'mode = "sim"\nemail_to = "me"', "email_to: expected in .env, since all tenants share it"),
        ("a", 'mode = "sim"\nhost_port_supervisor = 1', "host_port_supervisor: expected in .env"),
        ("a", 'mode = "sim"\ntenant = "b"', "tenant: expected a setting of .env"),
        ("a", 'mode = "sim"\nib_account = "DU1"', "ib_account: expected none in sim"),
        ("a", 'mode = "sim"\n[strategy]', "strategy: expected a text, a number"),
        ("house", 'mode = "sim"', "expected a name of small letters, digits and dashes, and not 'house'"),
        ("A b", 'mode = "sim"', "expected a name of small letters"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(SettingsRefused, match=f"tenants/{name}.toml: {said}"):
        files.read(written(tmp_path, **{name: text}), name)


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused) as refused:
        files.read(written(tmp_path, a="nothing = 1\nemail_to = 1\n"), "a")
    assert len(str(refused.value).splitlines()) == 3


# -- numbers -----------------------------------------------------------------------------------------------------------


@given(st.lists(st.frozensets(NAMES, max_size=6), max_size=8))
def test_a_tenant_keeps_its_number_whoever_comes_or_goes(days: list[frozenset[str]]) -> None:
    known: dict[str, int] = {}
    for names in days:
        after = slots.assigned(known, names)
        assert known.items() <= after.items()
        assert names <= after.keys()
        assert sorted(after.values()) == list(range(len(after)))
        known = after


def test_numbers_are_kept_in_a_file(tmp_path: Path) -> None:
    slots.write(tmp_path, {"b": 1, "a": 0})
    assert slots.read(tmp_path) == {"a": 0, "b": 1}
    (tmp_path / "var/house/slots.json").write_text("[]")
    with pytest.raises(SettingsRefused, match="expected a number for each tenant"):
        slots.read(tmp_path)


def test_more_tenants_than_subnets_are_refused() -> None:
    with pytest.raises(SettingsRefused, match="at most 250"):
        slots.assigned({}, map(str, range(251)))


def test_subnet_ports_account_and_secrets_come_from_the_number() -> None:
    first, second = sim("a", 0), sim("b", 1)
    assert (second.variables["SUBNET_PREFIX"], second.variables["HOST_PORT_ENGINE"]) == ("10.89.1", "19001")
    assert (second.variables["IB_ACCOUNT"], second.secrets_dir) == ("DUSIM0002", "secrets/b")
    assert first.one_of_several
    assert not planning.plan("sim", {}, HOST).one_of_several
    assert together.faults([first, second], {}, 100_000) == []


# -- together ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plans", "users", "said"),
    [
        (
            [paper("a", 0, "DU1"), paper("b", 1, "DU1")],
            {},
            "a, b: expected an account each, found DU1",
        ),
        ([paper("a", 0, "DU1"), paper("b", 1, "DU2", FURTHER_ACCOUNTS="DU1")], {}, "found DU1"),
        ([paper("a", 0, "DU1"), paper("b", 1, "DU2")], {"a": "x", "b": "x"}, "a, b: expected an IBKR user each"),
        ([sim("a", 0, HOST_PORT_API="14001"), sim("b", 1)], {}, "a port of 127.0.0.1 each, found 14001"),
        ([sim("a", 0, SUBNET_PREFIX="10.89.1"), sim("b", 1)], {}, "a, b: expected a SUBNET_PREFIX each"),
        ([sim("a", 0, SECRETS_DIR="secrets/b/"), sim("b", 1)], {}, "a, b: expected a SECRETS_DIR each"),
        ([sim("a", 0, SUBNET_PREFIX="10.9.9")], {}, "a, what all share (.env): expected a SUBNET_PREFIX each"),
        ([sim("a", 0, IB_CLIENT_ID="896")], {}, "a: expected IB_CLIENT_ID and the 4 after it outside 900 to 929"),
        (
            [
                paper(n, s, f"DU{s}", GATEWAY="external", GATEWAY_HOST="tws", GATEWAY_PORT="7497")
                for s, n in enumerate("ab")
            ],
            {},
            "a gateway each, found tws:7497",
        ),
    ],
)
def test_what_two_tenants_cannot_both_have(plans: list[planning.Plan], users: dict[str, str], said: str) -> None:
    [fault] = together.faults(plans, users, 100_000, "10.9.9")
    assert said in fault


def test_a_stand_in_with_an_ibkr_users_credentials_is_refused(tmp_path: Path) -> None:
    plans = [sim("a", 0), sim("b", 1), paper("c", 2, "DU1")]
    for one in plans:
        (tmp_path / one.secrets_dir).mkdir(parents=True)
        (tmp_path / one.secrets_dir / "tws_userid").write_text("" if one.tenant == "a" else "somebody")
    [fault] = together.needless_logins(tmp_path, plans)
    assert fault.startswith("b: expected no credentials in SIM")
    assert "somebody" not in fault


@pytest.mark.parametrize("name", ["sim", "paper", "live"])
def test_the_sample_of_each_mode_is_a_file_that_can_be_used(tmp_path: Path, name: str) -> None:
    sample = (ROOT / "tenants" / f"{name}.toml.example").read_text()
    # What is commented out is a setting, too; what a person must fill in is filled in.
    text = re.sub(r"^#(?=\w+ = )", "", sample, flags=re.MULTILINE).replace("<your live account>", "U1")
    found = files.read(written(tmp_path, **{name: text.replace("<your paper account>", "DU1")}), name)
    assert found["MODE"] == name
    assert planning.plan(files.mode(tmp_path, name), {"TENANT": name} | found, HOST, 0).mode == name


def test_limits_beyond_the_machines_memory_are_refused() -> None:
    plans = [sim("a", 0), sim("b", 1, ENGINE="none", GATEWAY_MEMORY_MB="256")]
    wanted = together.HOUSE_MIB + 512 + 1536 + 256 + 256
    assert together.faults(plans, {}, wanted) == []
    [fault] = together.faults(plans, {}, wanted - 1)
    assert f"found {wanted} ({together.HOUSE_MIB} shared, a 2304, b 256)" in fault


def test_no_user_name_is_in_what_is_compared(tmp_path: Path) -> None:
    plans = [paper(name, slot, f"DU{slot}") for slot, name in enumerate(("a", "b"))]
    for one, user in zip(plans, ("Somebody\n", "somebody\n"), strict=True):
        folder = tmp_path / one.variables["CREDENTIALS_DIR"]
        folder.mkdir(parents=True)
        (folder / "tws_userid").write_text(user)
    users = together.users(tmp_path, [*plans, sim("c", 2)])
    assert users.keys() == {"a", "b"}
    assert "somebody" not in str(users)
    assert len(together.faults(plans, users, 100_000)) == 1  # IBKR's user names know no capitals


# -- the house ---------------------------------------------------------------------------------------------------------


def the_house(*plans: planning.Plan) -> planning.Plan:
    return house.house({}, HOST, plans)


def test_the_supervisor_can_read_its_table(tmp_path: Path) -> None:
    there = {"GATEWAY": "external", "GATEWAY_HOST": "localhost", "GATEWAY_PORT": "7497"}
    own = planning.plan("live", {"TENANT": "c", "IB_ACCOUNT": "U3", "REAUTH_AT": "17:00 UTC"} | there, HOST, 2)
    path = tmp_path / "tenants.toml"
    path.write_text(house.tables([sim("a", 0), paper("b", 1, "DU2", TIME_ZONE="America/New_York"), own]))
    a, b, c = tenants.of_file(path)
    assert (a.mode, a.gateway_host, a.login_budget) == ("sim", "watchkeeper-a-gateway", planning.SIM_LOGIN_BUDGET)
    assert (b.ib_account, b.time_zone, str(b.ledger_dir)) == ("DU2", "America/New_York", "/run/tenants/b/ledger")
    assert (c.gateway, c.gateway_host, c.gateway_port) == ("external", "host.docker.internal", 7497)
    assert c.rules().reauth is not None
    assert b.for_preflight().gateway_host == "watchkeeper-b-gateway"


def test_the_house_joins_each_tenant_and_no_tenant_another() -> None:
    found: dict[str, Any] = json.loads(the_house(sim("a", 0), sim("b", 1)).files["tenants.yaml"])
    supervisor = found["services"]["supervisor"]
    assert supervisor["networks"] == ["a-trading", "b-trading"] == found["services"]["prometheus"]["networks"]
    assert "b-ledger:/run/tenants/b/ledger:ro" in supervisor["volumes"]
    assert {secret["target"] for secret in supervisor["secrets"]} == {"machine_token.a", "machine_token.b"}
    assert found["networks"]["b-trading"] == {"external": True, "name": "watchkeeper-b_trading"}
    assert found["secrets"]["b-machine"] == {"file": "./secrets/b/machine_token"}


def test_who_is_asked_for_metrics() -> None:
    made = the_house(sim("a", 0), sim("b", 1, ENGINE="none"), paper("c", 2, "DU3"))
    engines, stand_ins = (json.loads(made.files[name]) for name in ("engine-targets.yml", "stand-in.yml"))
    assert [row["labels"]["tenant"] for row in engines] == ["a", "c"]
    assert [row["targets"] for row in stand_ins] == [["watchkeeper-a-gateway:9170"], ["watchkeeper-b-gateway:9170"]]
    assert made.variables["TENANTS"] == "a|b|c"


def test_other_tenants_are_another_supervisor() -> None:
    one, two = the_house(sim("a", 0)), the_house(sim("a", 0), sim("b", 1))
    assert one.variables["TENANTS_CONFIG"] != two.variables["TENANTS_CONFIG"]
    assert one.variables["TENANTS_CONFIG"] == the_house(sim("a", 0)).variables["TENANTS_CONFIG"]
    assert tomllib.loads(two.files["tenants.toml"]).keys() == {"a", "b"}
