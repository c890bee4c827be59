"""
Observers of a whole process, for tools that watch a test run.

An application has `Policy(hooks=…)`. This is for the pytest plugin, which sees all applications and clients of a run.
"""

from collections.abc import Callable
from typing import Final, Literal

from problems.declaring.problem import Problem

__all__ = ["WATCH"]


class _Watch:
    """
    The observers of this process.

    Attributes:
        observers: Functions that are called with each problem that is answered or received.
        undeclared: Replaces `Policy(undeclared=…)` of every application, if it is not `None`.
    """

    __slots__ = ("observers", "undeclared")

    def __init__(self) -> None:
        self.observers: tuple[Callable[[Problem], object], ...] = ()
        self.undeclared: Literal["raise"] | None = None

    def notice(self, problem: Problem) -> None:
        """Call the observers with a problem that was answered or received."""
        for observe in self.observers:
            observe(problem)


WATCH: Final = _Watch()
