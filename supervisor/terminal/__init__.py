"""What a person reads of the supervisor's answers on a terminal. Nothing here asks; `supervisor.cli` does."""
