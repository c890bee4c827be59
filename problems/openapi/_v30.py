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
    converted = {key: value for key, value in schema.items() if key not in _UNKNOWN}
    nullable = _is_nullable(converted)
    for keyword in _ONE:
        if is_object(inner := converted.get(keyword)):
            converted[keyword] = to_30(inner)
    for keyword in _LISTS:
        if is_list(options := converted.get(keyword)):
            converted[keyword] = [to_30(option) for option in options if option != _NULL]
    if is_object(properties := converted.get("properties")):
        converted["properties"] = {name: to_30(item) if is_object(item) else {} for name, item in properties.items()}
    converted = _flat(_words(converted))
    return {**converted, "nullable": True} if nullable else converted


def _is_nullable(schema: Json) -> bool:
    if is_list(types := schema.get("type")):
        return "null" in types
    return any(_NULL in schema.get(union, ()) for union in ("anyOf", "oneOf"))


def _words(keywords: Json) -> Json:
    """Replace the keywords that OpenAPI 3.0 spells differently."""
    if "const" in keywords:
        keywords["enum"] = [keywords.pop("const")]
    if is_list(examples := keywords.pop("examples", None)) and examples:
        keywords["example"] = examples[0]
    for exclusive, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if not isinstance(keywords.get(exclusive, True), bool):
            keywords |= {limit: keywords.pop(exclusive), exclusive: True}
    if is_list(items := keywords.pop("prefixItems", None)) and items:
        keywords["items"] = {"anyOf": items}
    if is_list(types := keywords.get("type")):
        keywords |= _of_types([kind for kind in types if kind != "null"])
    if keywords.get("type") == "array":
        keywords.setdefault("items", {})
    return keywords


def _of_types(types: list[Any]) -> Json:
    return {"type": types[0]} if len(types) == 1 else {"type": None, "anyOf": [{"type": kind} for kind in types]}


def _flat(flat: Json) -> Json:
    """Return a schema without unions of one schema, and without keywords beside a reference."""
    flat = {key: value for key, value in flat.items() if not (key == "type" and value is None)}
    for union in ("anyOf", "oneOf"):
        if len(options := flat.get(union, ())) == 1:
            whole = {key: value for key, value in flat.items() if key != union}
            flat = {"allOf": options, **whole} if "$ref" in options[0] else {**options[0], **whole}
    if "$ref" in flat and len(flat) > 1:
        flat = {"allOf": [{"$ref": flat.pop("$ref")}], **flat}
    return flat
