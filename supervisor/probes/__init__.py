"""The senses: each looks at one thing and never raises; its own trouble is UNKNOWN."""
