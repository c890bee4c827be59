"""
The problem types in an OpenAPI document: those that operations answer with, as far as such a document tells of them.

Reads documents of other tools too: whatever is not as OpenAPI has it is left out. Pure.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeGuard

from pydantic import Field

from problems.documenting.vocabulary import DocumentedType, Vocabulary

__all__ = ["Served", "served"]

Json = dict[str, Any]

_NOTHING: Final[Json] = {}


class Served(Vocabulary):
    """
    The problem types of an OpenAPI document. A type that no operation answers with is not among them.

    Attributes:
        untitled: The type URIs whose title the document does not tell.
        unheaded: The type URIs whose response header fields it does not tell.
    """

    untitled: frozenset[str] = Field(default=frozenset(), exclude=True)
    unheaded: frozenset[str] = Field(default=frozenset(), exclude=True)


def served(document: Json) -> Served:
    """Return the types of the schemas whose `type` is constant, and whose `status` is, too."""
    components = _object(document, "components")
    schemas, responses = _object(components, "schemas"), _object(components, "responses")
    titles = {(it["type"], it["status"]): it["title"] for it in _occurrences(document)}
    types: list[DocumentedType] = []
    untitled, unheaded = set[str](), set[str]()
    for name, schema in schemas.items():
        properties = _object(schema, "properties")
        uri, status = (_constant(properties.get(member)) for member in ("type", "status"))
        if not isinstance(uri, str) or not isinstance(status, int):
            continue
        response = _object(responses, name)
        title = titles.get((uri, status)) or _text(response, "description")
        types.append(_documented(uri, name, title or _text(schema, "description") or name, status, response, schemas))
        untitled.update([] if title else [uri])
        unheaded.update([] if response else [uri])
    return Served(types=tuple(types), untitled=frozenset(untitled), unheaded=frozenset(unheaded))


def _documented(uri: str, name: str, title: str, status: int, response: Json, schemas: Json) -> DocumentedType:
    fields = _object(response, "headers")
    headers = [{"name": header, "required": _object(fields, header).get("required") is True} for header in fields]
    document = {**_object(schemas, name), "$defs": schemas}
    return DocumentedType.model_validate(
        {"type": uri, "name": name, "title": title, "status": status, "headers": headers, "schema": document}
    )


def _occurrences(document: Json) -> Iterator[Json]:
    """Yield what are examples of problem documents, wherever they are: no schema has a number as `status`."""
    todo: list[object] = [document]
    while todo:
        it = todo.pop()
        if _is_object(it):
            todo += it.values()
            if all(isinstance(it.get(member), str) for member in ("type", "title")) and isinstance(
                it.get("status"), int
            ):
                yield it
        elif _is_array(it):
            todo += it


def _constant(schema: object) -> object:
    if not _is_object(schema):
        return None
    if "const" in schema:
        return schema["const"]
    values: object = schema.get("enum")
    return values[0] if _is_array(values) and len(values) == 1 else None


def _object(outer: object, name: str) -> Json:
    """Return a member that is an object; an empty one for anything else, such as the schema `true`."""
    found: object = outer.get(name) if _is_object(outer) else None
    return found if _is_object(found) else _NOTHING


def _text(outer: Mapping[str, object], name: str) -> str:
    found = outer.get(name)
    return found if isinstance(found, str) else ""


def _is_object(value: object) -> TypeGuard[Json]:
    return isinstance(value, dict)


def _is_array(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)
