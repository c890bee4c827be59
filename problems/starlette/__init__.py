"""
Problem responses for Starlette applications.

Handlers, middleware, mounts and streams; `problems.answering` decides what is sent. Does not import FastAPI.
"""

from typing import TYPE_CHECKING

from problems._wire.later import later
from problems.starlette._install import add_problems, problem_response
from problems.starlette._middleware import ProblemMiddleware

if TYPE_CHECKING:
    from problems.starlette._bodies import read_body
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

if not TYPE_CHECKING:  # or checkers would take any name for one of this module
    # Only some applications use pages and YAML: they would take a third of the time of every import.
    __getattr__, __dir__ = later(
        __name__,
        {
            "problem_pages": "problems.starlette._pages",
            "ProblemSchemaGenerator": "problems.starlette._schemas",
            "read_body": "problems.starlette._bodies",
        },
    )
