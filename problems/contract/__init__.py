"""
A static check of an application's contract: every raised problem is declared, and every declared problem is raised.

Reads the source of endpoints, dependencies and the functions that they call. Does not run or import the application.
"""

import inspect
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from problems._wire.arguments import explained
from problems._wire.text import briefly
from problems.contract._calls import Calls
from problems.contract._findings import Certainty, Finding, Followed, RaiseSite, findings
from problems.contract._findings import raise_sites as _raise_sites
from problems.contract._operations import Operation, finish, operations, setup_of
from problems.contract._sources import Sources
from problems.contract._values import POSSIBLE, Outcome, Raise
from problems.declaring.problem import Problem
from problems.errors import SetupError
from problems.registry import Registry

__all__ = [
    "Certainty",
    "Finding",
    "RaiseSite",
    "Reached",
    "check",
    "declarations_of",
    "finish",
    "raise_sites",
    "reached_by",
]


@explained
def check(app: object) -> list[Finding]:
    """
    Return findings about problems that an application raises without declaring them, or declares and never raises.

    Follows calls through functions, methods, closures, partials and context managers in the application's own source,
    and respects `try`, `except` and `with`. Does not run or import code. A finding is *certain* only if every step was
    followed to its source:

    >>> from starlette.applications import Starlette
    >>> check(Starlette())
    []

    Args:
        app: An application of Starlette or FastAPI, with its routes.

    Raises:
        SetupError: *app* is not an application.
    """
    return findings(_followed(app))


def raise_sites(app: object) -> list[RaiseSite]:
    """
    Return every reachable statement that raises an `HTTPException` with an error status.

    Statements whose status is declared are included.

    >>> from starlette.applications import Starlette
    >>> raise_sites(Starlette())
    []

    Args:
        app: An application of Starlette or FastAPI, with its routes.

    Raises:
        SetupError: *app* is not an application.
    """
    return list(_raise_sites(_followed(app)))


class Reached(NamedTuple):
    """
    The exceptions that one endpoint, dependency or middleware can raise.

    Attributes:
        call: The function or object that the framework calls.
        raises: The exceptions that it can raise, itself and in functions that it calls.
        declares: The problem types that every operation with this function declares.
    """

    call: object
    raises: tuple[Raise, ...]
    declares: frozenset[type[Problem]]


def reached_by(app: object, followed: Iterable[type[Exception]] = ()) -> list[Reached]:
    """
    Return the exceptions that each endpoint, dependency and middleware of an application can raise.

    Args:
        app: An application of Starlette or FastAPI, with its routes.
        followed: Further classes of exceptions to follow, besides those that the policy translates.

    Raises:
        SetupError: *app* is not an application.
    """
    every, calls = _operations_of(app, followed)
    declared: dict[object, frozenset[type[Problem]]] = {}
    for operation in every:
        for call in operation.calls:
            declared[call] = declared.get(call, frozenset(operation.written)) & frozenset(operation.written)
    return [Reached(call, tuple(calls.root(call).raises), types) for call, types in declared.items()]


def declarations_of(app: object, registry: Registry | None) -> tuple[Registry, dict[str, Operation]]:
    """Return the registry of an application, and its operations with their declarations, by method and path."""
    declarations: dict[str, Operation] = {}
    for operation in operations(app):
        methods, _, path = operation.name.partition(" ")
        declarations |= {f"{method} {path}": operation for method in methods.split("/")}
    setup = setup_of(app)
    return registry or (setup.registry if setup is not None else Registry()), declarations


def _followed(app: object) -> list[Followed]:
    every, calls = _operations_of(app)
    outcomes: dict[object, Outcome] = {}
    for operation in every:
        for call in operation.calls:
            if call not in outcomes:
                outcomes[call] = calls.root(call)
    return [_of(operation, outcomes, calls) for operation in every]


def _operations_of(app: object, followed: Iterable[type[Exception]] = ()) -> tuple[list[Operation], Calls]:
    if isinstance(app, type) or not hasattr(app, "routes"):
        raise SetupError(
            f"{briefly(app)} is not an application. Pass a Starlette or FastAPI application: `check(app)`."
        )
    every = list(operations(app))
    translated = {*followed, *(cls for operation in every for cls in operation.translate)}
    roots = len({call for operation in every for call in operation.calls})
    return every, Calls(Sources(frozenset(_packages(every))), translated, roots)


def _of(operation: Operation, outcomes: dict[object, Outcome], calls: Calls) -> Followed:
    results = [outcomes[call] for call in operation.calls]
    raises = dict.fromkeys(raised for outcome in results for raised in outcome.raises)
    for call in operation.calls[1:]:
        function = getattr(call, "__func__", call)
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            passed = calls.passes(call, tuple(raises))
            # A dependency may catch an exception at its `yield` and send another response.
            raises = dict.fromkeys(
                exception if exception in passed else replace(exception, sure=min(exception.sure, POSSIBLE))
                for exception in raises
            )
    is_open = any(result.open for result in results)
    return Followed(operation, tuple(raises), tuple(results[0].returns) if results else (), is_open)


def _packages(packages: Iterable[Operation]) -> Iterator[str]:
    for operation in packages:
        for call in operation.calls:
            yield str(getattr(call, "__module__", "")).partition(".")[0]
