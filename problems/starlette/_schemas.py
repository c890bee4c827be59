"""
Starlette's own schema generator, with the problems that endpoints declare.

Knows Starlette's routes; the fragments come from `problems.openapi`.
"""

import copy
from collections.abc import Iterable, Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.schemas import OpenAPIResponse, SchemaGenerator

from problems.declaring._applications import inner_application, own_handler, places_in
from problems.declaring._raises import declared
from problems.declaring.problem import Problem
from problems.openapi import DocumentedOperation, extend_document
from problems.registry import Registry
from problems.starlette._install import setup_of

__all__ = ["ProblemSchemaGenerator"]

Types = tuple[type[Problem], ...]


class ProblemSchemaGenerator(SchemaGenerator):
    """
    Starlette's `SchemaGenerator`, with a response for each problem that an endpoint declares by `@raises`.

    Like its base it documents the endpoints whose docstrings end in YAML, and needs PyYAML for that.

    >>> schemas = ProblemSchemaGenerator({"openapi": "3.1.0", "info": {"title": "Shop", "version": "1"}})
    >>> schemas.get_schema([])["paths"]
    {}

    Args:
        base_schema: The beginning of the document.
        registry: The problem types, for their URIs; by default the registry of the application that got a request.
    """

    def __init__(self, base_schema: dict[str, Any], registry: Registry | None = None) -> None:
        super().__init__(base_schema)
        self._base = base_schema
        self._registry = registry

    def get_schema(self, routes: list[BaseRoute]) -> dict[str, Any]:
        """Return the document of *routes*."""
        return self._schema(routes, (), self._registry or Registry(), None)

    def OpenAPIResponse(self, request: Request) -> Response:  # noqa: N802 - Starlette's name
        """Return the document of the application that got a request, with what its middleware declares."""
        app, setup = request.app, setup_of(request.app)
        registry = self._registry or (setup.registry if setup is not None else Registry())
        return OpenAPIResponse(self._schema(app.routes, _on_middleware(app), registry, app))

    def _schema(self, routes: list[BaseRoute], outer: Types, registry: Registry, app: object) -> dict[str, object]:
        self.base_schema: dict[str, Any] = copy.deepcopy(self._base)  # it is extended, too
        schema = super().get_schema(routes)
        operations = self._operations(schema["paths"], routes, "", outer)
        return extend_document(schema, registry, (_answered_here(operation, registry, app) for operation in operations))

    def _operations(
        self, paths: dict[str, Any], routes: Iterable[BaseRoute], prefix: str, outer: Types
    ) -> Iterator[DocumentedOperation]:
        for place in places_in(routes, prefix):
            inner: Any = inner_application(place.route)
            if inner is not None:
                yield from self._operations(paths, inner.routes, place.path, (*outer, *_on_middleware(inner)))
            elif isinstance(place.route, Route):
                for endpoint in self.get_endpoints([place.route]):
                    operation = paths.get(place.path, {}).get(endpoint.http_method)
                    if operation is not None:
                        types = (*outer, *declared(place.route.endpoint), *declared(endpoint.func))
                        has_content = endpoint.http_method != "head"
                        name = f"{endpoint.http_method} {place.path}"
                        yield DocumentedOperation(operation, types, name, has_content=has_content)


def _answered_here(operation: DocumentedOperation, registry: Registry, app: object) -> DocumentedOperation:
    """Return an operation without the types that a handler of the application answers."""
    types = tuple(cls for cls in operation.types if own_handler(app, cls, registry, is_implied=False) is None)
    return operation._replace(types=types)


def _on_middleware(app: object) -> Types:
    return tuple(cls for middleware in getattr(app, "user_middleware", ()) for cls in declared(middleware.cls))
