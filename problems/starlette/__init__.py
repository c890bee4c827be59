"""
Problems in Starlette applications: each error they can answer with.

Passes the facts of a request to `problems.answer`, sends what comes back, and
tells the observers. Decides nothing itself.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

from problems.starlette._bodies import read_body
from problems.starlette._install import add_problems
from problems.starlette._middleware import ProblemMiddleware
from problems.starlette._respond import problem_response

if TYPE_CHECKING:
    from problems.starlette._pages import problem_pages
    from problems.starlette._schemas import ProblemSchemaGenerator

__all__ = [
    "ProblemMiddleware",
    "ProblemSchemaGenerator",
    "add_problems",
    "problem_pages",
    "problem_response",
    "read_body",
]

_LATER: Final = {
    "problem_pages": "problems.starlette._pages",
    "ProblemSchemaGenerator": "problems.starlette._schemas",
}
"""What only some applications use, and where it is: pages and YAML would be a third of what every import takes."""

if not TYPE_CHECKING:  # or checkers would take any name for one of this module

    def __getattr__(name: str) -> object:
        """Load what is asked for the first time."""
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(_LATER[name]), name)
        return found
