"""Where containers live."""
