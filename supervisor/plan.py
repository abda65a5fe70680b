"""The plan of a stack: what `make up` works out before it touches anything. Pure.

From what the user set, `plan` makes every variable of compose.yaml, or refuses with all faults at once. `stack` carries
it out.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, get_args

from preflight.variables import PASSED_ON, PORTS, one_of_several
from supervisor.errors import SettingsRefused
from supervisor.windows import Region, nightly_restart

if TYPE_CHECKING:
    from collections.abc import Mapping

Mode = Literal["sim", "paper", "live"]

GATEWAY_IMAGE: Final = "ghcr.io/gnzsnz/ib-gateway:10.45.1j"
OTHER_IMAGE: Final = "extrange/ibkr"
"""The other image for IBKR's gateway that we know, by its repository; its API is on one port in every mode."""
OTHER_IMAGE_PORT: Final = "8888"
STAND_IN_IMAGE: Final = "watchkeeper/simulator:local"
GRAFANA: Final = "compose/grafana.yaml"
"""Of one stack, or of what several tenants share; where an image of Grafana can be had."""
THIS_MACHINE: Final = "host.docker.internal"
"""Its name in a container, where 127.0.0.1 is the container itself."""
SIM_LOGIN_BUDGET: Final = "1000/24h"
FLEET_SUBNETS: Final = "10.89"
"""Where each of several tenants has a /24, by its number; SUBNET_PREFIX in its file moves it."""
PORTS_OF_A_SLOT: Final = {"HOST_PORT_API": 14000, "HOST_PORT_SIMULATOR": 17000, "HOST_PORT_ENGINE": 19000}
"""Where the ports of several tenants begin: each adds its number."""
JAVA_HEAP_MB: Final = 768
GATEWAY_MEMORY_MB: Final = 2048
STAND_IN_MEMORY_MB: Final = 512
ENGINE_MEMORY_MB: Final = 1536
GATEWAY_CPUS: Final = 2.0
STAND_IN_CPUS: Final = 1.0
ENGINE_CPUS: Final = 1.5
BESIDE_THE_HEAP_MB: Final = 768
"""What the gateway's container needs beyond the JVM's heap: the JVM's own, X, IBC and socat. An assumption."""


@dataclass(frozen=True, slots=True)
class Host:
    """What the plan must know of this machine."""

    docker_socket: str
    docker_gid: int
    images: Mapping[str, str]
    """The image variables (and, behind a loopback proxy, BUILD_NETWORK) that scripts/bootstrap chose."""
    cpus: int
    """Its processors: Docker starts no container that may take more."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One tenant's stack, ready to be handed to `docker compose`."""

    mode: Mode
    tenant: str
    secrets_dir: str
    variables: Mapping[str, str]
    files: Mapping[str, str] = field(default_factory=dict)
    """What services read of this tenant alone, by name in its folder."""

    @property
    def logs_in(self) -> bool:
        """Whether a gateway of ours logs in to IBKR, with the user's credentials."""
        return self.mode != "sim" and not self.external

    @property
    def external(self) -> bool:
        """Whether the gateway is somebody else's."""
        return "compose/external.yaml" in self.variables["COMPOSE_FILE"]

    @property
    def one_of_several(self) -> bool:
        """Whether supervisor, Prometheus and Alertmanager are another project's, for all tenants."""
        return one_of_several(self.variables)

    @property
    def project(self) -> str:
        """The compose project's name."""
        return f"watchkeeper-{self.tenant}"

    @property
    def var(self) -> Path:
        """Where this tenant's generated files live, relative to the project's root."""
        return Path("var") / self.tenant

    @property
    def env_file(self) -> Path:
        """The file that carries `variables` to compose."""
        return self.var / "compose.env"


def plan(mode: Mode, given: Mapping[str, str], host: Host, slot: int | None = None) -> Plan:
    """Work out every variable of compose.yaml.

    Args:
        mode: which world.
        given: what the user set, from `.env` and the shell; unknown names are ignored.
        host: facts of this machine.
        slot: the number of one of several tenants, from which its subnet and ports come.

    Raises:
        SettingsRefused: every fault found, one a line.
    """
    faults: list[str] = []
    live = mode == "live"
    tenant = given.get("TENANT") or mode
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", tenant):
        faults.append(f"TENANT: expected lower-case letters, digits and dashes, found {tenant!r}")
    account = given.get("IB_ACCOUNT") or ""
    if mode == "sim":
        account = _stand_ins_account(given, account, slot or 0, faults)
        _files(given, faults, "SIM_FILES", ("SIM_DATA", "SIM_FAULTS"))
    elif not re.fullmatch(r"[UF]\w+" if live else r"D[UF]\w+", account):
        kind = "your live account, which starts with U" if live else "your paper account, which starts with DU"
        faults.append(f"IB_ACCOUNT: expected {kind}, found {account or 'nothing'}; set it in .env")
    _files(given, faults, "ENGINE_FILES", ("ENGINE_SETTINGS", "STRATEGY_CONFIG"))
    subnets = f"10.90.{get_args(Mode).index(mode)}" if slot is None else f"{FLEET_SUBNETS}.{slot}"
    prefix = given.get("SUBNET_PREFIX") or subnets
    if not re.fullmatch(r"\d{1,3}\.\d{1,3}\.\d{1,3}", prefix):
        faults.append(f"SUBNET_PREFIX: expected three numbers such as 10.90.0, found {prefix!r}")
    engine = _choice(given, "ENGINE", "on", ("on", "lifecycle", "none"), faults)
    publish = _choice(given, "PUBLISH_API", "off" if live else "on", ("on", "off"), faults)
    read_only = _choice(given, "READ_ONLY_API", "yes" if live else "no", ("yes", "no"), faults)
    region = _choice(given, "REGION", "na", get_args(Region), faults) if given.get("REGION") else None
    ports = _ports(given, live, slot, faults)
    external = _choice(given, "GATEWAY", "container", ("container", "external"), faults) == "external"
    elsewhere = _elsewhere(mode, given, faults) if external else {}
    image = {} if mode == "sim" or external else _image_settings(given, region or "na", faults)
    if mode == "sim":
        image = {"GATEWAY_MEMORY_MB": str(_megabytes(given, "GATEWAY_MEMORY_MB", STAND_IN_MEMORY_MB, faults))}
    if not external:
        usual = STAND_IN_CPUS if mode == "sim" else GATEWAY_CPUS
        image["GATEWAY_CPUS"] = _processors(given, "GATEWAY_CPUS", usual, host.cpus, faults)
    engine_memory = _megabytes(given, "ENGINE_MEMORY_MB", ENGINE_MEMORY_MB, faults)
    engine_cpus = _processors(given, "ENGINE_CPUS", ENGINE_CPUS, host.cpus, faults)
    # Another session that comes is given way to at once on the stand-in, which is what its drills measure.
    session = _choice(
        given,
        "EXISTING_SESSION_DETECTED_ACTION",
        "secondary" if mode == "sim" else "primary",
        ("primary", "primaryoverride", "secondary", "manual"),
        faults,
    )
    if faults:
        raise SettingsRefused("\n".join(faults))

    secrets_dir = given.get("SECRETS_DIR") or ("secrets" if slot is None else f"secrets/{tenant}")
    gateway_image = STAND_IN_IMAGE if mode == "sim" else given.get("GATEWAY_IMAGE") or GATEWAY_IMAGE
    other = OTHER_IMAGE in gateway_image
    files = ["compose.yaml"]
    if mode == "sim":
        files.append("compose/sim.yaml")
    elif external:
        files.append("compose/external.yaml")
    else:
        files += ["compose/extrange.yaml" if other else "compose/ibkr.yaml", "compose/settings-volume.yaml"]
    if publish == "on" and not external:
        files.append("compose/publish-api.yaml")
    if host.images.get("GRAFANA_IMAGE") and slot is None:
        files.append(GRAFANA)
    own_files = given.get("SIM_FILES") if mode == "sim" else None
    if own_files:
        files.append("compose/sim-files.yaml")
    engine_files = given.get("ENGINE_FILES")
    if engine_files:
        files.append("compose/engine-files.yaml")
    own_windows = given.get("WINDOWS_FILE")
    if own_windows:
        files.append("compose/windows-file.yaml")
    if slot is not None:
        files.append("compose/tenant.yaml")
    return Plan(
        mode,
        tenant,
        secrets_dir,
        {
            "COMPOSE_FILE": os.pathsep.join(files),
            "COMPOSE_PROFILES": "engine" if engine == "on" else "",
            "TENANT": tenant,
            "MODE": mode,
            "TRADING_MODE": "live" if live else "paper",
            "IB_ACCOUNT": account,
            "ENGINE": engine,
            "ENGINE_MEMORY_MB": str(engine_memory),
            "ENGINE_CPUS": engine_cpus,
            "READ_ONLY_API": read_only,
            "TIME_ZONE": given.get("TIME_ZONE") or "Etc/UTC",
            "GATEWAY_HOST": "ib-gateway",
            "GATEWAY_PORT": OTHER_IMAGE_PORT if other else "4003" if live else "4004",
            "GATEWAY_IMAGE": gateway_image,
            "SUBNET_PREFIX": prefix,
            "DOCKER_SOCKET": host.docker_socket,
            "DOCKER_GID": str(host.docker_gid),
            "CREDENTIALS_DIR": anchored(
                Path("var") / tenant / "credentials" if mode == "sim" or external else Path(secrets_dir)
            ),
            "TOKENS_DIR": anchored(Path(secrets_dir)),
            **({"SIM_FILES": anchored(Path(own_files))} if own_files else {}),
            **({"ENGINE_FILES": anchored(Path(engine_files))} if engine_files else {}),
            "EXISTING_SESSION_DETECTED_ACTION": session,
            **({"REGION": region} if region else {}),
            **({"WINDOWS_FILE": anchored(Path(own_windows))} if own_windows else {}),
            # The stand-in sends no push and locks nobody out, so a newcomer may kill it as often as he likes.
            **({"LOGIN_BUDGET": SIM_LOGIN_BUDGET} if mode == "sim" else {}),
            **host.images,
            **ports,
            **{name: given[name] for name in PASSED_ON if given.get(name)},
            **elsewhere,
            **image,
        },
    )


def anchored(path: Path) -> str:
    """A path as compose reads it: it takes a bare word for a volume's name."""
    return str(path) if path.is_absolute() else f"./{path}"


def _elsewhere(mode: Mode, given: Mapping[str, str], faults: list[str]) -> dict[str, str]:
    """Where the gateway is that somebody else has started."""
    if mode == "sim":
        faults.append("GATEWAY: expected container in SIM, which has the stand-in, found 'external'; try PAPER=1")
    host, port = given.get("GATEWAY_HOST") or "", given.get("GATEWAY_PORT") or ""
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", host):
        faults.append(f"GATEWAY_HOST: expected the machine that your TWS or gateway runs on, found {host or 'nothing'}")
    if not (port.isdigit() and 0 < int(port) < 65536):
        usual = "7496 (TWS) or 4001 (gateway)" if mode == "live" else "7497 (TWS) or 4002 (gateway)"
        faults.append(f"GATEWAY_PORT: expected its API port, usually {usual}, found {port or 'nothing'}")
    return {"GATEWAY_HOST": THIS_MACHINE if host in ("localhost", "127.0.0.1") else host, "GATEWAY_PORT": port}


def _stand_ins_account(given: Mapping[str, str], account: str, slot: int, faults: list[str]) -> str:
    """The stand-in's account that is traded: as set, else its first. SIM in the names: no real one can be meant."""
    names = [name.strip() for name in (given.get("SIM_ACCOUNTS") or "").split(",") if name.strip()]
    if not all(re.fullmatch(r"D[UF]SIM\w*", name) for name in names):
        found = given["SIM_ACCOUNTS"]
        faults.append(f"SIM_ACCOUNTS: expected names that start with DUSIM, or DFSIM for a master, found {found!r}")
    if account.startswith("DUSIM") and (not names or account in names):
        return account
    return next((name for name in names if name.startswith("DU")), f"DUSIM{slot + 1:04}")


def _files(given: Mapping[str, str], faults: list[str], mounted: str, names: tuple[str, ...]) -> None:
    """What a container reads of the user's own lies in the one directory that is mounted for it."""
    for name in names:
        paths = [path.strip() for path in (given.get(name) or "").split(",") if path.strip()]
        if not all(path.startswith("/files/") for path in paths):
            faults.append(f"{name}: expected paths such as /files/name, found {given[name]!r}; /files is {mounted}")
        elif paths and not given.get(mounted):
            faults.append(f"{mounted}: expected the directory that {name} is in, found nothing")


def _image_settings(given: Mapping[str, str], region: Region, faults: list[str]) -> dict[str, str]:
    """Settings of the image for IBKR's gateway that have a default of ours."""
    heap = _megabytes(given, "JAVA_HEAP_SIZE", JAVA_HEAP_MB, faults)
    memory = _megabytes(given, "GATEWAY_MEMORY_MB", GATEWAY_MEMORY_MB, faults)
    if heap and memory and memory < heap + BESIDE_THE_HEAP_MB:
        faults.append(
            f"GATEWAY_MEMORY_MB: expected at least {heap + BESIDE_THE_HEAP_MB}, for a heap of {heap} (JAVA_HEAP_SIZE) "
            f"and {BESIDE_THE_HEAP_MB} beside it, found {memory}"
        )
    restart = given.get("AUTO_RESTART_TIME")
    if not restart:
        try:
            restart = nightly_restart(region, given.get("TIME_ZONE") or "Etc/UTC")
        except SettingsRefused as error:
            faults.append(str(error))
    return {
        "AUTO_RESTART_TIME": restart or "",
        "SAVE_TWS_SETTINGS": given.get("SAVE_TWS_SETTINGS") or "Every 30 mins",
        "JAVA_HEAP_SIZE": str(heap),
        "GATEWAY_MEMORY_MB": str(memory),
    }


def _megabytes(given: Mapping[str, str], name: str, default: int, faults: list[str]) -> int:
    """A whole number of MiB; 0, and a fault, for anything else."""
    text = given.get(name) or str(default)
    if re.fullmatch(r"[1-9]\d{2,5}", text):
        return int(text)
    faults.append(f"{name}: expected MiB as a number of three digits or more, such as {default}, found {text!r}")
    return 0


def _processors(given: Mapping[str, str], name: str, default: float, most: int, faults: list[str]) -> str:
    """How many processors a container may take, in all; by default no more than there are."""
    text = given.get(name) or f"{min(default, most):g}"
    if not re.fullmatch(r"\d+(\.\d{1,2})?", text) or not 0.1 <= float(text) <= most:
        faults.append(f"{name}: expected a number from 0.1 to {most}, the processors of this machine, found {text!r}")
    return text


def _choice[T: str](given: Mapping[str, str], name: str, default: T, allowed: tuple[T, ...], faults: list[str]) -> T:
    value = (given.get(name) or default).lower()
    for choice in allowed:
        if value == choice:
            return choice
    faults.append(f"{name}: expected {' or '.join(allowed)}, found {value!r}")
    return default


def _ports(given: Mapping[str, str], live: bool, slot: int | None, faults: list[str]) -> dict[str, str]:
    usual = dict(PORTS) | ({"HOST_PORT_API": 4001} if live else {})
    if slot is not None:
        usual |= {name: first + slot for name, first in PORTS_OF_A_SLOT.items()}
    ports: dict[str, str] = {}
    for name, default in usual.items():
        text = given.get(name) or str(default)
        if not (text.isdigit() and 0 < int(text) < 65536):
            faults.append(f"{name}: expected a port from 1 to 65535, found {text!r}")
        elif text in ports.values():
            faults.append(f"{name}: expected a port of its own, found {text}, which another one has")
        ports[name] = text
    return ports


def rendered(variables: Mapping[str, str]) -> str:
    """Write variables as an env file. Single quotes keep compose from reading `$` in a value."""
    lines = [f"{name}='{value}'" for name, value in variables.items()]
    return "\n".join(["# Written by `make up`; change .env instead.", *lines, ""])


def token_hash(text: str) -> str:
    """SHA-256 of a token of ours. These are random and long, so nothing slower is needed."""
    return hashlib.sha256(text.encode()).hexdigest()


def redis_acl(password: str) -> str:
    """Redis' users: the engine by its password's hash, and a default user that may only say PING (the health check)."""
    digest = token_hash(password)
    return (
        "user default on nopass resetkeys resetchannels -@all +ping\n"
        f"user engine on #{digest} ~* &* +@all -@admin -@dangerous +keys +info +flushdb\n"
    )
