"""
Problems in Starlette applications: each error they can answer with.

Passes the facts of a request to `problems.answer`, sends what comes back, and
tells the observers. Decides nothing itself.
"""

from problems.starlette._bodies import read_body
from problems.starlette._install import add_problems
from problems.starlette._middleware import ProblemMiddleware
from problems.starlette._pages import problem_pages
from problems.starlette._respond import problem_response
from problems.starlette._schemas import ProblemSchemaGenerator

__all__ = [
    "ProblemMiddleware",
    "ProblemSchemaGenerator",
    "add_problems",
    "problem_pages",
    "problem_response",
    "read_body",
]
