"""The supervisor: watches one gateway and the engine behind it, and does the smallest thing that cures a fault.

Start reading at `faults` (what can happen, and the right answer), then `machine` (the one place that decides,
step by step); `loop` is what touches the world around it.
"""
