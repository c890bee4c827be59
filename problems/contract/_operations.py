"""
The operations of an application, and their declarations.

Reads the attributes of Starlette and FastAPI routes. Does not import these frameworks.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from problems._wire.json import is_object
from problems._wire.media_types import JSON
from problems.declaring._applications import (
    INSTALLED,
    Place,
    endpoints_of,
    inner_application,
    own_handler,
    places_in,
    setup_in,
)
from problems.declaring._raises import declared
from problems.declaring.problem import Problem
from problems.registry import Registry

__all__ = ["Operation", "finish", "operations", "setup_of"]


class _Policy(Protocol):
    @property
    def expose_server_detail(self) -> bool: ...
    @property
    def translate(self) -> Mapping[type[Exception], object]: ...


class _Setup(Protocol):
    """The setup of an application by `add_problems`."""

    @property
    def registry(self) -> Registry: ...
    @property
    def policy(self) -> _Policy: ...
    @property
    def declares(self) -> Callable[[Mapping[str, object], Registry], Iterable[type[Problem]] | None]: ...


class _Dependant(Protocol):
    call: object
    dependencies: "list[_Dependant]"


_LIBRARIES: Final = frozenset({"starlette", "fastapi", "problems"})


@dataclass(frozen=True, slots=True)
class Operation:
    """
    A handler of requests: an endpoint or a middleware.

    Attributes:
        name: Method and path.
        calls: Endpoint and dependencies, at any depth.
        declares: The problem types that it declares in any way, including types that the framework implies.
        responses: The problem types that are declared in `responses=`.
        translate: The problem types of foreign exceptions.
        pattern: The regular expression for the paths of its requests.
        handled: The declared types with a handler of the application's own, each with the handler.
        documents: The media types that its own `responses=` document, by status code or range.
        written: The problem types that the application declares; types that the framework implies do not count.
        setup: The setup that `add_problems` made for the application.
        app: The application.
        route: The route as written; inclusions of one router share it.
    """

    name: str
    calls: tuple[object, ...]
    declares: tuple[type[Problem], ...]
    responses: tuple[type[Problem], ...]
    translate: Mapping[type[Exception], object]
    pattern: str = ""
    handled: Mapping[type[Problem], object] = field(default_factory=dict[type[Problem], object])
    documents: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    written: tuple[type[Problem], ...] = ()
    setup: _Setup | None = None
    app: object = None
    route: object = None


def operations(app: object) -> Iterator[Operation]:
    """Yield the operations of an application and of its mounted applications, and its middleware."""
    yield from _operations(app, "", setup_of(app))


def _operations(app: object, prefix: str, setup: _Setup | None) -> Iterator[Operation]:
    setup = setup_of(app) or setup
    for middleware in getattr(app, "user_middleware", ()):
        cls = middleware.cls
        if isinstance(cls, type) and cls.__module__.partition(".")[0] not in _LIBRARIES:
            calls = tuple(vars(cls)[name] for name in ("__call__", "dispatch") if name in vars(cls))
            name, types = f"middleware {cls.__qualname__}", declared(cls)
            yield Operation(name, (cls, *calls), types, (), _translate(setup), written=types, setup=setup)
    routes: Iterable[object] = getattr(app, "routes", ())
    for place in places_in(routes, prefix):
        if (inner := inner_application(place.route)) is not None:
            yield from _operations(inner, place.path, setup)
        elif getattr(place.route, "endpoint", None) is not None:
            yield from _of_route(app, place, setup)


def _of_route(app: object, place: Place, setup: _Setup | None) -> Iterator[Operation]:
    route, path = place.route, place.path
    dependant: _Dependant | None = getattr(route, "dependant", None)
    responses = tuple(_in_responses(route))
    for method, endpoint in endpoints_of(route):
        calls = tuple(dict.fromkeys(_calls(dependant))) if dependant is not None else (endpoint,)
        calls = tuple(dict.fromkeys(_overridden(calls, getattr(app, "dependency_overrides", None) or {})))
        request = place.request(app, method)
        result = setup.declares(request, setup.registry) if setup is not None else ()
        own = (cls for call in (*calls, route.endpoint) for cls in declared(call))
        written = tuple(dict.fromkeys((*own, *_on_middleware(app), *responses)))
        every = tuple(dict.fromkeys((*(result or ()), *written)))
        yield Operation(
            f"{method} {path}",
            calls,
            every,
            responses,
            _translate(setup),
            _pattern(path, getattr(route, "param_convertors", {})),
            handled=dict(_handled(app, every, written, setup)),
            documents=dict(_documents(route)),
            written=written,
            setup=setup,
            app=app,
            route=place.original,
        )


def _on_middleware(app: object) -> Iterator[type[Problem]]:
    for middleware in getattr(app, "user_middleware", ()):
        yield from declared(middleware.cls)


def _handled(
    app: object, every: Iterable[type[Problem]], written: Iterable[type[Problem]], setup: _Setup | None
) -> Iterator[tuple[type[Problem], object]]:
    """Yield the types with a handler of the application's own, each with the handler."""
    if setup is None:
        return
    for cls in every:
        handler = own_handler(app, cls, setup.registry, is_implied=cls not in written)
        if handler is not None:
            yield cls, handler


def _documents(route: object) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the statuses in the `responses=` of a route with the media types of their content, as FastAPI writes it."""
    responses: Mapping[object, Mapping[str, object] | None] = getattr(route, "responses", None) or {}
    for status, response in responses.items():
        if getattr(status, "problem", None) is None and response is not None:
            content = response.get("content")
            is_model = response.get("model") is not None
            yield (
                str(status),
                tuple(dict.fromkeys((*(content if is_object(content) else ()), *((JSON,) if is_model else ())))),
            )


def _pattern(path: str, convertors: Mapping[str, object]) -> str:
    """Return a regular expression for the paths of a route; `{name:path}` matches slashes."""

    def regex(match: re.Match[str]) -> str:
        return f"(?:{getattr(convertors.get(match[1]), 'regex', '[^/]+')})"

    return re.sub(r"\\{([^{}]*)\\}", regex, re.escape(path))


def _calls(dependant: _Dependant) -> Iterator[object]:
    yield dependant.call
    for dependency in dependant.dependencies:
        yield from _calls(dependency)


def _overridden(calls: Iterable[object], overrides: Mapping[object, object]) -> Iterator[object]:
    """Yield the called functions, with the application's overrides."""
    for call in calls:
        yield call
        if call in overrides:
            yield overrides[call]


def _in_responses(route: object) -> Iterator[type[Problem]]:
    for status in getattr(route, "responses", None) or ():
        cls = getattr(status, "problem", None)
        if isinstance(cls, type) and issubclass(cls, Problem):
            yield cls


def finish(app: object) -> None:
    """Run the step of `add_problems` that waits for the first request: extend an `openapi` that was replaced."""
    if setup_of(app) is not None:
        getattr(app, INSTALLED).finish()


def setup_of(app: object) -> _Setup | None:
    """Return the registry, policy and declarations that `add_problems` gave an application, or `None`."""
    setup: Any = setup_in(app)
    return setup if isinstance(getattr(setup, "registry", None), Registry) else None


def _translate(setup: _Setup | None) -> Mapping[type[Exception], object]:
    return setup.policy.translate if setup is not None else {}
