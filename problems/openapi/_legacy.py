"""
The schema of `detail` where an application sends the value that FastAPI would have sent.

Knows the format of FastAPI's values. Does not know requests.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from problems.openapi._walk import Json, is_list, is_object

__all__ = ["Legacy", "legacy_example", "legacy_schema"]

Legacy: TypeAlias = Literal["never", "sometimes", "always"]
"""When `detail` is FastAPI's value: never, always, or for some requests, if a function decides."""

_ERRORS: Final[Mapping[str, Any]] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "type": {"type": "string"},
            "loc": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
            "msg": {"type": "string"},
        },
        "required": ["type", "loc", "msg"],
    },
}


def legacy_schema(schema: Json, legacy: Legacy, *, is_invalid: bool) -> Json:
    """
    Return the schema of a problem type with the legacy `detail`.

    Args:
        schema: The schema of the type.
        legacy: When `detail` is FastAPI's value.
        is_invalid: Whether the type reports rejected inputs; another type has the `detail` of an `HTTPException`.
    """
    if legacy == "never":
        return schema
    properties: Json = schema["properties"]
    detail: Json = {}  # any JSON value: it comes from the exception
    if is_invalid:
        detail = dict(_ERRORS) if legacy == "always" else {"anyOf": [properties["detail"], dict(_ERRORS)]}
    return {**schema, "properties": {**properties, "detail": detail}}


def legacy_example(document: Json) -> Json:
    """
    Return an example of an invalid request as it is sent: FastAPI's list is its `detail`.

    >>> entry = {"detail": "Field required", "code": "missing", "pointer": "#/items/0/name"}
    >>> legacy_example({"status": 422, "errors": [entry]})["detail"]
    [{'type': 'missing', 'loc': ['body', 'items', 0, 'name'], 'msg': 'Field required'}]
    """
    errors: object = document.get("errors")
    if not is_list(errors):
        return document
    detail = [
        {"type": error.get("code"), "loc": _location(error), "msg": error.get("detail")}
        for error in errors
        if is_object(error)
    ]
    return {**document, "detail": detail}


def _location(entry: Json) -> list[str | int]:
    pointer = entry.get("pointer")
    if not isinstance(pointer, str):
        return [str(entry.get("in", "")), str(entry.get("parameter", ""))]
    return ["body", *(int(part) if part.isdigit() else part for part in pointer.split("/")[1:])]
