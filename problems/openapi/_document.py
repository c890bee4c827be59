"""
Adds the declared problems of operations to an OpenAPI document.

Works on the document only: an adapter finds out which operation declares which types. Existing content of the document
is not changed.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from problems._wire.media_types import PROBLEM_JSON
from problems._wire.status import phrase
from problems.declaring.problem import Problem
from problems.openapi._components import Components
from problems.openapi._legacy import Legacy
from problems.openapi._walk import SCHEMAS, Json, references_in
from problems.registry import Registry

__all__ = ["DocumentedOperation", "extend_document"]

_NO_PAGES: Final[Mapping[str, str]] = {}


class DocumentedOperation(NamedTuple):
    """
    One operation of a document.

    One operation of an OpenAPI document.
        document: The operation in the document; it is changed in place.
        types: The declared problem types.
        id: The name for unions, if the operation has no `operationId`.
        invalid: The schema of one rejected input of this operation, if it is to be documented.
        has_content: Whether its responses have content; responses to HEAD have none (RFC 9110, section 9.3.2).
    """

    document: Json
    types: tuple[type[Problem], ...]
    id: str
    invalid: Json | None = None
    has_content: bool = True


def extend_document(
    schema: Json,
    registry: Registry,
    operations: Iterable[DocumentedOperation],
    *,
    pages: Mapping[str, str] = _NO_PAGES,
    legacy: Legacy = "never",
) -> Json:
    """
    Add the problems of the operations to a document; change it in place, and return it.

    Existing content is not changed, so a second call has no effect. Only components that the document refers to are
    added.

    Args:
        schema: The OpenAPI document.
        registry: Defines the type URIs.
        operations: The operations of the document with their declared problem types.
        pages: The addresses of problem pages, by type URI; descriptions of responses link to them.
        legacy: When `detail` is the value that FastAPI would have sent (`Policy(legacy_detail=…)`).
    """
    declaring = [operation for operation in operations if operation.types]
    if not declaring:
        return schema
    components: Json = schema.setdefault("components", {})
    schemas: Json = components.get("schemas", {})
    responses: Json = components.get("responses", {})
    types = dict.fromkeys(cls for operation in declaring for cls in operation.types)
    version = str(schema.get("openapi", ""))
    components_of_types = Components.of(registry, types, schemas, version=version, pages=pages, legacy=legacy)
    components_of_types.share(operation.types for operation in declaring if operation.has_content)
    used: Json = {}
    needed: set[str] = set()
    for operation in declaring:
        for component, response in _extended(operation, components_of_types, responses):
            needed.add(response["content"][PROBLEM_JSON]["schema"]["$ref"].removeprefix(SCHEMAS))
            used |= {component: response} if component else {}
    if used:
        components["responses"] = dict(sorted({**responses, **used}.items()))
    if needed:
        components["schemas"] = dict(sorted({**schemas, **_reachable(needed, components_of_types.schemas)}.items()))
    return schema


def _extended(
    operation: DocumentedOperation, components: Components, taken: Mapping[str, Any]
) -> Iterator[tuple[str | None, Json]]:
    """Write the responses of one operation; yield each written response and the name of its component."""
    # OpenAPI's status codes are texts, but YAML reads them as numbers.
    responses: Json = {str(status): value for status, value in operation.document.get("responses", {}).items()}
    operation_id = operation.document.get("operationId") or operation.id
    generated, _ = components.of_operation(operation.types, operation_id, invalid=operation.invalid)
    for status, response in generated.items():
        whole, component = components.whole(response), components.component_of(response)
        if not operation.has_content:
            responses.setdefault(status, {key: value for key, value in whole.items() if key != "content"})
            continue
        if component and taken.get(component, whole) != whole:
            response, component = whole, None  # noqa: PLW2901 - a user-defined response has that name
        final = _placed(responses.get(status), response, whole, int(status))
        if final is not None:
            responses[status] = final
            yield (component if final is response else None), whole
    operation.document["responses"] = dict(sorted(responses.items()))


def _placed(existing: Json | None, response: Json, whole: Json, status: int) -> Json | None:
    """Return the response merged with the user-defined one of its status, or `None` to keep the user-defined one."""
    if existing is None or _is_bare(existing, whole, status):
        return response
    content = existing.get("content", {})
    if "$ref" in existing or PROBLEM_JSON in content:
        return None
    headers = {**whole.get("headers", {}), **existing.get("headers", {})}
    return {
        **whole,
        **existing,
        **({"headers": headers} if headers else {}),
        "content": {**content, **whole["content"]},
    }


def _is_bare(existing: Json, whole: Json, status: int) -> bool:
    """Return whether a response only has a description, and a generated one."""
    titles = whole["description"].partition("\n")[0].split(" / ")
    usual = {*titles, phrase(status), "Additional Response"}
    return existing.keys() <= {"description"} and existing.get("description") in {*usual, None}


def _reachable(names: set[str], schemas: Mapping[str, Any]) -> Json:
    """Return the schemas with these names, and all schemas that they refer to."""
    reachable: Json = {}
    while names:
        name = names.pop()
        if name in schemas and name not in reachable:
            reachable[name] = schemas[name]
            names |= references_in(schemas[name])
    return reachable
