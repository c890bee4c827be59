"""
Examples of problem documents, made to fit their schema.

Takes what the author gave (`Field(examples=[…])`, defaults), and makes up the rest from the JSON Schema. What does
not validate is no example: then there is none.
"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from problems.exceptions import Problem
from problems.problem_type import ProblemType

__all__ = ["example_document", "example_value"]

_DEPTH: Final = 8
_FORMATS: Final[Mapping[str, str]] = {
    "date-time": "2026-01-31T12:00:00Z",
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
    """Return a document that *model* accepts, or nothing if none can be made up."""
    schema = model.model_json_schema(mode="serialization")
    definitions = schema.get("$defs", {})
    standard = {"type": facts.uri, "title": facts.title, "status": facts.status}
    members = {
        name: example_value(property_, definitions)
        for name, property_ in schema["properties"].items()
        if name not in standard and name not in ("detail", "instance")
    }
    try:
        read = model.model_validate({**standard, **members})
        detail = cls.problem_declaration.detail
        if detail:
            standard["detail"] = detail.format_map(
                {name: getattr(read, name, "") for name in cls.problem_members.names}
            )
        written = from_json(read.model_dump_json(by_alias=True, include=set(cls.problem_members.sent)))
    except (ValidationError, ValueError, TypeError, LookupError):
        return None
    return {**standard, **written}


def example_value(schema: Mapping[str, Any], definitions: Mapping[str, Any], depth: int = 0) -> Any:
    """
    Return a value that fits a JSON Schema, as far as that can be made up.

    >>> example_value({"type": "integer", "minimum": 3}, {})
    3
    """
    if schema.get("examples"):
        return schema["examples"][0]
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    if "default" in schema:
        return schema["default"]
    if depth > _DEPTH:
        return None
    return _made_up(schema, definitions, depth + 1)


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
            required = schema.get("required", ())
            properties = schema.get("properties", {})
            return {
                name: example_value(properties[name], definitions, depth) for name in required if name in properties
            }
        case _:
            return None


def _number(schema: Mapping[str, Any]) -> int | float:
    step = schema.get("multipleOf", 1)
    low = schema.get("minimum", schema["exclusiveMinimum"] + step if "exclusiveMinimum" in schema else None)
    high = schema.get("maximum", schema["exclusiveMaximum"] - step if "exclusiveMaximum" in schema else None)
    value: int | float = low if low is not None else min(step, high) if high is not None else step
    if "multipleOf" in schema:
        value = -(-value // step) * step
    return int(value) if schema["type"] == "integer" else value


def _text(schema: Mapping[str, Any]) -> str:
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    text = "string"[: schema.get("maxLength", 6)]
    return text.ljust(schema.get("minLength", 0), "x")


def _array(schema: Mapping[str, Any], definitions: Mapping[str, Any], depth: int) -> list[Any]:
    if "prefixItems" in schema:
        return [example_value(item, definitions, depth) for item in schema["prefixItems"]]
    item = example_value(schema.get("items", {}), definitions, depth)
    return [item] * max(1, schema.get("minItems", 1))
