"""
The OpenAPI document of a FastAPI application, with what its operations declare.

Calls the application's own `openapi` and extends what that returns; walks routes as FastAPI does.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from problems._wire.media_types import PROBLEM_JSON
from problems.answering.policy import Policy
from problems.fastapi._declared import declared_by, promised_by
from problems.fastapi._invalid import invalid_inputs
from problems.openapi import DocumentedOperation, extend_document, references_in
from problems.registry import Registry
from problems.starlette._middleware import setup_of
from problems.starlette._response import Setup

__all__ = ["apply_problems", "extend_openapi"]

Json = dict[str, Any]

_FASTAPIS: Final = ("HTTPValidationError", "ValidationError")
_FASTAPI_422: Final = {"$ref": "#/components/schemas/HTTPValidationError"}


class ExtendedOpenAPI:
    """An application's `openapi`: calls the original, and extends what that returns."""

    def __init__(self, app: FastAPI, setup: Setup) -> None:
        self._app, self._setup = app, setup
        self._original: Callable[[], Json] = app.openapi
        self._last: Json | None = None

    def __call__(self) -> Json:
        """Return the document; FastAPI returns the same one until routes change, so it is extended once."""
        document = self._original()
        if document is not self._last:
            _extend(self._app, document, self._setup)
            self._last = document
        return document


def extend_openapi(app: object, setup: Setup) -> None:
    """Let the `openapi` of a FastAPI application tell of problems, if it does not yet."""
    if isinstance(app, FastAPI) and not isinstance(app.openapi, ExtendedOpenAPI):
        app.openapi = ExtendedOpenAPI(app, setup)  # type: ignore[method-assign]  # FastAPI's documented extension point


def apply_problems(app: FastAPI, schema: Json) -> Json:
    """
    Extend an OpenAPI document of *app* by the problems that its operations declare.

    For those who build their document themselves; `add_problems` does it for `app.openapi()`. Changes *schema* in
    place, and returns it.
    """
    return _extend(app, schema, setup_of(app) or Setup.of(None, Policy()))


def _extend(app: FastAPI, schema: Json, setup: Setup) -> Json:
    registry = setup.registry
    operations = [*_served(app, schema, setup), *_called(app, schema, registry)]
    extend_document(schema, registry, operations)
    _tidy(schema)
    return schema


def _served(app: FastAPI, schema: Json, setup: Setup) -> Iterator[DocumentedOperation]:
    """Yield the operations that the application serves."""
    for route in _routes(app.routes):
        types = tuple(declared_by(app, route, setup.registry))
        path = schema.get("paths", {}).get(route.path_format, {})
        for operation in _documented(path, route, types, setup.registry):
            narrows = setup.policy.validation_schemas and setup.registry.validation_problem in operation.types
            yield operation._replace(invalid=invalid_inputs(route).items()) if narrows else operation


def _called(app: FastAPI, schema: Json, registry: Registry) -> Iterator[DocumentedOperation]:
    """Yield the operations that others serve and the application calls: webhooks, and callbacks."""
    for route in _routes(app.webhooks.routes):
        types = tuple(promised_by(route, registry))
        yield from _documented(schema.get("webhooks", {}).get(route.path_format, {}), route, types, registry)
    for route in _routes((*app.routes, *app.webhooks.routes)):
        for callback in _routes(route.callbacks or ()):
            types = tuple(promised_by(callback, registry))
            for document in _callbacks(schema, route, callback):
                yield from _documented(document, callback, types, registry)


def _callbacks(schema: Json, route: RouteContext, callback: RouteContext) -> Iterator[Json]:
    for section in ("paths", "webhooks"):
        path = schema.get(section, {}).get(route.path_format, {})
        for method in _methods(route):
            operation = path.get(method, {})
            yield operation.get("callbacks", {}).get(callback.name, {}).get(callback.path, {})


def _routes(routes: Iterable[Any]) -> Iterator[RouteContext]:
    for route in iter_route_contexts(list(routes)):
        if isinstance(route.original_route, APIRoute):
            yield route


def _methods(route: RouteContext) -> list[str]:
    return sorted(method.lower() for method in route.methods or ())


def _documented(
    path: Json, route: RouteContext, types: tuple[Any, ...], registry: Registry
) -> Iterator[DocumentedOperation]:
    for method in _methods(route):
        document = path.get(method)
        if document is not None:
            own = _is_own_422(document.get("responses", {}))
            found = tuple(cls for cls in types if not (own and cls is registry.validation_problem))
            yield DocumentedOperation(document, found, f"{method} {route.path_format}")


def _is_own_422(responses: Json) -> bool:
    """Take FastAPI's 422 out; return whether there is one of the user's, which tells of invalid requests already."""
    content = responses.get("422", {}).get("content", {})
    if [media.get("schema") for media in content.values()] == [_FASTAPI_422]:
        del responses["422"]
        return False
    return bool(content) and PROBLEM_JSON not in content


def _tidy(schema: Json) -> None:
    """Drop FastAPI's schemas of validation errors if nothing refers to them any more."""
    components: Json = schema.get("components", {})
    schemas: Json = components.get("schemas", {})
    theirs: Json = {name: schemas.pop(name) for name in _FASTAPIS if name in schemas}
    if theirs:
        needed = references_in(schema) & theirs.keys()
        needed |= references_in([theirs[name] for name in needed])
        schemas |= {name: it for name, it in theirs.items() if name in needed}
        components["schemas"] = dict(sorted(schemas.items()))
        if not schemas:
            del components["schemas"]
        if not components:
            del schema["components"]
