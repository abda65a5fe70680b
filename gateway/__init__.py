"""The gateway's container: the real one's wrapping (`ibkr/`) and the stand-in (`simulator/`)."""
