"""Break the stand-in on purpose, and measure how long it takes until everything trades again.

A drill has a stack of its own (its tenant is `drill`), so it never touches the one that somebody trades on. Each run
waits until all is well, waits a random part of a probe interval more (or the figures would flatter the probes),
injects one fault, and watches the supervisor's API from outside, as a person would. Nothing that took too long is
dropped: it is counted as censored.
"""
