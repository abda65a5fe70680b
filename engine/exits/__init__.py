"""The exits of every 0DTE position, whoever opened it: kept in layers, re-armed, and used to be flat by the cut-off."""
