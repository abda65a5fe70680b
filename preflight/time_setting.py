"""Where the form of a gateway's times is set, and how it is kept: what several checks tell a person to do."""

from preflight.check import Remedy

ZONE = Remedy(
    "gateway-zone",
    "set TIME_ZONE=Etc/UTC in .env and restart the gateway (a jts.ini that exists already keeps its zone)",
)
FORM = Remedy(
    "time-format",
    "in the gateway's window: Configure > Settings > API > Settings, "
    "'Send instrument-specific attributes for dual-mode API client in' = UTC format, OK. It is kept in the volume "
    "gateway-settings, which `make down` leaves and `make purge` removes; ask again after the next restart whether it "
    "stayed",
)
