"""The time of the gateway's daily restart, in the one form that IBC reads."""

import re
from datetime import time

_FORM = re.compile(r"(0\d|1[0-2]):([0-5]\d) (AM|PM)")


def restart_time(text: str) -> time | None:
    """`11:45 PM`: two digits each and capitals, as IBC's pattern `hh:mm a` takes it; None for anything else.

    That pattern takes `00:15 AM` for `12:15 AM`, as those of IBC's versions do that count their hours from 0 to 11.
    IBC only logs a time that it cannot read, and leaves the gateway's own restart where it was.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        return None
    return time(int(found[1]) % 12 + (12 if found[3] == "PM" else 0), int(found[2]))
