"""
The validation errors that a value can have: their places and codes.

Reads pydantic's core schemas. A user-defined validator can raise any error.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

__all__ = ["DEEPER", "Codes", "Part", "Path", "possible_errors"]

Codes: TypeAlias = frozenset[str] | None
"""The possible codes; `None` for any code."""

Part: TypeAlias = str | None
"""A member of an object, or `None` for any index or key."""

Path: TypeAlias = tuple[Part, ...]

_DEEPEST: Final = 6
DEEPER: Final = "…"
"""A part that stands for all deeper levels."""

_COMPARED: Final = {
    "le": "less_than_equal",
    "lt": "less_than",
    "ge": "greater_than_equal",
    "gt": "greater_than",
    "multiple_of": "multiple_of",
}
_SIZED: Final = {"min_length": "too_short", "max_length": "too_long"}
_ZONES: Final = ("timezone_naive", "timezone_aware", "timezone_offset")
_CODES: Final[Mapping[str, tuple[str, ...]]] = {
    "any": (),
    "none": ("none_required",),
    "bool": ("bool_type", "bool_parsing"),
    "int": ("int_type", "int_parsing", "int_parsing_size", "int_from_float", "finite_number"),
    "float": ("float_type", "float_parsing", "finite_number"),
    "decimal": (
        *("decimal_type", "decimal_parsing", "finite_number"),
        *("decimal_max_digits", "decimal_max_places", "decimal_whole_digits"),
    ),
    "str": ("string_type", "string_sub_type", "string_unicode"),
    "bytes": ("bytes_type", "bytes_invalid_encoding"),
    "date": ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"),
    "time": ("time_type", "time_parsing", *_ZONES),
    "datetime": (
        *("datetime_type", "datetime_parsing", "datetime_object_invalid", "datetime_from_date_parsing"),
        *("datetime_past", "datetime_future", *_ZONES),
    ),
    "timedelta": ("time_delta_type", "time_delta_parsing"),
    "uuid": ("uuid_type", "uuid_parsing", "uuid_version", "is_instance_of"),
    "literal": ("literal_error",),
    "enum": ("enum",),
    "list": ("list_type",),
    "set": ("set_type", "set_item_not_hashable"),
    "frozenset": ("frozen_set_type", "set_item_not_hashable"),
    "tuple": ("tuple_type", "too_long"),
    "dict": ("dict_type",),
    "model": ("model_type", "model_attributes_type"),
    "typed-dict": ("dict_type",),
    "tagged-union": ("union_tag_invalid", "union_tag_not_found", "model_attributes_type"),
}
_WRAPPERS: Final = frozenset(
    {"nullable", "default", "chain", "definitions", "json-or-python", "lax-or-strict", "union", "tagged-union"}
)

Found: TypeAlias = Iterator[tuple[Path, str | None]]
"""The place of an error and its code; without a code, any error."""


def possible_errors(schema: Any) -> dict[Path, Codes]:
    """
    Return the codes of the errors that each part of a value can have; `None` instead of codes for any error.

    A model that contains itself is followed to a fixed depth; below it, any error is possible.
    """
    errors: dict[Path, set[str] | None] = {}
    for path, code in _errors(schema, (), {}):
        known = errors.setdefault(path, set())
        if code is None or known is None:
            errors[path] = None
        else:
            known.add(code)
    return {path: None if codes is None else frozenset(codes) for path, codes in errors.items()}


def _errors(schema: Any, path: Path, definitions: Mapping[str, Any]) -> Found:
    kind = schema["type"]
    if kind == "definitions":
        definitions = {**definitions, **{definition["ref"]: definition for definition in schema["definitions"]}}
    if kind == "definition-ref":
        yield from _errors(definitions[schema["schema_ref"]], path, definitions)
        return
    if len(path) > _DEEPEST:
        yield (*path[:_DEEPEST], DEEPER), None
        return
    if kind not in _CODES and kind not in _WRAPPERS and kind != "model-fields":
        yield path, None  # a user-defined validator, or a type that is not in the table
    for code in (*_CODES.get(kind, ()), *_constraints(schema)):
        yield path, code
    yield from _fields(schema, path, definitions)
    for inner, part in _inside(schema):
        yield from _errors(inner, (*path, *part), definitions)


def _constraints(schema: Any) -> Iterator[str]:
    yield from (code for key, code in _COMPARED.items() if schema.get(key) is not None)
    prefix = "string_" if schema["type"] == "str" else "bytes_" if schema["type"] == "bytes" else ""
    yield from (prefix + code for key, code in _SIZED.items() if schema.get(key) is not None)
    if schema.get("pattern") is not None:
        yield "string_pattern_mismatch"
    if schema.get("now_op") is not None:
        yield f"{schema['type']}_{schema['now_op']}"


def _fields(schema: Any, path: Path, definitions: Mapping[str, Any]) -> Found:
    """Yield the errors of the members of an object."""
    if "forbid" in (schema.get("extra_behavior"), schema.get("config", {}).get("extra_fields_behavior")):
        yield (*path, None), "extra_forbidden"
    if schema["type"] == "tuple":
        yield (*path, None), "missing"
    if schema["type"] not in ("model-fields", "typed-dict"):
        return
    for name, field in schema["fields"].items():
        for alias in _aliases(field, name):
            yield from _errors(field["schema"], (*path, alias), definitions)
            if field["schema"]["type"] != "default":
                yield (*path, alias), "missing"


def _aliases(field: Any, name: str) -> Iterator[Part]:
    alias = field.get("validation_alias")
    yield alias if isinstance(alias, str) else name if alias is None else None
    if alias is not None:
        yield name


def _inside(schema: Any) -> Iterator[tuple[Any, Path]]:
    """Yield the schemas in a schema, and where their values are."""
    kind = schema["type"]
    if kind in ("list", "set", "frozenset") and "items_schema" in schema:
        yield schema["items_schema"], (None,)
    elif kind == "tuple":
        yield from ((item, (None,)) for item in schema["items_schema"])
    elif kind == "dict":
        yield from ((schema[key], (None,)) for key in ("keys_schema", "values_schema") if key in schema)
    elif kind == "tagged-union":
        yield from ((choice, ()) for choice in schema["choices"].values())
    elif kind == "union":
        yield from ((choice[0] if isinstance(choice, tuple) else choice, ()) for choice in schema["choices"])
    elif kind == "chain":
        yield from ((step, ()) for step in schema["steps"])
    else:
        keys = ("schema", "json_schema", "python_schema", "lax_schema", "strict_schema", "items_schema")
        yield from ((schema[key], ()) for key in keys if isinstance(schema.get(key), dict))
