"""
The representations of problem details: one module for each media type.

Knows neither requests nor policies; which representation is sent is decided in `problems.answer`.
"""

from typing import TYPE_CHECKING

from problems._later import later

if TYPE_CHECKING:
    from problems.rendering._representation import Render, Representation

__all__ = ["Render", "Representation"]

if not TYPE_CHECKING:  # or checkers would take any name for one of this module
    # What only answers need that are not JSON.
    __getattr__, __dir__ = later(__name__, dict.fromkeys(__all__, "problems.rendering._representation"))
