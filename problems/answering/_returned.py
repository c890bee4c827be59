"""
Crashes that happen because an endpoint returned a problem instead of raising it.

Recognises the exceptions of FastAPI, pydantic and the standard library by what they hold; imports no framework.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final, TypeGuard

from problems._wire.invalid_params._values import is_mapping
from problems.declaring.problem import Problem
from problems.errors import ReturnedProblem

__all__ = ["is_problem_in", "note_returned"]

_NAMED: Final = (
    r"Unable to serialize unknown type: <class '([\w.<>]+)'>",  # pydantic
    r"^Object of type (\w+) is not JSON serializable",  # the standard library
    r"^'(\w+)' object is not callable",  # Starlette calls what an endpoint returns
)
_DEEPEST: Final = 3
_MOST: Final = 1_000


def note_returned(exc: BaseException, scope: Mapping[str, object]) -> None:
    """
    Add to a crash the endpoint and the mistake, if the endpoint returned a problem. Never fails.

    Args:
        exc: The exception that was raised after the endpoint had returned.
        scope: The request.
    """
    try:
        name = _returned(exc)
        if name is not None:
            note = _note(name, scope)
            if note not in getattr(exc, "__notes__", ()):
                exc.add_note(note)
    except Exception:  # noqa: BLE001 - an exception of another library may hold anything
        return


def _note(name: str, scope: Mapping[str, object]) -> str:
    route, endpoint = scope.get("route"), scope.get("endpoint")
    path = getattr(route, "path_format", None) or getattr(route, "path", None) or scope.get("path", "")
    function = getattr(endpoint, "__qualname__", type(endpoint).__qualname__)
    where = f"{scope.get('method', 'GET')} {path} ({function})"
    return f"{name} was returned, not raised, by {where}. Write `raise {name}(…)`."


def _returned(exc: BaseException) -> str | None:
    """Return the name of the problem class that an exception is about, if it is one."""
    if isinstance(exc, ReturnedProblem):
        return exc.problem
    if type(exc).__name__ == "ResponseValidationError":
        return is_problem_in(getattr(exc, "body", None))
    if not isinstance(exc, TypeError | ValueError):
        return None
    text = str(exc)
    for name in (result[1] for pattern in _NAMED if (result := re.search(pattern, text))):
        for cls in _subclasses(Problem):
            if name in (f"{cls.__module__}.{cls.__qualname__}", cls.__name__):
                return cls.__qualname__
    return None


def _subclasses(cls: type[Problem]) -> Iterator[type[Problem]]:
    for sub in cls.__subclasses__():
        yield sub
        yield from _subclasses(sub)


def _is_collection(value: object) -> TypeGuard[list[object] | tuple[object, ...] | set[object] | frozenset[object]]:
    return isinstance(value, list | tuple | set | frozenset)


def is_problem_in(value: object, depth: int = 0) -> str | None:
    """Return the class name of a problem in a value: in lists, dictionaries and attributes, a few levels deep."""
    if isinstance(value, Problem):
        return type(value).__qualname__
    if isinstance(value, type):
        return value.__qualname__ if issubclass(value, Problem) else None
    if depth >= _DEEPEST:
        return None
    parts: list[object] = []
    if is_mapping(value):
        parts = list(value.values())
    elif _is_collection(value):
        parts = list(value)
    elif not isinstance(value, str | bytes | int | float):
        parts = list(getattr(value, "__dict__", {}).values())
    return next((name for part in parts[:_MOST] if (name := is_problem_in(part, depth + 1))), None)
