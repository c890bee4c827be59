"""
The representations of problem details: one module for each media type.

Knows neither requests nor policies; which representation is sent is decided in `problems.answer`.
"""

from problems.rendering._representation import Render, Representation

__all__ = ["Render", "Representation"]
