"""Strategies over the past, from a catalog: `python -m engine.backtest`."""
