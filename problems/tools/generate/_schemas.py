"""
Kinds of values from JSON Schema in foreign documents: OpenAPI 3.0 to 3.2, Swagger 2, and exports of this package.

Reads tolerantly: the kinds have no bounds and no patterns, and an enum also allows other values of its type. Does not
know problem types.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import JsonValue

from problems.tools.generate._documents import Document, Json, constants, reference_of, text, texts, values
from problems.tools.generate._kinds import (
    ANY,
    NONE,
    Kind,
    ListOf,
    MapOf,
    Member,
    Model,
    OneOf,
    Plain,
    Ref,
    Scalar,
    TupleOf,
    fits,
    references,
    union,
)
from problems.tools.generate._names import class_name

__all__ = ["Schemas", "merged", "name_of"]

_DEPTH: Final = 12
_SCHEMAS: Final = 5_000
_PROPERTIES: Final = 1_000
_VALUES: Final = 300
_EXAMPLE: Final = 1_000
_BITS: Final = 64
"""The largest integer that type checkers accept in `Literal`."""
_TYPES: Final = {
    "string": Plain("str"),
    "integer": Plain("int"),
    "number": Plain("float"),
    "boolean": Plain("bool"),
    "null": NONE,
}
_TYPE_OF: Final[Mapping[type, Kind]] = {
    str: Plain("str"),
    int: Plain("int"),
    float: Plain("float"),
    bool: Plain("bool"),
    type(None): NONE,
    list: ListOf(ANY),
    dict: MapOf(ANY),
}
_FORMATS: Final = {
    "date-time": "datetime.datetime",
    "date": "datetime.date",
    "time": "datetime.time",
    "duration": "datetime.timedelta",
    "uuid": "uuid.UUID",
}
"""The Python types of texts with a format."""
_OWN: Final = ("example", "examples", "title", "$id", "$anchor", "discriminator")
"""Keywords that describe a schema itself, and not the schemas that extend it."""


def merged(document: Document, schema: JsonValue) -> Json:
    """Return a schema merged with its reference and its `allOf`: properties are united, otherwise the last one wins."""
    return _merged(document, schema, (), [_SCHEMAS])


def _merged(document: Document, schema: JsonValue, outer: tuple[int, ...], left: list[int]) -> Json:
    result = document.resolved(schema)
    left[0] -= 1
    if not isinstance(result, dict) or len(outer) > _DEPTH or id(result) in outer or left[0] < 0:
        return {}
    beside = schema if isinstance(schema, dict) and schema is not result else {}
    bases = values(result.get("allOf"))
    if not bases and len(beside) < 2:
        return result
    together: Json = {}
    inner = (*outer, id(result))
    for base in bases:
        for key, value in _merged(document, base, inner, left).items():
            if key not in _OWN and (key != "description" or len(bases) == 1):
                _overlay(together, key, value)
    for part in (result, beside):
        for key, value in part.items():
            if key not in ("allOf", "$ref"):
                _overlay(together, key, value)
    return together


def _overlay(together: Json, key: str, value: JsonValue) -> None:
    """Add a keyword to a schema: properties and requirements are united, otherwise the last one wins."""
    before = together.get(key)
    if key == "required" and isinstance(value, list):
        together[key] = [*dict.fromkeys([*texts(before), *texts(value)])]
    elif key == "properties" and isinstance(value, dict) and isinstance(before, dict):
        both = dict(before)
        for name, item in value.items():
            old = both.get(name)
            is_more = isinstance(old, dict) and isinstance(item, dict) and "$ref" not in item and "$ref" not in old
            both[name] = {**old, **item} if is_more and isinstance(old, dict) and isinstance(item, dict) else item
        together[key] = both
    else:
        together[key] = value


def name_of(value: JsonValue) -> str:
    """Return the name of the target of a reference: the end of its pointer, or the name of the file."""
    reference = reference_of(value)
    if reference is None:
        return ""
    location, _, pointer = reference.partition("#")
    last = (pointer or location).rpartition("/")[2].replace("~1", "/").replace("~0", "~")
    return last if pointer else last.partition(".")[0]


class Schemas:
    """
    Reads the schemas of one document.

    Args:
        document: The document.
        models: The objects of previously read documents; the objects of this document are added.

    Attributes:
        models: The objects that members consist of, by the keys of their references.
        notes: The parts that could not be read since the notes were last taken.
    """

    __slots__ = ("_alive", "_count", "_document", "_inside", "_keys", "models", "notes")

    def __init__(self, document: Document, models: dict[int, Model]) -> None:
        self._document = document
        self._inside: list[int] = []
        self._keys: dict[int, int] = {}
        self._alive: list[Json] = []  # a live schema keeps its `id()` unique
        self._count = 0
        self.models = models
        self.notes: list[str] = []

    def members(self, schema: Json, leave_out: frozenset[str] = frozenset(), within: str = "") -> tuple[Member, ...]:
        """Return the members of an object, except for *leave_out*."""
        properties = schema.get("properties")
        known = dict(list(properties.items())[:_PROPERTIES]) if isinstance(properties, dict) else {}
        required = [name for name in texts(schema.get("required")) if name not in leave_out][:_PROPERTIES]
        if "" in {*known, *required}:
            self.notes.append("A member whose name is empty is left out.")
        every = {**known, **{name: True for name in required if name not in known}}
        return tuple(
            self._member(name, value, f"{within}.{name}" if within else name, is_required=name in required)
            for name, value in every.items()
            if name and name not in leave_out
        )

    def _member(self, name: str, schema: JsonValue, where: str, *, is_required: bool) -> Member:
        kind = self.kind(schema, where)
        about = merged(self._document, schema) if isinstance(schema, dict) else {}
        default = None if is_required else self._default(about, kind, where)
        if not is_required:
            kind = union([kind, NONE]) if kind != ANY else union([ANY])
        # A model has its own description from its schema.
        source = schema if isinstance(schema, dict) and [*references(kind)] else about
        description = " ".join(text(source, "description").split())
        return Member(name, kind, is_required, default, description, tuple(_examples(source)))

    def _default(self, schema: Json, kind: Kind, where: str) -> JsonValue:
        value = schema.get("default")
        if kind == ANY and isinstance(value, list | dict) and not value:
            return None  # type checkers do not know its content
        if value is None or (fits(kind, value) and len(json.dumps(value)) <= _EXAMPLE):
            return value
        self.notes.append(f"{where!r} has a default that is not used for an absent member.")
        return None

    def kind(self, schema: JsonValue, where: str) -> Kind:
        """Return the kind of the values of a schema; *where* names the member for notes and for its class."""
        target = self._document.resolved(schema)
        if not isinstance(target, dict):
            if target is not True:
                self.notes.append(f"{where!r} can have any value: its schema could not be read.")
            return ANY
        if only := _wrapped(target):
            return union([self.kind(only, where), NONE]) if _allows_null(target) else self.kind(only, where)
        if id(target) in self._keys:
            return _referred(self._keys[id(target)], target)
        self._count += 1
        if id(target) in self._inside or len(self._inside) > _DEPTH or self._count > _SCHEMAS:
            self.notes.append(f"{where!r} can have any value: its schema is nested too deeply, or in itself.")
            return ANY
        self._inside.append(id(target))
        try:
            whole = merged(self._document, schema)
            return (
                self._object(whole, target, name_of(schema), where) if _is_object(whole) else self._any_of(whole, where)
            )
        finally:
            self._inside.pop()

    def _object(self, schema: Json, target: Json, name: str, where: str) -> Kind:
        key = self._keys[id(target)] = len(self.models)
        self._alive.append(target)
        wanted = name if class_name(name) else class_name(where.replace(".", " "))
        description = text(schema, "description").strip()
        self.models[key] = Model(wanted)
        self.models[key] = Model(wanted, description, self.members(schema, within=where))
        return _referred(key, schema)

    def _any_of(self, schema: Json, where: str) -> Kind:
        """Return the kind of a schema that is not an object with known members."""
        if allowed := constants(schema)[:_VALUES]:
            return _of_values(allowed, is_nullable=_allows_null(schema))
        alternatives = [value for key in ("oneOf", "anyOf") for value in values(schema.get(key))]
        if alternatives:
            kinds = [self.kind(alternative, where) for alternative in alternatives[:_VALUES]]
            return union([*kinds, NONE]) if _allows_null(schema) else union(kinds)
        kinds = [self._of_type(cls, schema, where) for cls in _types(schema)]
        return union([*kinds, NONE]) if kinds and _allows_null(schema) else union(kinds)

    def _of_type(self, name: str, schema: Json, where: str) -> Kind:
        if name == "array":
            first = values(schema.get("prefixItems"))[:_VALUES]
            if first and not schema.get("items"):
                return TupleOf(tuple(self.kind(item, f"{where}.item") for item in first))
            items = schema.get("items", True)
            return ListOf(ANY if first or items is True else self.kind(items, f"{where}.item"))
        if name == "object":
            others = schema.get("additionalProperties")
            return MapOf(self.kind(others, f"{where}.value") if isinstance(others, dict) and others else ANY)
        if name == "string" and text(schema, "format") in _FORMATS:
            return Plain(_FORMATS[text(schema, "format")])
        return _TYPES[name]


def _wrapped(schema: Json) -> Json | None:
    """Return the reference in a schema that only adds a description to it: OpenAPI 3.0 needs an `allOf` for that."""
    parts = values(schema.get("allOf"))
    first = parts[0] if len(parts) == 1 and not {"properties", "required"} & schema.keys() else None
    return first if isinstance(first, dict) and reference_of(first) is not None else None


def _referred(key: int, schema: Json) -> Kind:
    return union([Ref(key), NONE]) if _allows_null(schema) else Ref(key)


def _of_values(allowed: list[JsonValue], *, is_nullable: bool) -> Kind:
    """Return the kind of an enum: the values that an annotation can contain, and all other values of their types."""
    listed: list[Scalar] = [
        constant
        for constant in allowed
        if constant is None
        or isinstance(constant, str)
        or (isinstance(constant, int) and constant.bit_length() < _BITS)
    ]
    types = [_TYPE_OF[type(constant) if type(constant) in _TYPE_OF else str] for constant in allowed]
    known = [constant for constant in listed if constant is not None]
    kinds: list[Kind] = [OneOf(tuple({(type(other), other): other for other in known}.values()))] if known else []
    return union([*kinds, *types, *([NONE] if is_nullable else [])])


def _is_object(schema: Json) -> bool:
    properties = schema.get("properties")
    kinds = [kind for kind in _types(schema) if kind != "null"]
    return isinstance(properties, dict) and bool(properties) and kinds in ([], ["object"]) and not constants(schema)


def _types(schema: Json) -> list[str]:
    known = {*_TYPES, "array", "object"}
    type_name = text(schema, "type")
    types = [item for item in ([type_name] if type_name else texts(schema.get("type"))) if item in known]
    if not types and ("items" in schema or "prefixItems" in schema):
        return ["array"]
    return types or (["object"] if isinstance(schema.get("additionalProperties"), dict) else [])


def _allows_null(schema: Json) -> bool:
    return schema.get("nullable") is True or "null" in _types(schema)


def _examples(schema: Json) -> Iterator[JsonValue]:
    """Return the examples of a schema that are short enough for a class."""
    examples = values(schema.get("examples")) or ([schema["example"]] if "example" in schema else [])
    yield from (item for item in examples[:_VALUES] if _is_short(item))


def _is_short(value: JsonValue) -> bool:
    left: list[JsonValue] = [value]
    size = 0
    while left and size <= _EXAMPLE:
        item = left.pop()
        size += len(item) if isinstance(item, str) else 1
        left += [*item, *item.values()] if isinstance(item, dict) else values(item)
    return size <= _EXAMPLE
