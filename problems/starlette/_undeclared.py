"""
Problems that are sent by an operation that does not declare them.

Knows what was answered and what is declared; what comes of it is for `Policy(undeclared=…)` to say.
"""

import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

from starlette.types import Scope

from problems.declaring._raises import declared
from problems.declaring._received import ReceivedProblem
from problems.declaring.problem import Problem
from problems.errors import UndeclaredProblem, UndeclaredProblemWarning
from problems.registry import Registry

__all__ = ["Declares", "declared_on", "declares", "notice_undeclared"]


Declares = Callable[[Scope, Registry], Iterable[type[Problem]] | None]
"""What the operation of a request declares; nothing if no operation was reached."""


def declares(scope: Scope, _: Registry) -> Iterable[type[Problem]] | None:
    """Return what the operation of a request to a Starlette application declares."""
    endpoint = scope.get("endpoint")
    return None if endpoint is None else tuple(declared_on(endpoint, scope))


def declared_on(endpoint: object, scope: Scope) -> Iterator[type[Problem]]:
    """Yield what is declared on an endpoint, on its method for this request, and on the application's middleware."""
    yield from declared(endpoint)
    if isinstance(endpoint, type) and scope["type"] == "http":
        yield from declared(getattr(endpoint, scope["method"].lower(), None))
    for middleware in getattr(scope.get("app"), "user_middleware", ()):
        yield from declared(middleware.cls)


_Registry = dict[str | tuple[str, type[Warning], int], int]
"""What a module remembers of the warnings it has given."""


class _Place(NamedTuple):
    """Where an exception was raised."""

    file: str
    line: int
    registry: _Registry


def notice_undeclared(
    problem: Problem,
    exc: BaseException,
    scope: Scope,
    types: Iterable[type[Problem]] | None,
    mode: Literal["warn", "raise"],
) -> None:
    """
    Warn of a problem that its operation does not declare.

    What came from another server is exempt: it is answered as a 502, whatever it is.

    Args:
        problem: What is answered.
        exc: What was raised.
        scope: The request.
        types: What its operation declares; a subclass of one of them is declared as well.
        mode: How to warn.

    Raises:
        UndeclaredProblem: The *mode* is to raise.
    """
    if types is None or isinstance(exc, ReceivedProblem) or isinstance(problem, tuple(types)):
        return
    place = _place_of(exc)
    message = (
        f"{_operation(scope)} answers with {type(problem).__qualname__} ({problem.status}), which it does not declare; "
        f"it was raised in {place.file}, line {place.line}. Write `@raises({type(problem).__name__})` on the function "
        f"that raises it, or on the endpoint."
    )
    if mode == "raise":
        raise UndeclaredProblem(message) from exc
    warnings.warn_explicit(message, UndeclaredProblemWarning, place.file, place.line, registry=place.registry)


def _operation(scope: Scope) -> str:
    route, endpoint = scope.get("route"), scope.get("endpoint")
    path = getattr(route, "path_format", None) or scope["path"]
    name = getattr(endpoint, "__qualname__", type(endpoint).__qualname__)
    return f"{scope.get('method', 'WebSocket')} {path} ({name})"


def _place_of(exc: BaseException) -> _Place:
    """Return where an exception was raised: the innermost frame that is none of an installed package."""
    frames = list(traceback.walk_tb(exc.__traceback__))
    own = [it for it in frames if "site-packages" not in it[0].f_code.co_filename]
    for frame, line in reversed(own or frames):
        registry: _Registry = frame.f_globals.setdefault("__warningregistry__", {})
        return _Place(frame.f_code.co_filename, line, registry)
    return _Place(sys.executable, 0, {})
