"""The stand-in gateway: a TWS API server with a market, an order book, a login and faults.

Floors, bottom up: `market` (what things cost, pure), `broker` (orders, account and their record), `wire` (fields to
values and back, for server versions 157..200), `api` (sessions and what they ask for), and on top the life cycle,
the faults and the two ways in for operators (control over HTTP, IBC's line protocol).
"""
