"""
The contract, checked without running the application: what is raised is declared, and the other way round.

Reads the source of endpoints, dependencies and what they call; runs none of it, and knows no framework.
"""

import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from starlette.exceptions import HTTPException

from problems.catalog import class_of
from problems.contract._calls import Calls
from problems.contract._expressions import Outcome
from problems.contract._operations import Operation, finish, operations, setup_of
from problems.contract._sources import Sources
from problems.contract._values import UNSEEN, Raise
from problems.declaring._raises import declared
from problems.declaring.problem import Problem
from problems.errors import SetupError
from problems.registry import Registry

__all__ = ["Certainty", "Finding", "check", "declarations_of", "finish"]

Certainty: TypeAlias = Literal["certain", "likely", "possible"]
"""How sure a finding is: it is written there, types tell, or it may be."""

_CERTAINTIES: Final[tuple[Certainty, ...]] = ("possible", "likely", "certain")


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One breach of the contract.

    Attributes:
        kind: Whether a problem is raised and not declared, or declared and never raised.
        problem: The problem type.
        operations: The operations that are concerned, as method and path.
        file: Where it is raised, or declared.
        line: The line there.
        certainty: How sure it is.
    """

    kind: Literal["undeclared", "never raised"]
    problem: type[Problem]
    operations: tuple[str, ...]
    file: str
    line: int
    certainty: Certainty

    def __str__(self) -> str:
        name, status = self.problem.__qualname__, self.problem.problem_type.status
        where = ", ".join(self.operations)
        said = (
            f"raises {name} ({status}), which is not declared. Write `@raises({self.problem.__name__})` on the "
            f"function, or on the endpoint."
            if self.kind == "undeclared"
            else f"declares {name} ({status}), which is never raised. Take it out of `@raises` or `responses()`."
        )
        return f"{self.file}:{self.line}: {where} {said} ({self.certainty})"


def check(app: object) -> list[Finding]:
    """
    Return where an application raises what it does not declare, or declares what it never raises.

    Follows calls through functions, methods, closures, partials and context managers, as far as the source is the
    application's own, and honours `try` and `except`. Nothing is run and nothing imported. What it cannot
    follow it leaves out, so the findings are hints for a reviewer, with how sure each one is:

    >>> from starlette.applications import Starlette
    >>> check(Starlette())
    []

    Args:
        app: An application of Starlette's or FastAPI's, with its routes.

    Raises:
        SetupError: It is none.
    """
    if not hasattr(app, "routes"):
        raise SetupError(f"{app!r} is no application. Give one of Starlette's or FastAPI's.")
    found = list(operations(app))
    packages = frozenset(_packages(found))
    calls = Calls(Sources(packages))
    outcomes = {id(call): calls.root(call) for operation in found for call in operation.calls}
    return [*_undeclared(found, outcomes), *_never_raised(found, outcomes)]


def declarations_of(app: object, registry: Registry | None) -> tuple[Registry, dict[str, Operation]]:
    """Return the registry of an application, and its operations with what they declare, by method and path."""
    found: dict[str, Operation] = {}
    for operation in operations(app):
        methods, _, path = operation.name.partition(" ")
        found |= {f"{method} {path}": operation for method in methods.split("/")}
    setup = setup_of(app)
    return registry or (setup.registry if setup is not None else Registry()), found


def _packages(found: Iterable[Operation]) -> Iterator[str]:
    for operation in found:
        for call in operation.calls:
            yield str(getattr(call, "__module__", "")).partition(".")[0]


def _undeclared(found: Iterable[Operation], outcomes: dict[int, Outcome]) -> Iterator[Finding]:
    places: dict[tuple[type[Problem], str, int, int], dict[str, None]] = {}
    for operation in found:
        surest: dict[tuple[type[Problem], str, int], int] = {}
        for raised in _raised(operation, outcomes):
            cls = problem_of(raised, operation)
            if cls is not None and raised.sure != UNSEEN and not issubclass(cls, operation.declares):
                place = cls, raised.file, raised.line
                surest[place] = max(raised.sure, surest.get(place, raised.sure))
        for place, sure in surest.items():
            places.setdefault((*place, sure), {})[operation.name] = None
    for (cls, file, line, sure), names in places.items():
        yield Finding("undeclared", cls, tuple(names), file, line, _CERTAINTIES[sure])


def _raised(operation: Operation, outcomes: dict[int, Outcome]) -> Iterator[Raise]:
    for call in operation.calls:
        yield from outcomes[id(call)].raises


def problem_of(raised: Raise, operation: Operation) -> type[Problem] | None:
    """Return the problem type that an exception is answered with, if it is meant for a client."""
    cls = raised.exception
    if issubclass(cls, Problem):
        return None if cls.problem_declaration.abstract else cls
    for base in cls.__mro__:
        target = operation.translate.get(base) if issubclass(base, Exception) else None
        if target is not None:
            return _result(target)
    if issubclass(cls, HTTPException) and raised.status is not None and raised.status >= 400:
        return class_of(raised.status)
    return None


def _result(target: object) -> type[Problem] | None:
    """Return what a translation makes of an exception: a class, or what a function says it returns."""
    if not isinstance(target, type):
        hint: object = getattr(target, "__annotations__", {}).get("return")
        target = getattr(target, "__globals__", {}).get(hint) if isinstance(hint, str) else hint
    return target if isinstance(target, type) and issubclass(target, Problem) else None


def _never_raised(found: Iterable[Operation], outcomes: dict[int, Outcome]) -> Iterator[Finding]:
    seen: dict[tuple[object, type[Problem]], tuple[object, dict[str, None], bool]] = {}
    raised: set[tuple[object, type[Problem]]] = set()
    for operation in found:
        types = {problem_of(it, operation) for it in _raised(operation, outcomes)} - {None}
        is_open = any(outcomes[id(call)].open for call in operation.calls)
        for holder, cls, call in _declarations(operation):
            _, names, was_open = seen.setdefault((holder, cls), (call, {}, False))
            names[operation.name] = None
            seen[holder, cls] = call, names, was_open or is_open
            if cls in operation.translate.values() or any(it is not None and issubclass(it, cls) for it in types):
                raised.add((holder, cls))
    for key, (call, names, is_open) in seen.items():
        if key not in raised:
            file, line = _place(call)
            yield Finding("never raised", key[1], tuple(names), file, line, "possible" if is_open else "certain")


def _declarations(operation: Operation) -> Iterator[tuple[object, type[Problem], object]]:
    """Yield what holds a declaration, the class, and the function nearest to it."""
    for call in operation.calls:
        for cls in declared(call):
            yield id(call), cls, call
    for cls in operation.responses:
        yield "responses", cls, operation.calls[0]


def _place(call: object) -> tuple[str, int]:
    function = inspect.unwrap(getattr(call, "__func__", call)) if callable(call) else call
    code = getattr(function, "__code__", None)
    if code is not None:
        return code.co_filename, code.co_firstlineno
    try:
        cls = function if isinstance(function, type) else type(function)
        return inspect.getsourcefile(cls) or "", inspect.getsourcelines(cls)[1]
    except (OSError, TypeError):
        return "", 0
