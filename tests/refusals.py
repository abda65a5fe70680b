"""Configurations of PAPER that cannot work, and the word that their one message must begin with.

`tests/unit/stack/test_refusals.py` holds what is said, `python -m tests.bench refusals` measures how soon.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Refusal:
    """What a user has set and written, and what is to be told."""

    said: str
    given: dict[str, str] = field(default_factory=dict)
    user: str | None = "trader\n"
    password: str | None = "hunter2\n"
    """The secret files' text; None: no such file."""
    mode: int = 0o600

    def write(self, folder: Path) -> dict[str, str]:
        """Make the secret files; returns the variables of a shell in which this is set."""
        for name, text in (("tws_userid", self.user), ("tws_password", self.password)):
            if text is not None:
                (folder / name).write_bytes(text.encode())
                (folder / name).chmod(self.mode)
        return {"SECRETS_DIR": str(folder), "TENANT": "refused", "IB_ACCOUNT": "DU1234567", **self.given}


CASES = {
    "nothing": Refusal("tws_userid", {"IB_ACCOUNT": ""}, None, None),
    "no-user": Refusal("tws_userid", user=None),
    "no-password": Refusal("tws_password", password=None),
    "empty-password": Refusal("tws_password", password=""),
    "placeholder": Refusal("tws_password", password="changeme\n"),
    "two-lines": Refusal("tws_password", password="hunter2\nhunter3\n"),
    "windows-line-end": Refusal("tws_password", password="hunter2\r\n"),
    "readable-by-others": Refusal("tws_userid", mode=0o644),
    "no-account": Refusal("IB_ACCOUNT", {"IB_ACCOUNT": ""}),
    "placeholder-account": Refusal("IB_ACCOUNT", {"IB_ACCOUNT": "<your account>"}),
    "live-account": Refusal("IB_ACCOUNT", {"IB_ACCOUNT": "U1234567"}),
    "tenant": Refusal("TENANT", {"TENANT": "My Desk"}),
    "port": Refusal("HOST_PORT_ENGINE", {"HOST_PORT_ENGINE": "91900"}),
    "port-twice": Refusal("HOST_PORT_ENGINE", {"HOST_PORT_ENGINE": "9180"}),
    "subnet": Refusal("SUBNET_PREFIX", {"SUBNET_PREFIX": "10.90"}),
    "engine": Refusal("ENGINE", {"ENGINE": "maybe"}),
    "read-only": Refusal("READ_ONLY_API", {"READ_ONLY_API": "perhaps"}),
    "zone": Refusal("TIME_ZONE", {"TIME_ZONE": "Mars/Olympus"}),
    "restart-time": Refusal("AUTO_RESTART_TIME", {"AUTO_RESTART_TIME": "23:58 ET"}),
    "region": Refusal("REGION", {"REGION": "mars"}),
    "reauth": Refusal("REAUTH_AT", {"REAUTH_AT": "17:00"}),
    "preflight-time": Refusal("PREFLIGHT_AT", {"PREFLIGHT_AT": "sun 08:10 UTC"}),
    "budget": Refusal("CONTAINER_RESTART_BUDGET", {"CONTAINER_RESTART_BUDGET": "often"}),
    "login-budget": Refusal("LOGIN_BUDGET", {"LOGIN_BUDGET": "0/30m"}),
    "pace": Refusal("PROBE_INTERVAL_SECONDS", {"PROBE_INTERVAL_SECONDS": "0.5"}),
    "twofa": Refusal("TWOFA", {"TWOFA": "perhaps"}),
    "instruments": Refusal("INSTRUMENTS", {"INSTRUMENTS": "EUR.USD"}),
    "data-type": Refusal("MARKET_DATA_TYPE", {"MARKET_DATA_TYPE": "FAST"}),
    "windows-file": Refusal("WINDOWS_FILE", {"WINDOWS_FILE": "nowhere.toml"}),
    "engine-settings": Refusal("ENGINE_FILES", {"ENGINE_SETTINGS": "/files/engine.toml"}),
}


def shell(refusal: Refusal, folder: Path) -> dict[str, str]:
    """This process's environment with that configuration in it."""
    return {**os.environ, **refusal.write(folder)}
