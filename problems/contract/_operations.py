"""
The operations of an application, and what they declare.

Works on the attributes that the routes of Starlette and FastAPI have, and imports neither.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from problems.declaring._raises import declared
from problems.declaring.problem import Problem
from problems.registry import Registry

__all__ = ["Operation", "finish", "operations", "setup_of"]

_METHODS: Final = ("get", "head", "post", "put", "patch", "delete", "options", "query")
_LIBRARIES: Final = frozenset({"starlette", "fastapi", "problems"})


@dataclass(frozen=True, slots=True)
class Operation:
    """
    What answers requests: an endpoint, or a middleware.

    Attributes:
        name: Method and path.
        calls: Endpoint and dependencies, at any depth.
        declares: The problem types it declares in any way, those that the framework implies among them.
        responses: Those that are declared in `responses=`.
        translate: What foreign exceptions become.
        pattern: What matches the paths of its requests.
    """

    name: str
    calls: tuple[object, ...]
    declares: tuple[type[Problem], ...]
    responses: tuple[type[Problem], ...]
    translate: Mapping[type[Exception], object]
    pattern: str = ""


def operations(app: Any) -> Iterator[Operation]:
    """Yield the operations of an application and of those mounted in it, and its middleware."""
    yield from _operations(app, "", setup_of(app))


def _operations(app: Any, prefix: str, setup: Any) -> Iterator[Operation]:
    setup = setup_of(app) or setup
    for middleware in getattr(app, "user_middleware", ()):
        cls = middleware.cls
        if isinstance(cls, type) and cls.__module__.partition(".")[0] not in _LIBRARIES:
            calls = tuple(vars(cls)[name] for name in ("__call__", "dispatch") if name in vars(cls))
            yield Operation(f"middleware {cls.__qualname__}", (cls, *calls), declared(cls), (), _translate(setup))
    for route, original, path in _routes(app.routes, prefix):
        inner = getattr(route, "app", None)
        while inner is not None and not hasattr(inner, "user_middleware"):
            inner = getattr(inner, "app", None)
        if getattr(route, "endpoint", None) is not None:
            yield from _of_route(app, route, original, path, setup)
        elif inner is not None:
            yield from _operations(inner, path, setup)


def _routes(routes: Iterable[Any], prefix: str) -> Iterator[tuple[Any, Any, str]]:
    """Yield the routes of routers at any depth: what is in effect, what was written, and the path."""
    for route in routes:
        if hasattr(route, "effective_route_contexts"):  # FastAPI keeps an included router apart
            for context in route.effective_route_contexts():
                written = context.original_route
                route_in_effect = getattr(context, "starlette_route", None) or context
                yield route_in_effect, written, prefix + _path_of(route_in_effect)
            continue
        path = prefix + _path_of(route)
        if getattr(route, "endpoint", None) is None and getattr(route, "routes", None) and not _is_mount_of_app(route):
            yield from _routes(route.routes, path)
        else:
            yield route, route, path


def _path_of(route: Any) -> str:
    """Return the path of a route without converters, or the prefix of a mount."""
    path = getattr(route, "path_format", None) if hasattr(route, "endpoint") else None
    return str(path or getattr(route, "path", ""))


def _is_mount_of_app(route: Any) -> bool:
    app = getattr(route, "app", None)
    while app is not None and not hasattr(app, "user_middleware"):
        app = getattr(app, "app", None)
    return app is not None


def _of_route(app: Any, route: Any, original: Any, path: str, setup: Any) -> Iterator[Operation]:
    dependant = getattr(route, "dependant", None)
    responses = tuple(_in_responses(route))
    for method, endpoint in _endpoints(route):
        calls = tuple(dict.fromkeys(_calls(dependant))) if dependant is not None else (endpoint,)
        scope = {"app": app, "route": original, "endpoint": route.endpoint, "method": method.upper(), "path": path}
        scope["type"] = "http" if method != "WebSocket" else "websocket"
        found = setup.declares(scope, setup.registry) if setup is not None else ()
        own = (it for call in (*calls, route.endpoint) for it in declared(call))
        yield Operation(
            f"{method} {path}",
            calls,
            tuple(dict.fromkeys((*(found or ()), *own, *responses))),
            responses,
            _translate(setup),
            _pattern(path, getattr(route, "param_convertors", {})),
        )


def _pattern(path: str, convertors: Mapping[str, Any]) -> str:
    """Return what matches the paths of a route; `{name:path}` takes slashes."""

    def regex(found: re.Match[str]) -> str:
        return f"(?:{getattr(convertors.get(found[1]), 'regex', '[^/]+')})"

    return re.sub(r"\\{([^}]*)\\}", regex, re.escape(path))


def _endpoints(route: Any) -> Iterator[tuple[str, object]]:
    """Yield methods with what answers them."""
    endpoint, methods = route.endpoint, getattr(route, "methods", None)
    if isinstance(endpoint, type):
        for method in _METHODS:
            if hasattr(endpoint, method):
                yield method.upper(), getattr(endpoint, method)
    elif methods is None:
        yield "WebSocket", endpoint
    else:
        named = sorted(it for it in methods if it != "HEAD" or len(methods) == 1)
        yield "/".join(named), endpoint


def _calls(dependant: Any) -> Iterator[object]:
    yield dependant.call
    for dependency in dependant.dependencies:
        yield from _calls(dependency)


def _in_responses(route: Any) -> Iterator[type[Problem]]:
    for status in getattr(route, "responses", None) or ():
        cls = getattr(status, "problem", None)
        if isinstance(cls, type) and issubclass(cls, Problem):
            yield cls


def finish(app: Any) -> None:
    """Let `add_problems` do now what it leaves until the first request: extend an `openapi` that was set since."""
    for middleware in getattr(app, "user_middleware", ()):
        finishing = middleware.kwargs.get("finish")
        if isinstance(getattr(middleware.kwargs.get("setup"), "registry", None), Registry) and callable(finishing):
            finishing()


def setup_of(app: Any) -> Any:
    """Return what `add_problems` set up for an application: its registry, its policy, and what a request declares."""
    for middleware in getattr(app, "user_middleware", ()):
        setup = middleware.kwargs.get("setup")
        if isinstance(getattr(setup, "registry", None), Registry):
            return setup
    return None


def _translate(setup: Any) -> Mapping[type[Exception], object]:
    found: Mapping[type[Exception], object] = setup.policy.translate if setup is not None else {}
    return found
