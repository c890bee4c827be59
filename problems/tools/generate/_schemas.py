"""
Schemas of other people's documents, in the form that pydantic writes: OpenAPI 3.0, Swagger 2 and what is wrong in them.

What cannot be kept is told to whoever asks. Knows no problem types.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from pydantic import JsonValue
from pydantic_core import SchemaError, SchemaValidator, core_schema

from problems.tools.generate._annotations import FORMATS
from problems.tools.generate._documents import Document, Json, text, texts, values
from problems.tools.generate._names import class_name

__all__ = ["Schemas", "merged"]

_DEPTH: Final = 12
_SCHEMAS: Final = 5_000
_KINDS: Final = frozenset({"string", "integer", "number", "boolean", "null", "array", "object"})
_NUMBERS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_OF_KIND: Final[Mapping[str, tuple[str, ...]]] = {
    "integer": _NUMBERS,
    "number": _NUMBERS,
    "string": ("minLength", "maxLength", "pattern"),
    "array": ("minItems", "maxItems"),
}
_BOUNDS: Final = frozenset(key for keys in _OF_KIND.values() for key in keys)
_TOLD: Final = ("format", "uniqueItems", "deprecated")
_OWN: Final = ("example", "examples", "title")
"""What a schema says of itself, and not of those that are made from it."""
_UNCHECKED: Final = (
    "not",
    "if",
    "then",
    "else",
    "patternProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedProperties",
)


def merged(document: Document, schema: JsonValue, depth: int = 0) -> Json:
    """Return a schema with what it refers to, and with its `allOf`, put together: properties united, the last wins."""
    found = document.resolved(schema)
    if not isinstance(found, dict) or depth > _DEPTH:
        return {}
    bases = values(found.get("allOf"))
    together: Json = {}
    for part in [*bases, found]:
        one = found if part is found else merged(document, part, depth + 1)
        for key, value in one.items():
            if part is not found and (key in _OWN or (key == "description" and len(bases) > 1)):
                continue
            if key == "properties" and isinstance(value, dict):
                together[key] = _overlaid(together.get(key), value)
            elif key == "required" and isinstance(value, list):
                together[key] = [*dict.fromkeys([*texts(together.get(key)), *texts(value)])]
            elif key != "allOf":
                together[key] = value
    return together


def _overlaid(before: JsonValue, after: Json) -> Json:
    """Return properties that are said more of: what is new is added to what was said before."""
    both = dict(before) if isinstance(before, dict) else {}
    for name, it in after.items():
        old = both.get(name)
        both[name] = {**old, **it} if isinstance(old, dict) and isinstance(it, dict) and "$ref" not in it else it
    return both


class Schemas:
    """
    Brings the schemas of one problem type into form.

    Args:
        document: What they are in.
        name: The name of the problem type, for the classes of objects that have none.
        tell: Is told what cannot be kept, and where.
    """

    __slots__ = ("_count", "_document", "_inside", "_name", "_names", "_tell", "definitions")

    def __init__(self, document: Document, name: str, tell: Callable[[str], None]) -> None:
        self._document = document
        self._name = name
        self._tell = tell
        self._names: dict[str, str] = {}
        self._inside: list[str] = []
        self._count = 0
        self.definitions: dict[str, Json] = {}

    def members(self, properties: Mapping[str, JsonValue], required: JsonValue) -> tuple[dict[str, Json], list[str]]:
        """Return the schemas of members, and the names of those that are required."""
        needed = texts(required)
        if "" in {*properties, *needed}:
            self._tell("A member whose name is empty is left out.")
        found = {name: self.schema(it, name) for name, it in properties.items() if name}
        needed = [*dict.fromkeys(name for name in needed if name)]
        return {**found, **{name: {} for name in needed if name not in found}}, needed

    def schema(self, schema: JsonValue, where: str) -> Json:
        """Return one schema in form; *where* is the name of the member that it is of."""
        if isinstance(schema, dict) and not text(schema, "$ref"):
            schema = _said_of_one(schema)
        if isinstance(schema, dict) and text(schema, "$ref"):
            return self._reference(schema, where)
        if not isinstance(schema, dict):
            if schema is not True:
                self._tell(f"{where!r} has no schema that could be read: it can be anything.")
            return {}
        self._count += 1
        if len(self._inside) > _DEPTH or self._count > _SCHEMAS:
            self._tell(f"{where!r} is nested too deep: what is inside can be anything.")
            return {}
        self._inside.append("")
        try:
            return {**self._about(schema), **self._shape(merged(self._document, schema), where)}
        finally:
            self._inside.pop()

    def _reference(self, schema: Json, where: str) -> Json:
        reference = text(schema, "$ref")
        target = self._document.resolved(schema)
        if not isinstance(target, dict):
            self._tell(f"{where!r} refers to {reference!r}, which is not in the document: it can be anything.")
            return self._about(schema)
        siblings = self._about({key: value for key, value in schema.items() if key != "$ref"})
        if reference in self._names:
            return {"$ref": f"#/$defs/{self._names[reference]}", **siblings}
        if reference in self._inside:
            self._tell(f"{where!r} contains itself: what is inside can be anything.")
            return siblings
        whole = merged(self._document, target)
        self._inside.append(reference)
        try:
            if _is_object(whole):
                return {**self._defined(class_name(reference.rpartition("/")[2]), whole, where, reference), **siblings}
            return {**self.schema(target, where), **siblings}
        finally:
            self._inside.pop()

    def _defined(self, name: str, whole: Json, where: str, reference: str) -> Json:
        """Return the reference to the class of an object."""
        name = name or class_name(where) or f"{self._name}Value"
        while name in self.definitions or name == self._name:
            name += "_"
        self.definitions[name] = {}
        if reference:
            self._names[reference] = name
        properties, required = self.members(self._document.object_at(whole, "properties"), whole.get("required"))
        definition: Json = {"type": "object", "properties": {**properties}, "required": [*required]}
        if description := text(whole, "description"):
            definition["description"] = description
        self.definitions[name] = definition
        self._unchecked(whole, where)
        return {"$ref": f"#/$defs/{name}"}

    def _about(self, schema: Json) -> Json:
        """Return what a schema says for people."""
        said: Json = {}
        if description := " ".join(text(schema, "description").split()):
            said["description"] = description
        if examples := values(schema.get("examples")):
            said["examples"] = examples
        elif "example" in schema:
            said["examples"] = [schema["example"]]
        return said

    def _unchecked(self, schema: Json, where: str) -> None:
        if found := [key for key in _UNCHECKED if key in schema]:
            self._tell(f"{where!r} is also limited by {', '.join(found)}, which is not checked.")

    def _shape(self, schema: Json, where: str) -> Json:
        """Return what a schema says about values."""
        self._unchecked(schema, where)
        if _is_object(schema):
            made = self._defined("", schema, where, "")
            return _nullable(made, is_nullable=_allows_null(schema))
        if constant := self._constant(schema, where):
            return {**constant, **self._default(schema, where)}
        for union in ("oneOf", "anyOf"):
            if alternatives := values(schema.get(union)):
                any_of: list[JsonValue] = [self.schema(it, where) for it in alternatives]
                return _nullable({"anyOf": any_of}, is_nullable=_allows_null(schema))
        kinds = [kind for kind in _kinds(schema) if kind != "null"]
        branches: list[Json] = [self._of_kind(kind, schema, where) for kind in kinds]
        if not kinds:
            if lost := sorted(_BOUNDS & schema.keys()):
                self._tell(f"{where!r} has no type that could be read, so {', '.join(lost)} is not checked.")
            return {"type": "null"} if _kinds(schema) == ["null"] else {}
        shape: Json = branches[0] if len(branches) == 1 else {"anyOf": [*branches]}
        return {**_nullable(shape, is_nullable=_allows_null(schema)), **self._default(schema, where)}

    def _constant(self, schema: Json, where: str) -> Json | None:
        allowed = [schema["const"]] if "const" in schema else values(schema.get("enum"))
        if not allowed:
            return None
        known = [value for value in allowed if value is None or isinstance(value, str | int)]
        if known != allowed:
            self._tell(f"{where!r} has values that no annotation can list: others are taken, too.")
            return None
        nothing = [None] if schema.get("nullable") is True else []
        return {"const": known[0]} if "const" in schema else {"enum": [*dict.fromkeys([*known, *nothing])]}

    def _of_kind(self, kind: str, schema: Json, where: str) -> Json:
        shape: Json = {"type": kind, **{key: schema[key] for key in _TOLD if _is_telling(key, schema, kind)}}
        shape.update(self._bounds(kind, schema, where))
        if kind == "array":
            shape["items"] = self.schema(schema.get("items", True), f"{where} item")
        others = schema.get("additionalProperties")
        if kind == "object" and isinstance(others, dict) and others:
            shape["additionalProperties"] = self.schema(others, f"{where} value")
        return shape

    def _bounds(self, kind: str, schema: Json, where: str) -> Iterator[tuple[str, Any]]:
        for key in (key for key in schema if key in _OF_KIND.get(kind, ())):
            value = schema[key]
            if isinstance(value, bool) and key.startswith("exclusive"):
                continue  # OpenAPI 3.0: it is about the other bound
            other = f"exclusive{key[:1].upper()}{key[1:]}"
            if not _is_bound(key, value) or (kind == "string" and schema.get("format") in FORMATS):
                self._tell(f"{where!r} is also limited by {key} {value!r}, which is not checked.")
            else:
                yield (other if schema.get(other) is True else key), value

    def _default(self, schema: Json, where: str) -> Json:
        if "default" not in schema:
            return {}
        value, kinds = schema["default"], _kinds(schema)
        if value is None and not _allows_null(schema):
            return {}
        allowed = [schema["const"]] if "const" in schema else values(schema.get("enum"))
        fits = value in allowed if allowed else _kind_of(value) in kinds
        is_special = isinstance(value, str) and schema.get("format") in FORMATS
        if not fits or is_special or (isinstance(value, list | dict) and value):
            self._tell(f"{where!r} is {value!r} where it is absent, which is not filled in.")
            return {}
        return {"default": value}


def _said_of_one(schema: Json) -> Json:
    """Return a reference with what is said of it, where OpenAPI 3.0 needs an `allOf` to say it."""
    parts = values(schema.get("allOf"))
    if len(parts) != 1 or not text(parts[0], "$ref") or {"properties", "required"} & schema.keys():
        return schema
    return {**{key: value for key, value in schema.items() if key != "allOf"}, "$ref": text(parts[0], "$ref")}


def _is_object(schema: Json) -> bool:
    properties = schema.get("properties")
    kinds = [kind for kind in _kinds(schema) if kind != "null"]
    return isinstance(properties, dict) and bool(properties) and kinds in ([], ["object"])


def _kinds(schema: Json) -> list[str]:
    said = text(schema, "type")
    found = [it for it in ([said] if said else texts(schema.get("type"))) if it in _KINDS]
    if not found and "items" in schema:
        return ["array"]
    return found or (["object"] if isinstance(schema.get("additionalProperties"), dict) else [])


def _allows_null(schema: Json) -> bool:
    return schema.get("nullable") is True or "null" in _kinds(schema)


def _nullable(shape: Json, *, is_nullable: bool) -> Json:
    if not is_nullable:
        return shape
    return {"anyOf": [*(values(shape.get("anyOf")) or [shape]), {"type": "null"}]}


def _kind_of(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "boolean"
    names = ((str, "string"), (int, "integer"), (float, "number"), (list, "array"), (dict, "object"))
    return next((name for cls, name in names if isinstance(value, cls)), "null")


def _is_telling(key: str, schema: Json, kind: str) -> bool:
    if key == "format":
        return isinstance(schema.get(key), str) and kind in ("string", "integer", "number")
    return schema.get(key) is True and (key != "uniqueItems" or kind == "array")


def _is_bound(key: str, value: JsonValue) -> bool:
    """Return whether pydantic can check a bound."""
    if key == "pattern":
        try:
            SchemaValidator(core_schema.str_schema(pattern=value if isinstance(value, str) else "("))
        except SchemaError:
            return False
        return True
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return False
    if key in _NUMBERS:
        return key != "multipleOf" or value > 0
    return isinstance(value, int) and 0 <= value < 2**31
