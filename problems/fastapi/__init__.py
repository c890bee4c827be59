"""
Problems in FastAPI applications: what `problems.starlette` does, and the OpenAPI document.

Knows where FastAPI keeps what an operation declares; the fragments come from `problems.openapi`.
"""

from problems.fastapi._document import apply_problems
from problems.fastapi._install import add_problems
from problems.fastapi._responses import responses
from problems.starlette import ProblemMiddleware, ProblemSchemaGenerator, problem_pages, problem_response

__all__ = [
    "ProblemMiddleware",
    "ProblemSchemaGenerator",
    "add_problems",
    "apply_problems",
    "problem_pages",
    "problem_response",
    "responses",
]
