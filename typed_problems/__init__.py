"""
What other programs find by the entry points of this distribution.

Beside the package `problems`, not in it: importing anything of that loads pydantic, and a program that only looks for
its plugins must not pay for it.
"""
