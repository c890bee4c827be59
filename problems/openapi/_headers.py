"""
Header objects: the response header fields that come with a problem type.

Knows how a member is written as a header field. Does not know responses.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic.fields import FieldInfo

from problems._wire.headers import header_value
from problems.declaring._definition import definition_of
from problems.declaring._response_header import ResponseHeader
from problems.declaring.problem import Problem
from problems.openapi._examples import example_value
from problems.openapi._walk import LIMITS, Json
from problems.openapi._wire_schema import WireSchema

__all__ = ["headers_of"]

_SCALARS: Final = frozenset({"integer", "number", "boolean", "string"})
_WORDS: Final = frozenset({"type", "format", "enum", "const", *LIMITS["number"], *LIMITS["string"]})
_OTHERS: Final[Mapping[object, tuple[Json, object]]] = {
    # As `header_value` writes them (RFC 9110, section 5.6.7); `http-date` is defined in the OpenAPI format registry.
    datetime: ({"type": "string", "format": "http-date"}, "Sat, 31 Jan 2026 12:00:00 GMT"),
    timedelta: ({"type": "integer"}, 30),
}


def headers_of(cls: type[Problem]) -> Json:
    """Return the Header objects of the members that are sent as response header fields (RFC 9110, section 5.5)."""
    members = definition_of(cls).members
    if not members.headers:
        return {}
    document = members.model.model_json_schema(mode="serialization", schema_generator=WireSchema)
    return {
        header.name: _header(header, members.model.model_fields[name], _property(document, name, members.model))
        for name, header in members.headers.items()
    }


def _property(document: Json, name: str, model: Any) -> Json:
    """Return the schema of a member, with the definitions that it refers to."""
    field = model.model_fields[name]
    schema: Json = document["properties"].get(field.serialization_alias or field.alias or name, {})
    return {**schema, "$defs": document.get("$defs", {})}


def _header(header: ResponseHeader, member: FieldInfo, schema: Json) -> Json:
    field_schema, example = _schema(header, member, schema)
    if header.example:
        example = header.example
    return {
        **({"description": header.description} if header.description else {}),
        **({"required": True} if member.is_required() or member.default is not None else {}),
        "schema": field_schema,
        **({"example": example} if example is not None else {}),
    }


def _schema(header: ResponseHeader, member: FieldInfo, schema: Json) -> tuple[Json, object]:
    """Return the schema of a field and an example; a field with its own `encode` is text."""
    definitions = schema.get("$defs", {})
    if header.encode is not header_value:
        return {"type": "string"}, None
    while "$ref" in schema:
        schema = {
            **definitions.get(schema["$ref"].rpartition("/")[2], {}),
            **{k: v for k, v in schema.items() if k != "$ref"},
        }
    options = [branch for branch in schema.get("anyOf", ()) if branch.get("type") != "null"]
    if len(options) == 1:
        schema = {**schema, **options[0]}
    for kind, other in _OTHERS.items():
        if kind in (member.annotation, *getattr(member.annotation, "__args__", ())):
            return other
    if schema.get("type") not in _SCALARS:
        return {"type": "string"}, None  # a sequence, written with commas
    value = example_value(schema, definitions)
    is_shown = isinstance(value, str | int | float)
    return {key: item for key, item in schema.items() if key in _WORDS}, value if is_shown else None
