"""
The core schemas of members: changed so that they read what they write, and so that iterables end.

Does not import problem classes.
"""

import dataclasses
from collections.abc import Collection, Mapping
from enum import Enum
from typing import Any, Final, TypeVar

from pydantic_core import core_schema

from problems._wire.core_schemas import Schema, changed
from problems._wire.json import ATOMS, MAX_DEPTH, has_serializer, items_of, parts_of

__all__ = ["as_sent", "has_iterables", "settled", "shows_all"]

S = TypeVar("S")

_FIELDS: Final = frozenset({"model-field", "dataclass-field", "typed-dict-field"})
_EXTRA: Final = ("extra_behavior", "extra_fields_behavior")


def settled(schema: S) -> S:
    """
    Return a schema in which each iterable is read when a problem is made, as far as it may be read.

    Pydantic reads an `Iterable` when it is written: by the first log record or response, and without an end.
    """
    return changed(schema, _settled)


def _settled(schema: Schema, _: str | None) -> Schema:
    if schema.get("type") != "generator":
        return schema
    items = core_schema.list_schema(
        schema.get("items_schema"), min_length=schema.get("min_length"), max_length=schema.get("max_length")
    )
    written = {"serialization": schema["serialization"]} if "serialization" in schema else {}
    return {**core_schema.no_info_before_validator_function(items_of, items), **written}


def has_iterables(schema: object) -> bool:
    """Return whether a schema, or one in a list or dictionary of them, has an `Iterable` in it."""
    return settled(schema) is not schema


def as_sent(schema: S) -> S:
    """
    Return a schema that reads what the serializer of *schema* writes.

    Every member is read by its name on the wire, then by the aliases that pydantic validates by. Members that are not
    declared are ignored, as RFC 9457, section 3.2, says of the document.
    """
    return changed(schema, _as_sent)


def _as_sent(schema: Schema, name: str | None) -> Schema:
    ignoring = {key: "ignore" for key in _EXTRA if schema.get(key) == "forbid"}
    if schema.get("type") in _FIELDS:
        wire = schema.get("serialization_alias") or name or schema["name"]
        paths = [path for path in paths_of(schema.get("validation_alias")) if path != [wire]]
        return {**schema, "validation_alias": [[wire], *paths]}
    return {**schema, **ignoring} if ignoring else schema


def paths_of(alias: Any) -> list[list[str | int]]:
    """Return a validation alias in its longest form: several paths."""
    if alias is None:
        return []
    if isinstance(alias, str):
        return [[alias]]
    return alias if isinstance(alias[0], list) else [alias]


def shows_all(value: object) -> bool:
    """
    Return whether the document shows all of *value*, whose schema hides nothing.

    A value of a class that pydantic does not know is null in the document, and a model may mask or leave out members.
    """
    level: Collection[object] = [value]
    for _ in range(MAX_DEPTH):
        if ATOMS.issuperset(map(type, level)):
            return True
        if not all(map(_is_open, level)):
            return False
        parts = [parts_of(item) for item in level]
        if None in parts:
            return False
        level = [part for these in parts if these is not None for part in these]
    return False


def _is_open(value: object) -> bool:
    cls = type(value)
    if cls in ATOMS or isinstance(value, Mapping | list | tuple | set | frozenset | Enum):
        return True
    schema = getattr(cls, "__pydantic_core_schema__", None)
    if schema is not None:
        return not has_serializer(schema)
    return dataclasses.is_dataclass(cls) or cls.__module__ in _STANDARD


_STANDARD: Final = frozenset({"datetime", "decimal", "uuid", "ipaddress", "pathlib", "collections", "fractions"})
"""The modules of the classes that are written as they are."""
