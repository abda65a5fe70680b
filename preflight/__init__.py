"""Whether this gateway can be trusted today, and what to do if not.

Asks and never orders; changes nothing on what it looks at. One file a check under `preflight.checks`.
"""
