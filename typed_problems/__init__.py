"""
The entry points of this distribution for other programs.

A separate package from `problems`, because importing any module of that package loads pydantic, and a program that only
discovers its plugins must not pay for that.
"""
