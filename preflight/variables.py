"""The variables that `.env` may set, and what they mean for the ports of this machine."""

import re
from collections.abc import Mapping
from typing import Final

PORTS: Final[Mapping[str, int]] = {
    "HOST_PORT_API": 4002,
    "HOST_PORT_SUPERVISOR": 9180,
    "HOST_PORT_ENGINE": 9190,
    "HOST_PORT_SIMULATOR": 9170,
    "HOST_PORT_PROMETHEUS": 9090,
    "HOST_PORT_ALERTMANAGER": 9093,
    "HOST_PORT_GRAFANA": 3000,
}
"""Default host ports, all on 127.0.0.1 (HOST_PORT_API is 4001 in LIVE)."""

STAND_IN: Final = (
    *("SIM_PROFILE", "SIM_BOOT_SECONDS", "SIM_LOGIN_SECONDS", "SIM_RESTART_SECONDS", "SIM_SERVER_VERSION"),
    *("SIM_SEED", "SIM_VOLATILITY", "SIM_CALENDAR", "SIM_DAY_START", "SIM_START", "SIM_SPEED"),
    *("SIM_DATA", "SIM_FAULTS"),
    *("SIM_MARKET_DATA", "SIM_MARKET_DATA_LINES", "SIM_MAX_MESSAGES_PER_SECOND", "SIM_REJECT_OVER_RATE"),
    *("SIM_ACCOUNTS", "SIM_ACCOUNT_TYPE", "SIM_CASH", "SIM_ASSIGNMENT", "SIM_MASTER_CLIENT_ID"),
    *("SIM_TIME_FORMAT", "SIM_TIME_THROTTLE", "SIM_ZONE_SPELLING"),
    *("SIM_TWOFA", "SIM_TWOFA_TIMEOUT", "SIM_CREDENTIALS", "SIM_COMPETING_SESSION"),
    *("SIM_THROTTLE_AFTER", "SIM_THROTTLE_SECONDS"),
)
"""The stand-in's settings. What is not among them (ports, hosts, paths) is the container's own business."""

PASSED_ON: Final = (
    *("REQUIRE_UTC", "PROBE_INTERVAL_SECONDS", "CONTAINER_RESTART_BUDGET", "ENGINE_RESTART_BUDGET", "LOG_LEVEL"),
    *("LOGIN_BUDGET", "LOGINS_AT_ONCE", "TWOFA_DEVICE", "TWS_COLD_RESTART"),
    *("ENGINE_SETTINGS", "STRATEGY", "STRATEGY_CONFIG", "GREEKS_STRIKES", "UNDERLYING", "CHAIN_STRIKES"),
    *("IB_CLIENT_ID", "MARKET_DATA_TYPE", "TRADER_ID", "AUTO_RESTART_TIME", "BUILD_NETWORK"),
    *("REAUTH_AT", "TWOFA", "PREFLIGHT_AT", "DRY_RUN"),
    *("INSTRUMENTS", "MARKET_DATA_LINES", "MARKET_FARMS", "FURTHER_ACCOUNTS"),
    *STAND_IN,
)
"""Variables that compose.yaml hands to the services only when they are set; each service checks its own."""

OWN: Final = (
    *("TENANT", "IB_ACCOUNT", "ENGINE", "PUBLISH_API", "READ_ONLY_API", "TIME_ZONE", "SUBNET_PREFIX", "SECRETS_DIR"),
    *("DOCKER_SOCKET", "DOCKER_GID", "GATEWAY_IMAGE", "SIM_FILES", "ENGINE_FILES"),
    *("GATEWAY", "GATEWAY_HOST", "GATEWAY_PORT"),
    *("REGION", "WINDOWS_FILE"),
    *("EMAIL_TO", "EMAIL_FROM", "EMAIL_USER", "EMAIL_SERVER", "TELEGRAM_CHAT_ID"),
    *("EXISTING_SESSION_DETECTED_ACTION", "SAVE_TWS_SETTINGS", "JAVA_HEAP_SIZE"),
    *("GATEWAY_MEMORY_MB", "ENGINE_MEMORY_MB", "GATEWAY_CPUS", "ENGINE_CPUS"),
)
"""Variables that `make up` works out the others from."""

KNOWN: Final = frozenset((*OWN, *PASSED_ON, *PORTS))
"""Every name that .env may have."""

PLACEHOLDER: Final = re.compile(r"<.*>|change[-_ ]?me.*|your[-_ ].*|xxx+|todo", re.IGNORECASE)
"""What samples say where a value belongs."""


SHARED_PORTS: Final = tuple(n for n in PORTS if n not in ("HOST_PORT_API", "HOST_PORT_ENGINE", "HOST_PORT_SIMULATOR"))
"""Those of what several tenants share."""


def one_of_several(variables: Mapping[str, str]) -> bool:
    """Whether a stack of these variables is of one of several tenants, who share supervisor and Prometheus."""
    return "compose/tenant.yaml" in variables.get("COMPOSE_FILE", "")


def published(variables: Mapping[str, str]) -> dict[str, int]:
    """The ports of this machine that a stack of these variables listens on, by the names of their variables."""
    grafana = set() if "compose/grafana.yaml" in variables["COMPOSE_FILE"] else {"HOST_PORT_GRAFANA"}
    if "compose/house.yaml" in variables["COMPOSE_FILE"]:
        return {name: int(variables[name]) for name in SHARED_PORTS if name not in grafana}
    unused = set(SHARED_PORTS) if one_of_several(variables) else grafana
    unused |= set() if "publish-api" in variables["COMPOSE_FILE"] else {"HOST_PORT_API"}
    unused |= set() if variables["MODE"] == "sim" else {"HOST_PORT_SIMULATOR"}
    unused |= set() if variables["ENGINE"] == "on" else {"HOST_PORT_ENGINE"}
    return {name: int(variables[name]) for name in PORTS if name not in unused}
