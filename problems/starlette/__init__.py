"""
Problems in Starlette applications: each error they can answer with.

Passes the facts of a request to `problems.answer`, sends what comes back, and
tells the observers. Decides nothing itself.
"""

from problems.starlette._install import add_problems
from problems.starlette._middleware import ProblemMiddleware

__all__ = ["ProblemMiddleware", "add_problems"]
