"""
`responses=` entries that add up instead of replacing each other.

Knows how FastAPI merges such dictionaries. Does not import FastAPI's routing.
"""

from typing import Any

from problems.declaring._raises import check_types
from problems.declaring.problem import Problem

__all__ = ["DeclaredStatus", "responses"]


class DeclaredStatus(int):
    """
    The status code of one declared problem type, as a key that equals no other.

    FastAPI merges the `responses` of application, router and route by key: with plain numbers the 409 of a
    route would replace the entry of its router.
    """

    problem: type[Problem]

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def __deepcopy__(self, memo: object) -> "DeclaredStatus":
        return self


def responses(*types: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """
    Declare problem types where FastAPI takes `responses=`: application, router, `include_router`, route.

    >>> from problems import Conflict, NotFound
    >>> from fastapi import APIRouter
    >>> router = APIRouter(responses=responses(NotFound, Conflict))

    Raises:
        AbstractProblem: One of *types* is a base.
        SetupError: One of *types* is not a problem class.
    """
    check_types(types, "responses")
    results: dict[int | str, dict[str, Any]] = {}
    for cls in types:
        status = DeclaredStatus(cls.problem_type.status)
        status.problem = cls
        results[status] = {"description": cls.problem_type.title}
    return results
