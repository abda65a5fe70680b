"""Close everything, when the engine is dead and perhaps the supervisor too: `make break-glass`."""
