"""
Problems that an operation sends without declaring them.

Compares an answer with declarations and warns; the adapter knows the declarations.
"""

import sys
import traceback
import warnings
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from problems.declaring._received import ReceivedProblem
from problems.declaring.problem import Problem
from problems.errors import UndeclaredProblem, UndeclaredProblemWarning

__all__ = ["is_of_the_framework", "notice_undeclared"]

_FRAMEWORKS: Final = frozenset({"starlette", "fastapi"})

_Registry = dict[str | tuple[str, type[Warning], int], int]
"""The warnings that a module has given."""


class _Place(NamedTuple):
    """The place where an exception was raised."""

    file: str
    line: int
    registry: _Registry


def is_of_the_framework(exc: BaseException) -> bool:
    """
    Return whether a framework raised *exc* itself, and not the application's own code.

    What the framework implies, such as the 401 of a security scheme, declares only what the framework raises.
    """
    frames = [frame for frame, _ in traceback.walk_tb(exc.__traceback__)]
    return not frames or str(frames[-1].f_globals.get("__name__")).partition(".")[0] in _FRAMEWORKS


def notice_undeclared(
    problem: Problem,
    exc: BaseException,
    operation: str,
    types: Iterable[type[Problem]] | None,
    mode: Literal["warn", "raise"],
) -> None:
    """
    Warn about a problem that its operation does not declare.

    A received problem is exempt: it is answered as a 502, whatever it is.

    Args:
        problem: The problem in the answer.
        exc: The exception that was raised.
        operation: The name of the operation.
        types: The declared types; a subclass of one of them is declared as well. `None` if no operation was reached.
        mode: How to warn.

    Raises:
        UndeclaredProblem: The *mode* is `"raise"`.
    """
    if types is None or isinstance(exc, ReceivedProblem) or isinstance(problem, tuple(types)):
        return
    place = _place_of(exc)
    message = (
        f"{operation} answers with {type(problem).__qualname__} ({problem.status}), which it does not declare; "
        f"it was raised in {place.file}, line {place.line}. Write `@raises({type(problem).__name__})` on the function "
        f"that raises it, or on the endpoint."
    )
    if mode == "raise":
        raise UndeclaredProblem(message) from exc
    warnings.warn_explicit(message, UndeclaredProblemWarning, place.file, place.line, registry=place.registry)


def _place_of(exc: BaseException) -> _Place:
    """Return where an exception was raised: the innermost frame outside of installed packages."""
    frames = list(traceback.walk_tb(exc.__traceback__))
    own = [frame for frame in frames if "site-packages" not in frame[0].f_code.co_filename]
    for frame, line in reversed(own or frames):
        registry: _Registry = frame.f_globals.setdefault("__warningregistry__", {})
        return _Place(frame.f_code.co_filename, line, registry)
    return _Place(sys.executable, 0, {})
