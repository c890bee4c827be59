"""
Changes to the core schemas of pydantic.

Does not know what is changed for which purpose: the JSON encoder and the members of problem classes do.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar, cast

from pydantic_core import CoreConfig, CoreSchema, SchemaSerializer

__all__ = ["Schema", "changed", "is_constrained", "serializer_for"]

Schema = dict[str, Any]
S = TypeVar("S")
Guard = Callable[[object], object]

_VALUES: Final = frozenset({"metadata", "default", "expected", "serialization", "members"})
"""The keys of a core schema whose value is not a schema."""

_OPEN: Final = frozenset({"any", "is-instance"})
"""The schemas that do not constrain what is written."""


def changed(schema: S, change: Callable[[Schema, str | None], Schema], name: str | None = None) -> S:
    """
    Return a schema with *change* applied to each schema in it, the same object if nothing changes.

    Args:
        schema: A core schema, or a list of them.
        change: Returns the schema instead of a schema and the name of its field.
        name: The name of the field that *schema* is.
    """
    result: S = _changed(schema, change, name)
    return result


def _changed(schema: Any, change: Callable[[Schema, str | None], Schema], name: str | None = None) -> Any:
    if isinstance(schema, list | tuple):
        items = [_changed(item, change) for item in schema]  # pyright: ignore[reportUnknownVariableType] - of no type
        if all(map(_is, items, schema)):  # pyright: ignore[reportUnknownArgumentType] - of no type
            return schema  # pyright: ignore[reportUnknownVariableType] - of no type
        return items if isinstance(schema, list) else tuple(items)
    if not isinstance(schema, dict):
        return schema
    given = cast("Schema", schema)
    fields: object = given.get("fields")
    names = cast("Schema", fields) if isinstance(fields, dict) else None
    new: Schema = {}
    for key, value in given.items():
        if key in _VALUES:
            new[key] = value
        elif names is not None and key == "fields":
            new[key] = {entry: _changed(field, change, entry) for entry, field in names.items()}
        else:
            new[key] = _changed(value, change)
    is_same = all(_is(new[key], given[key]) or _has_same(new[key], given[key]) for key in given)
    return change(given if is_same else new, name)


def _is(one: object, other: object) -> bool:
    return one is other


def _has_same(one: Any, other: Any) -> bool:
    """Return whether two schemas have the same fields."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return False
    return one.keys() == other.keys() and all(one[key] is other[key] for key in one)  # pyright: ignore[reportUnknownVariableType] - of no type


def serializer_for(schema: CoreSchema, guard: Guard, config: CoreConfig | None = None) -> SchemaSerializer:
    """
    Return a serializer that calls *guard* with each value that the schema does not constrain.

    These are values of type `Any`, members that are not declared, computed fields, and the results of user-defined
    serializers: an open file, an endless iterator or a huge structure among them would be written as it is.
    """
    safe = changed(schema, lambda part, _: _guarded(part, guard))
    return SchemaSerializer(safe, config, _use_prebuilt=safe is schema)


def is_constrained(schema: CoreSchema) -> bool:
    """Return whether a schema constrains all values that are written, so that a serializer needs no guard."""
    return changed(schema, lambda part, _: _guarded(part, bool)) is schema


def _guarded(schema: Schema, guard: Guard) -> Schema:
    if schema.get("type") == "computed-field":

        def guarded(value: object, handler: Callable[[object], object]) -> object:
            return handler(guard(value))

        around = {"type": "function-wrap", "function": guarded, "schema": schema["return_schema"]}
        return {**schema, "return_schema": {"type": "any", "serialization": around}}
    if schema.get("type") == "generator":
        schema = {**schema, "type": "list"}  # the encoder makes a list of each iterator that it may read
    written: Mapping[str, Any] = schema.get("serialization") or {}
    open_: Schema = {"type": "function-plain", "function": guard}
    if not written and schema.get("type") in _OPEN:
        return {**schema, "serialization": open_}
    if _allows_extra(schema):
        schema = _with_extras(schema, {"type": "any", "serialization": open_})
    function = written.get("function")
    if function is None or _is_of_pydantic(function):
        return schema

    def guarded_result(*given: object) -> object:
        return guard(function(*given))

    return {**schema, "serialization": {**written, "function": guarded_result}}


def _allows_extra(schema: Schema) -> bool:
    config: Mapping[str, object] = schema.get("config") or {}
    behaviour = schema.get("extra_behavior") or config.get("extra_fields_behavior")
    return behaviour == "allow" and schema.get("type") in ("model", "typed-dict")


def _with_extras(schema: Schema, extras: Schema) -> Schema:
    """Return a schema with a schema for members that are not declared, if it has none."""
    if schema.get("type") in ("model-fields", "typed-dict"):
        return {"extras_schema": extras, **schema}
    inner: Schema | None = schema.get("schema")  # below the validators of a model
    return schema if inner is None else {**schema, "schema": _with_extras(inner, extras)}


def _is_of_pydantic(function: object) -> bool:
    return str(getattr(function, "__module__", "")).partition(".")[0] in ("pydantic", "pydantic_core")
