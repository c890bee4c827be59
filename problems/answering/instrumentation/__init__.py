"""
Logging, tracing and hooks for problems that were sent.

Observers do not change an answer: they get an occurrence after it was sent.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from problems.declaring.problem import Problem

__all__ = ["Hook", "Occurrence"]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """
    One answered problem, as hooks see it.

    Attributes:
        problem: The problem that was sent.
        exception: The exception that was raised: the problem itself, or the foreign exception that became it.
        type: The type URI as sent.
        status: The status code as sent.
        instance: The URI reference that identifies the occurrence.
        method: The method of the request.
        path: The path of the request.
        is_expected: Whether the exception was meant for a client; the server reports any other exception itself.
    """

    problem: Problem
    exception: BaseException
    type: str
    status: int
    instance: str | None
    method: str
    path: str
    is_expected: bool


Hook = Callable[[Occurrence], Awaitable[None] | None]
"""
A function, plain or async, that is called with each answered problem after it was sent.

If the hook has a method `before`, plain and quick, that is called with the occurrence before it is sent.
"""
