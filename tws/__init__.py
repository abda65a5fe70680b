"""The ground floor: the TWS socket API, as a watcher needs it.

Frames and fields, the handshake that costs no client id, an asyncio session on ibapi's own encoders and
decoder, the catalogue of codes, and the clock readings a gateway sends. Imports nothing else of the house.
"""
