"""
The OpenAPI document of a FastAPI application, with what its operations declare.

Calls the application's own `openapi` and extends what that returns; walks routes as FastAPI does.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic_core import to_json

from problems import openapi
from problems.answering._exchange import Setup
from problems.answering.policy import Policy
from problems.declaring._applications import Place, has_own_handlers, inner_application, own_handler, places_in
from problems.fastapi._declared import declared_by, documented_by, promised_by, routes_at, routes_of
from problems.fastapi._invalid import invalid_inputs
from problems.fastapi._routes import RouteContext
from problems.starlette._install import setup_of

if TYPE_CHECKING:
    from problems.openapi import DocumentedOperation
    from problems.openapi._legacy import Legacy

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
    """Extend `openapi` of a FastAPI application with problems, if that was not done yet."""
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
    """Extend the operations of *app* in a document, and operations of mounted applications that were merged into it."""
    groups: dict[int, tuple[Setup, list[DocumentedOperation]]] = {}
    walked = _Walked.of(app)
    for part, operation in [*_served(walked, schema, setup, ""), *((setup, item) for item in _called(walked, schema))]:
        groups.setdefault(id(part.registry), (part, []))[1].append(operation)
    pages = dict(_pages(walked))
    for part, operations in groups.values():
        chosen = part.policy.legacy_detail
        legacy: Legacy = "sometimes" if callable(chosen) else "always" if chosen else "never"
        openapi.extend_document(schema, part.registry, operations, pages=pages, legacy=legacy)
    _tidy(schema)
    return schema


class _Walked(NamedTuple):
    """
    An application with its routes, which are collected once for a document.

    Attributes:
        app: The application.
        routes: The operations, each with its full path.
        mounts: What else is in its routes, mounted applications among it.
    """

    app: FastAPI
    routes: list[tuple[str, RouteContext]]
    mounts: list[Place]

    @classmethod
    def of(cls, app: FastAPI) -> Self:
        """Collect the routes of an application."""
        places = list(places_in(app.routes))
        return cls(
            app, list(routes_at(places)), [place for place in places if not isinstance(place.original, APIRoute)]
        )


def _served(walked: _Walked, schema: Json, setup: Setup, prefix: str) -> "Iterator[tuple[Setup, DocumentedOperation]]":
    """Yield the operations that the application serves, each with the setup that answers it."""
    app = walked.app
    paths: Json = schema.get("paths", {})
    if not paths:
        return
    invalid = setup.registry.validation_problem
    is_ours = own_handler(app, invalid, setup.registry, is_implied=True) is None
    types_of = documented_by if has_own_handlers(app) else declared_by
    for path, route in walked.routes:
        if (documents := paths.get(prefix + path)) is None:
            continue
        types = tuple(types_of(app, route, setup.registry))
        items = invalid_inputs(route).items() if setup.policy.validation_schemas and invalid in types else None
        for operation in _documented(documents, route, path):
            if is_ours:
                _take_out_422(operation.document.get("responses", {}))
            yield setup, operation._replace(types=types, invalid=items)
    for place in walked.mounts:
        inner = inner_application(place.route)
        if isinstance(inner, FastAPI):
            yield from _served(_Walked.of(inner), schema, setup_of(inner) or setup, prefix + place.path)


def _pages(walked: _Walked) -> Iterator[tuple[str, str]]:
    """Yield the type URIs of the problem pages that are mounted in an application, with the paths of the pages."""
    for place in walked.mounts:
        state = getattr(inner_application(place.route), "state", None)
        pages: Any = getattr(state, "problem_pages", None)
        if pages is not None:
            for path, documented in pages.paths.items():
                yield documented.type, f"{walked.app.root_path.rstrip('/')}{place.path}/{quote(path)}"


def _called(walked: _Walked, schema: Json) -> "Iterator[DocumentedOperation]":
    """Yield the operations that others serve and the application calls: webhooks, and callbacks."""
    webhooks: Json = schema.get("webhooks", {})
    promised = list(routes_of(walked.app.webhooks.routes))
    for path, route in promised:
        yield from _promised(webhooks.get(path, {}), route, path)
    for path, route in (*walked.routes, *promised):
        for name, callback in routes_of(route.callbacks or ()):
            for section in ("paths", "webhooks"):
                for method in _methods(route):
                    called: Json = schema.get(section, {}).get(path, {}).get(method, {}).get("callbacks", {})
                    documents: Json = called.get(callback.name or "", {}).get(callback.path or "", {})
                    yield from _promised(documents, callback, name)


def _promised(documents: Json, route: RouteContext, path: str) -> "Iterator[DocumentedOperation]":
    types = tuple(promised_by(route))
    return (item._replace(types=types) for item in _documented(documents, route, path))


def _methods(route: RouteContext) -> list[str]:
    return sorted(method.lower() for method in route.methods or ())


def _documented(documents: Json, route: RouteContext, path: str) -> "Iterator[DocumentedOperation]":
    """Yield the operations of a route that are in the document, without their types."""
    for method in _methods(route):
        if (document := documents.get(method)) is not None:
            yield openapi.DocumentedOperation(document, (), f"{method} {path}", has_content=method != "head")


def _take_out_422(responses: Json) -> None:
    """Remove the 422 that FastAPI adds by itself. A 422 that the application declares stays."""
    content = responses.get("422", {}).get("content", {})
    if [media.get("schema") for media in content.values()] == [_FASTAPI_422]:
        del responses["422"]


def _tidy(schema: Json) -> None:
    """Drop FastAPI's schemas of validation errors if nothing refers to them any more."""
    components: Json = schema.get("components", {})
    schemas: Json = components.get("schemas", {})
    theirs: Json = {name: schemas.pop(name) for name in _FASTAPIS if name in schemas}
    if theirs:
        written = to_json(schema, fallback=repr)  # a text is searched in a tenth of the time of a walk
        needed = {name for name in theirs if f'"#/components/schemas/{name}"'.encode() in written}
        needed |= openapi.references_in([theirs[name] for name in needed])
        schemas |= {name: their for name, their in theirs.items() if name in needed}
        components["schemas"] = dict(sorted(schemas.items()))
        if not schemas:
            del components["schemas"]
        if not components:
            del schema["components"]
