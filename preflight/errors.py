"""What keeps a preflight from being asked at all.

PreflightError
└── SettingsError   the configuration is unusable; exit code 2
"""


class PreflightError(Exception):
    """The preflight could not be asked."""


class SettingsError(PreflightError):
    """A setting is missing or cannot be used; the message names each, with its remedy."""
