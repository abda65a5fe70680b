"""What the gateway sends: one function a message, from values to fields, gated by server version.

Where a number's spelling matters (a trailing .0, two decimals) it is that of captured frames.
"""
