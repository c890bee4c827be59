"""
The routes of an application, and the exceptions that its own handlers answer.

Works on the attributes that routes and applications of Starlette and FastAPI have; imports neither.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, Protocol

from problems._wire.problem_type import ProblemType
from problems.declaring.problem import Problem

__all__ = [
    "INSTALLED",
    "Place",
    "endpoints_of",
    "has_own_handlers",
    "inner_application",
    "own_handler",
    "places_in",
    "setup_in",
]

INSTALLED: Final = "problems_installed"
"""The attribute of an application that has problems."""

_METHODS: Final = ("get", "head", "post", "put", "patch", "delete", "options", "query")
_WEBSOCKET: Final = "WebSocket"
_LIBRARIES: Final = ("starlette.", "fastapi.", "problems.")
_INVALID: Final = ("fastapi.exceptions.RequestValidationError", "fastapi.exceptions.ValidationException")
_REFUSED: Final = ("fastapi.exceptions.HTTPException", "starlette.exceptions.HTTPException")
_CRASH: Final = 500


class _Registry(Protocol):
    """The part of a registry that is needed to find handlers."""

    @property
    def validation_problem(self) -> type[Problem]: ...
    def facts(self, cls: type[Problem], /) -> ProblemType: ...


class Place(NamedTuple):
    """
    One route, or the mount of one application, where a request can reach it.

    Attributes:
        route: The route in effect: with what its router's inclusion adds.
        original: The route as it was written; equal to `route` unless its router was included.
        path: The full path, without converters.
        context: FastAPI's object for a route of an included router, else `None`.
    """

    route: Any
    original: Any
    path: str
    context: Any = None

    def request(self, app: object, method: str) -> dict[str, Any]:
        """Return the facts of a request that reaches this route of *app*, as adapters get them."""
        return {
            "type": "websocket" if method == _WEBSOCKET else "http",
            "app": app,
            "route": self.original,
            "endpoint": self.route.endpoint,
            "method": method,
            "path": self.path,
            "fastapi": {"effective_route_context": self.context},
        }


def places_in(routes: Iterable[object], prefix: str = "") -> Iterator[Place]:
    """
    Yield the routes in mounts, hosts and included routers at any depth, and the mounts of applications.

    A router that is included twice is yielded twice: an operation is a method and a full path, not an endpoint.
    """
    for route in routes:
        contexts: Callable[[], Iterable[object]] | None = getattr(route, "effective_route_contexts", None)
        if contexts is not None:  # FastAPI keeps an included router as one route
            for context in contexts():
                in_effect: object = getattr(context, "starlette_route", None) or context
                path = prefix + _path_of(in_effect)
                if inner_application(in_effect) is None and _is_router(in_effect):
                    yield from places_in(_routes(in_effect), path)
                else:
                    yield Place(in_effect, getattr(context, "original_route", None), path, context)
            continue
        path = prefix + _path_of(route)
        if inner_application(route) is None and _is_router(route):
            yield from places_in(_routes(route), path)
        else:
            yield Place(route, route, path)


def endpoints_of(route: object) -> Iterator[tuple[str, object]]:
    """Yield the methods of a route, or `WebSocket`, with their handlers; a class has a handler for each method."""
    endpoint: object = getattr(route, "endpoint", None)
    methods: Iterable[str] | None = getattr(route, "methods", None)
    if isinstance(endpoint, type):
        for method in _METHODS:
            if hasattr(endpoint, method):
                yield method.upper(), getattr(endpoint, method)
    elif methods is None:
        yield _WEBSOCKET, endpoint
    else:
        named = sorted(set(methods) - {"HEAD"}) or ["HEAD"]
        yield "/".join(named), endpoint


def _is_router(route: object) -> bool:
    return getattr(route, "endpoint", None) is None and bool(_routes(route))


def _routes(route: object) -> Iterable[object]:
    routes: Iterable[object] = getattr(route, "routes", None) or ()
    return routes


def _path_of(route: object) -> str:
    """Return the path of a route without converters, or the prefix of a mount."""
    path = str(getattr(route, "path", ""))
    return re.sub(r":\w+}", "}", path) if ":" in path else path


def inner_application(route: object) -> object | None:
    """Return the application that a mount leads to, whatever middleware is around it, or `None`."""
    app: object = None if getattr(route, "endpoint", None) is not None else getattr(route, "app", None)
    while app is not None and not hasattr(app, "user_middleware"):
        app = getattr(app, "app", None)
    return app


def setup_in(app: object) -> object | None:
    """Return the setup that `add_problems` gave an application, or `None`."""
    setup: object = getattr(getattr(app, INSTALLED, None), "setup", None)
    return setup


def own_handler(app: object, cls: type[Problem], registry: _Registry, *, is_implied: bool) -> object | None:
    """
    Return the application's own handler for exceptions that would be answered as *cls*, or `None`.

    Handlers are found as Starlette finds them. A handler of a status code answers the framework's exceptions, and
    the classes without a type URI of their own.

    Args:
        app: The application.
        cls: A problem class that an operation declares.
        registry: The problem types of the application.
        is_implied: The framework raises an exception of its own, and no code of the application raises *cls*.
    """
    table: Mapping[object, object] = getattr(app, "exception_handlers", None) or {}
    facts = registry.facts(cls)
    is_invalid = is_implied and cls is registry.validation_problem
    if (
        facts.status != _CRASH
        and not is_invalid
        and (is_implied or facts.is_blank)
        and _is_own(table.get(facts.status))
    ):
        return table[facts.status]
    keys: Iterable[object] = cls.__mro__
    if is_implied:
        named = {f"{item.__module__}.{item.__qualname__}": item for item in table if isinstance(item, type)}
        keys = (named.get(name) for name in (_INVALID if is_invalid else _REFUSED))
    handler = next((table[key] for key in keys if key not in (None, Exception) and key in table), None)
    return handler if _is_own(handler) else None


def has_own_handlers(app: object) -> bool:
    """Return whether the application has handlers of its own at all; most have none, and large documents ask often."""
    table: Mapping[object, object] = getattr(app, "exception_handlers", None) or {}
    return any(map(_is_own, table.values()))


def _is_own(handler: object) -> bool:
    # A handler that wraps a library's handler has the module of the latter.
    is_library = str(getattr(handler, "__module__", "")).startswith(_LIBRARIES) and not hasattr(handler, "__wrapped__")
    return handler is not None and not is_library
