"""
One log record for each answered problem.

Configures nothing: the records go to the logger `problems`. They never contain a body, an input or a request header.
"""

import logging
import sys
import warnings
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Final, TypeAlias

from problems._wire.text import one_line
from problems.answering.instrumentation import Occurrence
from problems.catalog import ValidationProblem
from problems.declaring.problem import Problem
from problems.errors import ProblemsWarning

__all__ = ["failed", "guarded", "is_enabled", "record", "warned"]

Levels: TypeAlias = Mapping[type[Problem], int] | None

_LOGGER: Final = logging.getLogger("problems")
_INFO: Final = logging.INFO
_ERROR: Final = logging.ERROR


def is_enabled(status: int, problem: Problem | None, levels: Levels) -> bool:
    """Return whether a problem would be recorded: a cheap check before the record is made."""
    usual = _ERROR if status >= 500 else _INFO
    return _LOGGER.isEnabledFor(usual if levels is None else _level(status, problem, levels))


def _level(status: int, problem: Problem | None, levels: Levels) -> int:
    """Return the level of a record: of the most specific class, or else of the status."""
    chosen = [levels[cls] for cls in type(problem).__mro__ if cls in levels] if levels else []
    return chosen[0] if chosen else _ERROR if status >= 500 else _INFO


def _summary(problem: Problem, status: int) -> str:
    """Return the problem in one line; for rejected inputs the place and the reason, never the value."""
    if not isinstance(problem, ValidationProblem):
        return str(problem)
    places = [_place(dict(error)) for error in problem.errors]
    return one_line(f"{status} ({', '.join(places)})")


def _place(error: Mapping[str, object]) -> str:
    code, pointer, parameter = error.get("code"), error.get("pointer"), error.get("parameter")
    return f"{code} at {pointer}" if pointer else f"{code} in {error.get('in') or error.get('location')} {parameter}"


def record(occurrence: Occurrence, levels: Levels = None) -> None:
    """
    Write one line for an answered problem, with the traceback of its exception for a 5xx.

    An unexpected exception is left to the server, which logs it itself.
    """
    if not occurrence.is_expected:
        return
    with guarded("A problem of the type %s could not be recorded.", occurrence.type):
        _LOGGER.log(
            _level(occurrence.status, occurrence.problem, levels),
            "%s %s was answered with %s%s",
            occurrence.method,
            one_line(occurrence.path),  # a decoded path can contain line breaks
            _summary(occurrence.problem, occurrence.status),
            "" if occurrence.instance is None else f" [{one_line(occurrence.instance)}]",
            exc_info=occurrence.exception if occurrence.status >= 500 else None,
            extra={
                "problem_type": occurrence.type,
                "problem_status": occurrence.status,
                "problem_instance": occurrence.instance,
            },
        )


class guarded:  # noqa: N801 - reads as a function, as `contextlib.suppress` does
    """
    Logs a failure of user-defined code, and continues after the block.

    Args:
        message: A sentence: what failed, and what is done instead.
        args: The arguments of the message.
    """

    __slots__ = ("_args", "_handled", "_message")

    def __init__(self, message: str, *args: object) -> None:
        self._message, self._args, self._handled = message, args, sys.exception()

    def __enter__(self) -> None:
        """Do nothing: the constructor has noted the exception that is being handled."""

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Log an exception, without the exception that was being handled."""
        if not isinstance(failure, Exception):
            return False
        failed(failure, (self._handled,), self._message, *self._args)
        return True


def warned(message: str) -> None:
    """Issue a `ProblemsWarning`, or log it where a filter turns the warning into an error."""
    try:
        warnings.warn(message, ProblemsWarning, stacklevel=3)
    except ProblemsWarning:
        _LOGGER.warning(message)


def failed(failure: Exception, handled: tuple[BaseException | None, ...], message: str, *args: object) -> None:
    """
    Log a failure at ERROR, without the tracebacks of the exceptions in whose handling it happened.

    Python chains them, and the text of a validation error contains the inputs.
    """
    foreign = {id(exc) for exc in handled if exc is not None}
    shown: Exception | None = None
    with suppress(Exception):  # attributes of a foreign class raise anything; a chain that is not cut is not shown
        _cut(failure, foreign)
        shown = None if id(failure) in foreign else failure
    with suppress(Exception):  # a filter of the application may fail as well
        _LOGGER.error(message, *args, exc_info=shown)


def _cut(failure: BaseException, foreign: set[int]) -> None:
    waiting, seen = [failure], set[int]()
    while waiting:
        exc = waiting.pop()
        seen.add(id(exc))
        if id(exc.__context__) in foreign:
            exc.__context__ = None
        if id(exc.__cause__) in foreign:
            exc.__cause__ = None
        parts: tuple[BaseException, ...] = getattr(exc, "exceptions", ()) if _is_group(exc) else ()
        waiting += [
            item for item in (exc.__context__, exc.__cause__, *parts) if item is not None and id(item) not in seen
        ]


def _is_group(exc: BaseException) -> bool:
    return isinstance(exc, BaseExceptionGroup)
