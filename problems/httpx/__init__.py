"""
Problems in the client: what a server raised is raised again, with its types.

Works with httpx2 and httpx, sync and async, and imports neither: the library is the one the client or the response
comes from.
"""

from problems.catching._outcome import Undeclared, outcome
from problems.catching._responses import retry_after
from problems.httpx._raising import (
    async_problem_hook,
    problem_from,
    problem_hook,
    raise_for_problem,
    raise_problems,
)

__all__ = [
    "Undeclared",
    "async_problem_hook",
    "outcome",
    "problem_from",
    "problem_hook",
    "raise_for_problem",
    "raise_problems",
    "retry_after",
]
