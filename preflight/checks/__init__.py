"""The checks, in the order in which they are asked."""

from preflight.checks import login, port, read_only, utc

CHECKS = (port.CHECK, login.CHECK, utc.CHECK, read_only.CHECK)
