"""The checks, in the order in which they are asked."""

from preflight.checks import clock, disk, docker, login, memory, names, open_files, port, ports, read_only, utc

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
    port.CHECK,
    # identity
    login.CHECK,
    # time
    utc.CHECK,
    # orders
    read_only.CHECK,
)
