"""
How fast errors are, beside hand-written limits and every other library, in one interleaved run.

Measures and prints ratios; asserts nothing about time.
"""
