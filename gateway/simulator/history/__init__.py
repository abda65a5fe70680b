"""The past: what may be asked of it, and what it was. Nothing here knows of sockets."""
