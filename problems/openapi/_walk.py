"""
Traversal of JSON documents: the objects and references in them, and copies with changed references.

Does not import problem classes.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from problems._wire.json import is_array as is_list
from problems._wire.json import is_object

__all__ = [
    "LIMITS",
    "SCHEMAS",
    "Json",
    "changed",
    "is_list",
    "is_object",
    "objects_in",
    "references_in",
    "with_references",
    "without_nulls",
]

Json = dict[str, Any]

LIMITS: Final[Mapping[str, tuple[str, ...]]] = {
    "object": (
        "properties", "required", "additionalProperties", "minProperties", "maxProperties", "patternProperties",
        "propertyNames", "dependentRequired", "dependentSchemas", "unevaluatedProperties",
    ),
    "array": (
        "items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems", "contains", "minContains",
        "maxContains", "unevaluatedItems",
    ),
    "string": ("pattern", "minLength", "maxLength"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}  # fmt: skip
"""The keywords of JSON Schema that limit values of one type only."""

SCHEMAS: Final = "#/components/schemas/"


def objects_in(value: object) -> Iterator[Json]:
    """Yield every object in a JSON value, including the value itself."""
    waiting: list[Any] = [value]
    while waiting:
        part: Any = waiting.pop()
        kind = part.__class__  # a large document has hundreds of thousands of values, most of them texts
        if kind is str:
            continue
        if kind is dict or is_object(part):
            yield part
            waiting += part.values()
        elif is_list(part):
            waiting += part


def references_in(value: object) -> set[str]:
    """Return the names of the component schemas that a JSON value refers to."""
    return {
        reference.removeprefix(SCHEMAS)
        for part in objects_in(value)
        if isinstance(reference := part.get("$ref"), str) and reference.startswith(SCHEMAS)
    }


def changed(value: Any, change: Callable[[Json], Json]) -> Any:
    """Return a copy of a JSON value with *change* applied to every object in it, the innermost first."""
    if is_object(value):
        return change({key: changed(part, change) for key, part in value.items()})
    return [changed(part, change) for part in value] if is_list(value) else value


def with_references(schema: Json, renamed: Mapping[str, str]) -> Json:
    """Return a copy of a schema with renamed references to component schemas, including discriminators."""
    if not renamed:
        return copy.deepcopy(schema)
    references = {SCHEMAS + old: SCHEMAS + new for old, new in renamed.items()}

    def rename(part: Json) -> Json:
        if isinstance(reference := part.get("$ref"), str) and reference in references:
            part = {**part, "$ref": references[reference]}
        if is_object(named := part.get("discriminator")) and is_object(mapping := named.get("mapping")):
            mapping = {value: references.get(reference, reference) for value, reference in mapping.items()}
            part = {**part, "discriminator": {**named, "mapping": mapping}}
        return part

    copied: Json = changed(schema, rename)
    return copied


def without_nulls(value: Any) -> Any:
    """Return a copy of a JSON value without the members that are null, as FastAPI writes documents."""
    return changed(value, lambda part: {key: value for key, value in part.items() if value is not None})
