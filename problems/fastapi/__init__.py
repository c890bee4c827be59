"""
Problems in FastAPI applications: what `problems.starlette` does, and the OpenAPI document.

Knows where FastAPI keeps what an operation declares; the fragments come from `problems.openapi`.
"""

from typing import TYPE_CHECKING

from problems._wire.later import later, missing
from problems.starlette import ProblemMiddleware, problem_response

try:
    from problems.fastapi._document import apply_problems
    from problems.fastapi._install import add_problems
    from problems.fastapi._responses import responses
except ModuleNotFoundError as _error:
    if _error.name != "fastapi":  # a library that FastAPI itself needs
        raise
    raise missing("fastapi", __name__, "'typed-problems[fastapi]'") from None

if TYPE_CHECKING:
    from problems.starlette import ProblemSchemaGenerator, problem_pages

__all__ = [
    "ProblemMiddleware",
    "ProblemSchemaGenerator",
    "add_problems",
    "apply_problems",
    "problem_pages",
    "problem_response",
    "responses",
]

if not TYPE_CHECKING:
    # What only some applications use.
    __getattr__, __dir__ = later(
        __name__, {"problem_pages": "problems.starlette", "ProblemSchemaGenerator": "problems.starlette"}
    )
