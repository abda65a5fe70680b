"""What there is to trade and what it costs: a function of seed and time, with no memory."""
