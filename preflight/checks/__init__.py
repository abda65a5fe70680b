"""The checks, in the order in which they are asked."""

from preflight.checks import (
    auto_restart,
    client_ids,
    clock,
    disk,
    docker,
    image_digests,
    image_port,
    login,
    memory,
    names,
    open_files,
    placeholders,
    port,
    ports,
    read_only,
    said_twice,
    secrets,
    settings_owner,
    time_zone,
    unknown_variables,
    utc,
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
    # configuration
    placeholders.CHECK,
    unknown_variables.CHECK,
    said_twice.CHECK,
    secrets.CHECK,
    auto_restart.CHECK,
    time_zone.CHECK,
    settings_owner.CHECK,
    client_ids.CHECK,
    image_port.CHECK,
    image_digests.CHECK,
    # gateway
    port.CHECK,
    # identity
    login.CHECK,
    # time
    utc.CHECK,
    # orders
    read_only.CHECK,
)
