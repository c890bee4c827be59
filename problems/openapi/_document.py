"""
An OpenAPI document with what its operations declare.

Works on the document alone: which operation declares what, an adapter has found out. What others have
written into it stays.
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

    Attributes:
        document: The operation in the document; it is changed in place.
        types: The problem types that it declares.
        id: What unions are named after, if the document gives it no `operationId`.
        invalid: The schema of one rejected input, if that of the operation is to be documented.
        has_content: Whether its responses have content: those to HEAD have none (RFC 9110, section 9.3.2).
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
    Extend a document by the problems of its operations; change it in place, and return it.

    What is there already is left alone, so that a second call changes nothing. Only components that something
    refers to are added.

    Args:
        schema: The document.
        registry: The problem types, for their URIs.
        operations: The operations of the document with the types that they declare.
        pages: The addresses of problem pages, by type URI: the descriptions of responses link to them.
        legacy: When `detail` is the value that FastAPI would have sent, as `Policy(legacy_detail=…)` says.
    """
    declaring = [operation for operation in operations if operation.types]
    if not declaring:
        return schema
    components: Json = schema.setdefault("components", {})
    schemas: Json = components.get("schemas", {})
    responses: Json = components.get("responses", {})
    types = dict.fromkeys(cls for operation in declaring for cls in operation.types)
    version = str(schema.get("openapi", ""))
    made = Components.of(registry, types, schemas, version=version, pages=pages, legacy=legacy)
    made.share(operation.types for operation in declaring if operation.has_content)
    used: Json = {}
    needed: set[str] = set()
    for operation in declaring:
        for component, response in _extended(operation, made, responses):
            needed.add(response["content"][PROBLEM_JSON]["schema"]["$ref"].removeprefix(SCHEMAS))
            used |= {component: response} if component else {}
    if used:
        components["responses"] = dict(sorted({**responses, **used}.items()))
    if needed:
        components["schemas"] = dict(sorted({**schemas, **_reachable(needed, made.schemas)}.items()))
    return schema


def _extended(
    operation: DocumentedOperation, made: Components, taken: Mapping[str, Any]
) -> Iterator[tuple[str | None, Json]]:
    """Write the responses of one operation; yield those that were written, and the component that each one is."""
    # OpenAPI's status codes are texts; YAML reads them as numbers.
    responses: Json = {str(status): it for status, it in operation.document.get("responses", {}).items()}
    operation_id = operation.document.get("operationId") or operation.id
    found, _ = made.of_operation(operation.types, operation_id, invalid=operation.invalid)
    for status, response in found.items():
        whole, component = made.whole(response), made.component_of(response)
        if not operation.has_content:
            responses.setdefault(status, {key: it for key, it in whole.items() if key != "content"})
            continue
        if component and taken.get(component, whole) != whole:
            response, component = whole, None  # noqa: PLW2901 - a response of the user's has that name
        final = _placed(responses.get(status), response, whole, int(status))
        if final is not None:
            responses[status] = final
            yield (component if final is response else None), whole
    operation.document["responses"] = dict(sorted(responses.items()))


def _placed(existing: Json | None, response: Json, whole: Json, status: int) -> Json | None:
    """Return the response beside what the user says of the status; nothing if that is all there is to say."""
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
    """Whether a response has no more than a description, and one that nobody has written for it."""
    titles = whole["description"].partition("\n")[0].split(" / ")
    usual = {*titles, phrase(status), "Additional Response"}
    return existing.keys() <= {"description"} and existing.get("description") in {*usual, None}


def _reachable(names: set[str], schemas: Mapping[str, Any]) -> Json:
    """Return the schemas of these names, and those that these refer to."""
    found: Json = {}
    while names:
        name = names.pop()
        if name in schemas and name not in found:
            found[name] = schemas[name]
            names |= references_in(schemas[name])
    return found
