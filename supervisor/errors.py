"""Everything the supervisor raises on purpose.

SupervisorError
├── SettingsRefused      a setting is missing, malformed, or does not fit another one
├── PolicyRefused        numbers that cannot hold together; the sum is in the message
├── SecondSupervisor     another supervisor watches this tenant already
├── JournalUnusable      the journal cannot be opened or written
├── RuntimeTrouble       the Docker API could not be asked (our own trouble, so UNKNOWN)
├── ActRefused           the Docker API, the mailbox or the engine said no to an act
└── IllegalTransition    a bug: the machine tried an edge that its table does not have

Each message says what was expected, what was found and what to do next.
"""


class SupervisorError(Exception):
    """Root of the tree."""


class SettingsRefused(SupervisorError):
    """Settings that cannot be used. The process ends with code 2."""


class PolicyRefused(SettingsRefused):
    """Numbers that contradict each other."""


class SecondSupervisor(SupervisorError):
    """Two watchmen are none. The process ends with code 2."""


class JournalUnusable(SupervisorError):
    """Without a journal nothing that restarts or logs in may be done: an act is written down before it is done."""


class RuntimeTrouble(SupervisorError):
    """The supervisor could not look. Never evidence against the thing looked at."""


class ActRefused(SupervisorError):
    """An act was asked for and declined, or failed."""


class IllegalTransition(SupervisorError):
    """The machine left its own table."""
