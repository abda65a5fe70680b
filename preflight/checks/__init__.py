"""The checks, in the order in which they are asked."""

from preflight.checks import (
    clients,
    clock,
    container,
    disk,
    docker,
    inside,
    login,
    login_budget,
    login_hold,
    login_phase,
    memory,
    names,
    open_files,
    port,
    ports,
    read_only,
    server_version,
    start_api,
    utc,
    weekly_token,
)

CHECKS = (
    # host
    docker.CHECK,
    disk.CHECK,
    memory.CHECK,
    open_files.CHECK,
    clock.CHECK,
    names.CHECK,
    ports.CHECK,
    # gateway
    container.CHECK,
    port.CHECK,
    inside.CHECK,
    server_version.CHECK,
    login_phase.CHECK,
    start_api.CHECK,
    clients.CHECK,
    # identity
    login.CHECK,
    read_only.CHECK,
    # time
    utc.CHECK,
    # logins
    login_budget.CHECK,
    login_hold.CHECK,
    weekly_token.CHECK,
)
