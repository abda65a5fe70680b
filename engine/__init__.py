"""The engine container: one unmodified NautilusTrader node, watched from inside, answering over HTTP.

`python -m engine` runs it. This package imports nothing else of the house; it and the supervisor talk HTTP.
"""
