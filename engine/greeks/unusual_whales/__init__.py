"""Unusual Whales' WebSocket feed of option trades, each with its greeks, as a data-only Nautilus client."""
