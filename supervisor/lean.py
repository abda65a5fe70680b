"""Imported first by the process that runs for months, which has no terminal.

structlog and httpx load rich and pygments wherever they find them: 5 MiB, for colours. The preflight's table has them.
"""

import sys

for _name in ("rich", "pygments"):
    sys.modules[_name] = None  # type: ignore[assignment]
