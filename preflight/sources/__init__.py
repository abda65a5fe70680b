"""Where a preflight's evidence comes from: the gateway, the house around it, and the host beneath."""
