"""
Example documents for problem types, which are valid against their schema.

Uses the author's examples (`Field(examples=[…])`) and defaults, and derives the other values from the JSON Schema. An
invalid example is dropped.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from problems._wire.problem_type import ProblemType
from problems.declaring._definition import definition_of
from problems.declaring.problem import Problem
from problems.openapi._wire_schema import WireSchema

__all__ = ["example_document", "example_value"]

_DEPTH: Final = 8
_LONGEST: Final = 64
_TEXTS: Final = ("string", "1", "1.5", "A1", "a1", "AB-1", "ab-1", "ABC-123", "2026-01-31", "anna@example.com")
"""Candidates for a text with a pattern, tried before repeated letters and digits."""
_FORMATS: Final[Mapping[str, str]] = {
    "date-time": "2026-01-31T12:00:00Z",
    "date-time-local": "2026-01-31T12:00:00",
    "date": "2026-01-31",
    "time": "12:00:00Z",
    "duration": "PT30S",
    "email": "anna@example.com",
    "uri": "https://example.com/",
    "uuid": "3f0c4d1e-5b1a-4c58-9b0e-0a6f3f2d7c11",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "hostname": "example.com",
    "binary": "",
    "password": "**********",
    "path": "/example",
}


def example_document(cls: type[Problem], facts: ProblemType, model: type[BaseModel]) -> dict[str, Any] | None:
    """Return a document that *model* accepts, or `None` if none can be derived."""
    schema = model.model_json_schema(
        mode="validation", schema_generator=WireSchema
    )  # without the members that the model writes itself
    definitions = schema.get("$defs", {})
    standard = {"type": facts.uri, "title": facts.title, "status": facts.status}
    members = {
        name: example_value(property_, definitions)
        for name, property_ in schema["properties"].items()
        if name not in standard and name not in ("detail", "instance")
    }
    try:
        read = model.model_validate({**standard, **members})
        written = from_json(read.model_dump_json(by_alias=True, include=set(definition_of(cls).members.sent)))
    except (ValidationError, ValueError, TypeError, LookupError):
        return None
    return {**standard, **_detail(cls, read), **written}


def _detail(cls: type[Problem], read: BaseModel) -> dict[str, str]:
    """Return the `detail` of an example: the filled template, if the document contains its values."""
    known = definition_of(cls).members
    values = {name: getattr(read, name) for name in known.names if hasattr(read, name)}
    try:
        detail = known.detail(values)
    except (ValueError, TypeError, LookupError):
        return {}
    return {"detail": detail} if detail else {}


def example_value(schema: Mapping[str, Any], definitions: Mapping[str, Any], depth: int = 0) -> Any:
    """
    Return a value that is valid against a JSON Schema, as far as one can be derived.

    >>> example_value({"type": "integer", "minimum": 3}, {})
    3
    >>> example_value({"type": "string", "pattern": "^[A-Z]{3}$"}, {})
    'AAA'
    """
    if schema.get("examples"):
        return schema["examples"][0]
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("default") is not None:
        return schema["default"]
    return None if depth > _DEPTH else _made_up(schema, definitions, depth + 1)


def _made_up(schema: Mapping[str, Any], definitions: Mapping[str, Any], depth: int) -> Any:
    if "$ref" in schema:
        return example_value(definitions.get(schema["$ref"].rpartition("/")[2], {}), definitions, depth)
    for union in ("anyOf", "oneOf", "allOf"):
        if schema.get(union):
            return example_value(schema[union][0], definitions, depth)
    match schema.get("type"):
        case "integer" | "number":
            return _number(schema)
        case "string":
            return _text(schema)
        case "boolean":
            return True
        case "array":
            return _array(schema, definitions, depth)
        case "object":
            return _object(schema, definitions, depth)
        case _:
            return None


def _number(schema: Mapping[str, Any]) -> int | float | None:
    step = schema.get("multipleOf", 1)
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    first = [] if low is None else [low, low + step, -(-low // step) * step, (-(-low // step) + 1) * step]
    last = [] if high is None else [high, high - step, high // step * step, (high // step - 1) * step]
    middle = [] if low is None or high is None else [(low + high) / 2]
    fitting = (item for item in (step, *first, *last, *middle) if _is_within(item, schema))
    return next((int(item) if schema["type"] == "integer" else item for item in fitting), None)


def _is_within(value: float, schema: Mapping[str, Any]) -> bool:
    return (
        schema.get("minimum", value) <= value <= schema.get("maximum", value)
        and ("exclusiveMinimum" not in schema or schema["exclusiveMinimum"] < value)
        and ("exclusiveMaximum" not in schema or schema["exclusiveMaximum"] > value)
        and ("multipleOf" not in schema or value % schema["multipleOf"] == 0)
        and (schema["type"] == "number" or value == int(value))
    )


def _text(schema: Mapping[str, Any]) -> str | None:
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    low, high, pattern = schema.get("minLength", 0), schema.get("maxLength"), schema.get("pattern", "")
    if not pattern:
        return "string"[:high].ljust(low, "x")
    lengths = range(max(low, 1), 1 + (_LONGEST if high is None else min(high, _LONGEST)))
    runs = (letter * length for letter in "aA0" for length in lengths)
    texts = (item for item in (*_TEXTS, *runs) if low <= len(item) and (high is None or len(item) <= high))
    return next((text for text in texts if _matches(pattern, text)), None)


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return False


def _array(schema: Mapping[str, Any], definitions: Mapping[str, Any], depth: int) -> list[Any]:
    if "prefixItems" in schema:
        return [example_value(item, definitions, depth) for item in schema["prefixItems"]]
    items, least = schema.get("items", {}), schema.get("minItems", 0)
    # At great depth, where a model may contain itself, keep arrays as short as possible.
    length = max(least, 1) if depth < _DEPTH // 2 else least
    item = example_value(items, definitions, depth)
    if schema.get("uniqueItems") and length > 1:
        choices = items.get("enum") or [_varied(item, number) for number in range(length)]
        return list(choices[:length])
    return [item] * length


def _varied(value: Any, number: int) -> Any:
    if isinstance(value, (int, float)):
        return value + number
    return f"{value}{number}" if isinstance(value, str) else value


def _object(schema: Mapping[str, Any], definitions: Mapping[str, Any], depth: int) -> dict[str, Any]:
    properties = schema.get("properties", {})
    results = {
        name: example_value(properties[name], definitions, depth)
        for name in schema.get("required", ())
        if name in properties
    }
    values, least = schema.get("additionalProperties"), schema.get("minProperties", 0)
    more = range(len(results), least)
    return results | {f"key{number}": example_value(values or {}, definitions, depth) for number in more}
