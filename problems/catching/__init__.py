"""
Conversion of error responses to exceptions: problem documents, from any client library, and other error formats.

May import `problems._wire`, `problems.declaring`, `problems.catalog` and `problems.registry`; never
`problems.answering`, and no client library.
"""

from problems.catching._listed import errors_of
from problems.catching._outcome import Undeclared
from problems.catching._translating import translating
from problems.catching.dialects import Dialect
from problems.catching.messages import problem_from_close, problem_from_event, problem_from_line

__all__ = [  # noqa: RUF022 - in the order of a first reading
    "Dialect",
    "errors_of",
    "Undeclared",
    "translating",
    "problem_from_event",
    "problem_from_line",
    "problem_from_close",
]
