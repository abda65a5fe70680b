"""Orders, fills, positions and money: what the broker knows, and the record it keeps of it."""
