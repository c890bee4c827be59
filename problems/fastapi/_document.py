"""
The OpenAPI document of a FastAPI application, with what its operations declare.

Calls the application's own `openapi` and extends what that returns; walks routes as FastAPI does.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from problems.declarations import declared
from problems.exceptions import Problem
from problems.fastapi._responses import DeclaredStatus
from problems.openapi import Components, objects_in
from problems.registry import Registry
from problems.starlette._middleware import setup_of

__all__ = ["apply_problems", "extend_openapi"]

Json = dict[str, Any]

_FASTAPI_422: Final = {"$ref": "#/components/schemas/HTTPValidationError"}


def extend_openapi(app: FastAPI) -> None:
    """Let `app.openapi()` tell of problems: the original is called, and what it returns is extended."""
    original: Callable[[], Json] = app.openapi
    last: list[Json] = []

    def openapi() -> Json:
        document = original()
        if not last or last[0] is not document:  # FastAPI returns the same one until routes change
            apply_problems(app, document)
            last[:] = [document]
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented extension point


def apply_problems(app: FastAPI, schema: Json) -> Json:
    """
    Extend an OpenAPI document of *app* by the problems that its operations declare.

    For those who build their document themselves; `add_problems` does it for `app.openapi()`. Changes *schema* in
    place, and returns it.
    """
    setup = setup_of(app)
    registry = setup.registry if setup else Registry()
    operations = list(_operations(app, schema, registry))
    if not operations:
        return schema
    components = schema.setdefault("components", {})
    schemas: Json = components.setdefault("schemas", {})
    types = dict.fromkeys(cls for operation in operations for cls in operation.types)
    made = Components.of(registry, types, schemas)
    schemas |= made.schemas
    used: Json = {}
    for operation in operations:
        found, unions = made.of_operation(registry, operation.types, operation.document["operationId"])
        schemas |= unions
        for status, response in found.items():
            used |= _put(operation.document["responses"], status, response, made.responses)
        operation.document["responses"] = dict(sorted(operation.document["responses"].items()))
    _finish(schema, components, used)
    return schema


@dataclass(frozen=True, slots=True)
class _Operation:
    """One operation of the document, and the problem types it declares."""

    document: Json
    types: tuple[type[Problem], ...]


def _operations(app: FastAPI, schema: Json, registry: Registry) -> Iterator[_Operation]:
    for route in iter_route_contexts(app.routes):
        if not isinstance(route.original_route, APIRoute):
            continue
        types = tuple(dict.fromkeys(_declared(route, registry)))
        path = schema.get("paths", {}).get(route.path_format, {})
        for method in sorted(route.methods or ()):
            document = path.get(method.lower())
            if document is not None and types:
                yield _Operation(document, types)


def _declared(route: RouteContext, registry: Registry) -> Iterator[type[Problem]]:
    """Yield what one route can raise: its endpoint, its dependencies at any depth, its `responses`, its validation."""
    for call in _calls(route.dependant):
        yield from declared(call)
    for status in route.responses:
        if isinstance(status, DeclaredStatus):
            yield status.problem
    if _validates(route):
        yield registry.validation_problem


def _calls(dependant: Dependant) -> Iterator[object]:
    yield dependant.call
    for dependency in dependant.dependencies:
        yield from _calls(dependency)


def _validates(route: RouteContext) -> bool:
    """Whether a request to the route can be invalid, and nobody has said what that is answered with."""
    own = {str(status) for status in route.responses if not isinstance(status, DeclaredStatus)}
    return "422" not in own and (route.body_field is not None or _has_parameters(route.dependant))


def _has_parameters(dependant: Dependant) -> bool:
    own = (dependant.path_params, dependant.query_params, dependant.header_params, dependant.cookie_params)
    return any(own) or any(_has_parameters(dependency) for dependency in dependant.dependencies)


def _put(responses: Json, status: str, response: Json, components: Json) -> Json:
    """Put a response where it belongs, beside what the user says of that status; return the components it refers to."""
    existing = responses.get(status, {})
    content = existing.get("content", {})
    if not content or _is_fastapis(content):
        responses[status] = response
        name = response.get("$ref", "").rpartition("/")[2]
        return {name: components[name]} if name else {}
    whole = components[response["$ref"].rpartition("/")[2]] if "$ref" in response else response
    responses[status] = {
        **existing,
        "content": {**content, **whole["content"]},
        "headers": {**whole.get("headers", {}), **existing.get("headers", {})},
    }
    return {}


def _is_fastapis(content: Json) -> bool:
    """Whether this is the 422 that FastAPI documents by itself."""
    return [media.get("schema") for media in content.values()] == [_FASTAPI_422]


def _finish(schema: Json, components: Json, used: Json) -> None:
    """Add the responses, drop what nothing refers to any more, and put everything in one order."""
    schemas = components["schemas"]
    if used:
        components["responses"] = dict(sorted({**components.get("responses", {}), **used}.items()))
    for name in ("HTTPValidationError", "ValidationError"):
        if name in schemas and all(it.get("$ref") != f"#/components/schemas/{name}" for it in objects_in(schema)):
            del schemas[name]
    components["schemas"] = dict(sorted(schemas.items()))
