"""Host and house as they are seen from this process."""


class LocalHost:
    """This machine."""


class LocalHouse:
    """The tenant's supervisor and engine."""
