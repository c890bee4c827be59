"""
What is told to operators about each answered problem.

Nothing here changes an answer: observers see an occurrence after it was sent.
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
        problem: The problem that the client was told.
        exception: What was raised; the problem itself, or the foreign exception that became it.
        type: The type URI as sent.
        status: The status code as sent.
        instance: The URI reference that identifies the occurrence.
        method: The method of the request.
        path: The path of the request.
        is_expected: Whether somebody meant the exception for a client; the server reports any other one itself.
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

An object with a method `before`, plain and quick, has that called with the same before it is sent.
"""
