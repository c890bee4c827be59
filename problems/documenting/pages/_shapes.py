"""
JSON Schemas in words: what kind of value a member has, and what limits it.

Knows no representation.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = ["constraints_of", "kind_of"]

Schema = Mapping[str, Any]

_LIMITS: Final[Mapping[str, str]] = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "pattern": "matches {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "uniqueItems": "no item twice",
    "default": "{} by default",
}


def kind_of(schema: Schema) -> str:
    """
    Return the kind of a value in a few words.

    >>> kind_of({"type": "array", "items": {"type": "string", "format": "uuid"}})
    'array of string (uuid)'
    >>> kind_of({"anyOf": [{"type": "integer"}, {"type": "null"}]})
    'integer or null'
    """
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "const" in schema:
        return _shown(schema["const"])
    if "enum" in schema:
        return " or ".join(map(_shown, schema["enum"]))
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return " or ".join(dict.fromkeys(map(kind_of, schema[union])))
    if "allOf" in schema and len(schema["allOf"]) == 1:
        return kind_of(schema["allOf"][0])
    return _plain(schema)


def _plain(schema: Schema) -> str:
    kind = schema.get("type", "any value")
    if kind == "array" and "items" in schema:
        return f"array of {kind_of(schema['items'])}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"object of {kind_of(schema['additionalProperties'])}"
    text = kind if isinstance(kind, str) else " or ".join(kind)
    return f"{text} ({schema['format']})" if "format" in schema else text


def constraints_of(schema: Schema) -> Iterator[str]:
    """
    Yield what limits a value.

    >>> list(constraints_of({"type": "integer", "minimum": 1, "default": 3}))
    ['at least 1', '3 by default']
    """
    for keyword, text in _LIMITS.items():
        if keyword in schema and schema[keyword] not in (None, [], ""):
            yield text.format(_shown(schema[keyword]))
    for union in ("anyOf", "oneOf"):
        for part in schema.get(union, ()):
            yield from constraints_of(part)


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
