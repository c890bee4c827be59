"""
The problem types that the operation of a request declares.

Knows Starlette's scope; `problems.answering` compares the declarations with the answer.
"""

from collections.abc import Iterable, Iterator

from problems.answering._exchange import Facts
from problems.declaring._raises import declared
from problems.declaring.problem import Problem
from problems.registry import Registry

__all__ = ["declared_on", "declares", "operation_of"]


def declares(scope: Facts, _: Registry, /, *, implied: bool = True) -> Iterable[type[Problem]] | None:  # noqa: ARG001 - Starlette implies no types
    """Return the types that the operation of a request to a Starlette application declares."""
    endpoint = scope.get("endpoint")
    return None if endpoint is None else tuple(declared_on(endpoint, scope))


def declared_on(endpoint: object, scope: Facts) -> Iterator[type[Problem]]:
    """Yield the types declared on an endpoint, on its method for this request, and on the application's middleware."""
    yield from declared(endpoint)
    if isinstance(endpoint, type) and scope["type"] == "http":
        yield from declared(getattr(endpoint, scope["method"].lower(), None))
    for middleware in getattr(scope.get("app"), "user_middleware", ()):
        yield from declared(middleware.cls)


def operation_of(scope: Facts) -> str:
    """Return the name of the operation of a request: method, path and endpoint."""
    route, endpoint = scope.get("route"), scope.get("endpoint")
    path = getattr(route, "path_format", None) or scope["path"]
    name = getattr(endpoint, "__qualname__", type(endpoint).__qualname__)
    return f"{scope.get('method', 'WebSocket')} {path} ({name})"
