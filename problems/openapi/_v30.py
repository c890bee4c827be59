"""
JSON Schema in the dialect of OpenAPI 3.0.

OpenAPI 3.1 took over JSON Schema 2020-12; its predecessor has a dialect of its own (OpenAPI 3.0.4, section 4.7.24).
"""

from typing import Any, Final

from problems.openapi._walk import Json, is_list, is_object

__all__ = ["to_30"]

_NULL: Final[Json] = {"type": "null"}
_ONE: Final = ("items", "additionalProperties", "not")
_LISTS: Final = ("anyOf", "oneOf", "allOf", "prefixItems")
_UNKNOWN: Final = frozenset(
    {"$schema", "$id", "$comment", "contentEncoding", "contentMediaType", "contentSchema", "propertyNames"}
    | {"patternProperties", "unevaluatedProperties", "unevaluatedItems", "dependentRequired", "dependentSchemas"}
    | {"contains", "minContains", "maxContains", "if", "then", "else"}
)
"""Keywords that OpenAPI 3.0 does not have; all of them only narrow a schema."""


def to_30(schema: Json) -> Json:
    """
    Return a schema in the dialect of OpenAPI 3.0.

    >>> to_30({"anyOf": [{"type": "integer", "exclusiveMinimum": 0}, {"type": "null"}]})
    {'type': 'integer', 'minimum': 0, 'exclusiveMinimum': True, 'nullable': True}
    """
    if schema == _NULL:
        return {"enum": [None], "nullable": True}
    found = {key: value for key, value in schema.items() if key not in _UNKNOWN}
    nullable = _is_nullable(found)
    for keyword in _ONE:
        if is_object(inner := found.get(keyword)):
            found[keyword] = to_30(inner)
    for keyword in _LISTS:
        if is_list(options := found.get(keyword)):
            found[keyword] = [to_30(it) for it in options if it != _NULL]
    if is_object(properties := found.get("properties")):
        found["properties"] = {name: to_30(it) if is_object(it) else {} for name, it in properties.items()}
    found = _flat(_words(found))
    return {**found, "nullable": True} if nullable else found


def _is_nullable(schema: Json) -> bool:
    if is_list(types := schema.get("type")):
        return "null" in types
    return any(_NULL in schema.get(union, ()) for union in ("anyOf", "oneOf"))


def _words(found: Json) -> Json:
    """Replace the keywords that OpenAPI 3.0 spells differently."""
    if "const" in found:
        found["enum"] = [found.pop("const")]
    if is_list(examples := found.pop("examples", None)) and examples:
        found["example"] = examples[0]
    for exclusive, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if not isinstance(found.get(exclusive, True), bool):
            found |= {limit: found.pop(exclusive), exclusive: True}
    if is_list(items := found.pop("prefixItems", None)) and items:
        found["items"] = {"anyOf": items}
    if is_list(types := found.get("type")):
        found |= _of_types([it for it in types if it != "null"])
    if found.get("type") == "array":
        found.setdefault("items", {})
    return found


def _of_types(types: list[Any]) -> Json:
    return {"type": types[0]} if len(types) == 1 else {"type": None, "anyOf": [{"type": it} for it in types]}


def _flat(found: Json) -> Json:
    """Return a schema without unions of one schema, and without keywords beside a reference."""
    found = {key: value for key, value in found.items() if not (key == "type" and value is None)}
    for union in ("anyOf", "oneOf"):
        if len(options := found.get(union, ())) == 1:
            whole = {key: value for key, value in found.items() if key != union}
            found = {"allOf": options, **whole} if "$ref" in options[0] else {**options[0], **whole}
    if "$ref" in found and len(found) > 1:
        found = {"allOf": [{"$ref": found.pop("$ref")}], **found}
    return found
