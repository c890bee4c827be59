"""
Problems in httpx2 and httpx clients: error responses are raised as the classes that the server raised.

Supports sync and async clients, and imports neither library: the class of the client or the response determines the
library.
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
