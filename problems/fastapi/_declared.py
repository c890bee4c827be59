"""
The problem types that an operation of a FastAPI application can be answered with: declared ones, and FastAPI's own.

Reads dependencies, security schemes, parameters and limits of FastAPI's routes. Does not write OpenAPI.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from inspect import unwrap
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_dependant
from fastapi.routing import APIRoute
from fastapi.security.base import SecurityBase
from fastapi.security.http import HTTPBasic
from pydantic import SecretBytes, SecretStr
from starlette.exceptions import HTTPException

from problems.answering._exchange import Facts
from problems.catalog import BadRequest, ContentTooLarge, Forbidden, Unauthorized, class_of
from problems.declaring._applications import Place, own_handler, places_in
from problems.declaring._raises import declared
from problems.declaring.problem import Problem
from problems.fastapi._responses import DeclaredStatus
from problems.fastapi._routes import RouteContext
from problems.registry import Registry
from problems.starlette._undeclared import declared_on

__all__ = [
    "declared_by",
    "declares",
    "dependants_in",
    "documented_by",
    "overriding_in",
    "promised_by",
    "routes_at",
    "routes_of",
]

Types = Iterator[type[Problem]]

_TEXTS: Final[tuple[object, ...]] = (str, bytes, SecretStr, SecretBytes, Any)
_LISTS: Final = (list, set, frozenset, Sequence)


def routes_of(routes: Iterable[Any]) -> Iterator[tuple[str, RouteContext]]:
    """Yield the operations in *routes* that FastAPI serves, each with its full path."""
    return routes_at(places_in(routes))


def routes_at(places: Iterable[Place]) -> Iterator[tuple[str, RouteContext]]:
    """Yield the operations at *places* that FastAPI serves, each with its full path."""
    for place in places:
        if isinstance(place.original, APIRoute):
            yield place.path, RouteContext(place.original, place.context)


def documented_by(app: FastAPI, route: RouteContext, registry: Registry) -> Types:
    """Yield, each once, the declared problem types of an operation that no handler of the application answers."""
    written = _written_for(app, route)
    for cls in declared_by(app, route, registry):
        if own_handler(app, cls, registry, is_implied=cls not in written) is None:
            yield cls


def declared_by(app: FastAPI, route: RouteContext, registry: Registry) -> Types:
    """Yield, each once, the problem types that an operation of *app* can be answered with."""
    types = _written_for(app, route)
    types |= dict.fromkeys(_implied(route.dependant, {cls.problem_type.status for cls in types}))
    types |= dict.fromkeys(_frameworks(app, route, registry))
    yield from types


def promised_by(route: RouteContext) -> Types:
    """Yield, each once, the declared problem types of an operation that another server answers."""
    yield from dict.fromkeys(_written(route))


def _written_for(app: FastAPI, route: RouteContext) -> dict[type[Problem], None]:
    """Return the types that the application declares itself, on its middleware too."""
    types = dict.fromkeys(_written(route))
    for middleware in app.user_middleware:
        types |= dict.fromkeys(declared(middleware.cls))
    return types


def declares(scope: Facts, registry: Registry, /, *, implied: bool = True) -> tuple[type[Problem], ...] | None:
    """
    Return the problem types that the operation of a request declares, in this inclusion of its router.

    Dependencies in `dependency_overrides`, and what they depend on, count too.

    Args:
        scope: The request or the WebSocket.
        registry: The problem types of the application.
        implied: Include the types that FastAPI itself answers with: for invalid input and missing credentials.
    """
    app, route, endpoint = scope.get("app"), scope.get("route"), scope.get("endpoint")
    if endpoint is None:
        return None
    results = list(declared_on(endpoint, scope))
    if isinstance(app, FastAPI) and isinstance(route, APIRoute):
        for context in _contexts(scope, app, route):
            results += declared_by(app, context, registry) if implied else _written_for(app, context)
            for overriding in overriding_in(app.dependency_overrides, context.dependant):
                results += [*_written_on(overriding), *(_implied(overriding, set()) if implied else ())]
    return tuple(dict.fromkeys(results))


def _contexts(scope: Facts, app: FastAPI, route: APIRoute) -> Iterator[RouteContext]:
    """Yield the inclusion of a route that a request has reached; each of them if that is unknown."""
    reached = scope.get("fastapi", {}).get("effective_route_context")
    if getattr(reached, "original_route", None) is route:
        yield RouteContext(route, reached)
        return
    yield from (context for _, context in routes_of(app.routes) if context.original_route is route)


def overriding_in(overrides: Mapping[Any, Any], dependant: Dependant) -> Iterator[Dependant]:
    """Yield the overrides of dependencies, and the overrides of their own dependencies."""
    seen: set[object] = set()
    waiting = [dependant]
    while waiting:
        for dependency in dependants_in(waiting.pop()):
            call = overrides.get(dependency.call)
            if call is not None and call not in seen:
                seen.add(call)
                overriding = get_dependant(path=dependency.path or "", call=call)
                waiting.append(overriding)
                yield overriding


def dependants_in(dependant: Dependant) -> Iterator[Dependant]:
    """Yield a dependant and all that it depends on, at any depth."""
    yield dependant
    for dependency in dependant.dependencies:
        yield from dependants_in(dependency)


def _written(route: RouteContext) -> Types:
    """Yield the types declared on the endpoint, on dependencies at any depth, and in `responses`."""
    yield from _written_on(route.dependant)
    for status in route.responses:
        if isinstance(status, DeclaredStatus):
            yield status.problem


def _written_on(dependant: Dependant) -> Types:
    for dependency in dependants_in(dependant):
        yield from declared(dependency.call)


def _implied(dependant: Dependant, statuses: set[int]) -> Types:
    """
    Yield the types that the security schemes of an operation raise.

    Scopes imply a 403 (RFC 6750, section 3.1), which the application raises itself. A declared 403 is taken for it.
    """
    schemes = [(scheme, scoped) for scheme, scoped in _schemes(dependant) if _raises(scheme)]
    for scheme, _ in schemes:
        yield _not_authenticated(scheme)
    if any(scoped for _, scoped in schemes) and Forbidden.problem_type.status not in statuses:
        yield Forbidden


def _schemes(dependant: Dependant) -> Iterator[tuple[SecurityBase, bool]]:
    """Yield the security schemes of an operation, and whether each requires scopes."""
    for dependency in dependants_in(dependant):
        scheme: object = dependency.call
        while isinstance(scheme, partial):
            scheme = scheme.func
        if isinstance(scheme, SecurityBase):
            yield scheme, bool(dependency.own_oauth_scopes or dependency.parent_oauth_scopes)


def _raises(scheme: SecurityBase) -> bool:
    if not _calls_fastapis(scheme):
        return False  # it raises errors of its own, which it declares
    # HTTPBasic refuses credentials that cannot be read, whatever `auto_error` says.
    return isinstance(scheme, HTTPBasic) or bool(getattr(scheme, "auto_error", True))


def _calls_fastapis(scheme: SecurityBase) -> bool:
    """Whether a scheme runs FastAPI's `__call__`: not if a subclass replaces it without calling it."""
    call = unwrap(getattr(type(scheme), "__call__"))  # noqa: B004, B009 - the function
    own = getattr(call, "__code__", None)
    return str(call.__module__).startswith("fastapi.") or "__call__" in getattr(own, "co_names", ())


def _not_authenticated(scheme: SecurityBase) -> type[Problem]:
    """Return the type that a scheme raises; users of FastAPI override `make_not_authenticated_error` to change it."""
    make = getattr(scheme, "make_not_authenticated_error", None)
    error = make() if make is not None else None
    if isinstance(error, Problem):
        return type(error)
    return class_of(error.status_code) if isinstance(error, HTTPException) else Unauthorized


def _frameworks(app: FastAPI, route: RouteContext, registry: Registry) -> Types:
    """Yield the types of problems that FastAPI raises before it calls the endpoint."""
    if _validates(route):
        yield registry.validation_problem
    if route.body_field is not None:
        yield BadRequest  # a body that cannot be parsed
        if getattr(route, "max_body_size", None) is not None or getattr(app, "max_body_size", None) is not None:
            yield ContentTooLarge


def _validates(route: RouteContext) -> bool:
    """Whether there are requests to the route that are not valid."""
    return route.body_field is not None or any(
        _can_fail(parameter, is_path=location == "path") for location, parameter in parameters_in(route.dependant)
    )


def parameters_in(dependant: Dependant) -> Iterator[tuple[str, Any]]:
    """Yield the parameters of an operation and of its dependencies, each with its location in a request."""
    for one in dependants_in(dependant):
        groups = (one.path_params, one.query_params, one.header_params, one.cookie_params)
        for location, parameters in zip(("path", "query", "header", "cookie"), groups, strict=True):
            yield from ((location, parameter) for parameter in parameters)


def _can_fail(parameter: Any, *, is_path: bool) -> bool:
    """Whether a parameter can be missing, or have a value that is not valid: any text is valid for a plain `str`."""
    info = parameter.field_info
    is_text = _takes_any_text(info.annotation) and not info.metadata
    return not is_text or (info.is_required() and not is_path)


def _takes_any_text(annotation: Any) -> bool:
    """Whether every text is valid, or every list of texts: where one type of a union takes all, the union does."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return any(map(_takes_any_text, arguments))
    if origin in _LISTS or (origin is tuple and arguments[1:] == (...,)):
        return arguments[0] in _TEXTS
    return annotation in _TEXTS
