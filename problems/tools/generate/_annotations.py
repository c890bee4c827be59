"""
Annotations for schemas: from JSON Schema to the types of Python, with what limits them.

Knows no problem types. Schemas are those that pydantic writes, or such as were brought into that form.
"""

from collections.abc import Callable
from typing import Any, Final

from pydantic import JsonValue

from problems.tools.generate._layout import Group, Node, literal, written

__all__ = ["FORMATS", "LIMITS", "Annotations", "annotated", "arguments"]

Json = dict[str, Any]

_LONG: Final = 70
_PLAIN: Final = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
FORMATS: Final = {
    "date-time": "datetime.datetime",
    "date": "datetime.date",
    "time": "datetime.time",
    "duration": "datetime.timedelta",
    "uuid": "uuid.UUID",
}
"""The types of texts that have a format."""
LIMITS: Final = {
    "minimum": "ge",
    "exclusiveMinimum": "gt",
    "maximum": "le",
    "exclusiveMaximum": "lt",
    "multipleOf": "multiple_of",
    "minLength": "min_length",
    "maxLength": "max_length",
    "minItems": "min_length",
    "maxItems": "max_length",
    "pattern": "pattern",
    "description": "description",
    "examples": "examples",
}
"""The arguments of `Field` that say what a keyword says."""
_NOT_KEPT: Final = frozenset({*LIMITS, "type", "title", "default", "items", "anyOf", "oneOf", "allOf", "$ref"})
_ALSO_NOT_KEPT: Final = frozenset({"const", "enum", "properties", "required", "additionalProperties", "prefixItems"})


class Annotations:
    """
    Write the annotation of each schema.

    Args:
        named: Returns the name of the class that a reference is to.
    """

    __slots__ = ("_named",)

    def __init__(self, named: Callable[[str], str]) -> None:
        self._named = named

    def kind(self, schema: Json) -> Node:
        """Return the type of a schema's values."""
        if "$ref" in schema:
            return self._named(str(schema["$ref"]))
        if "const" in schema:
            return Group("Literal[", [literal(schema["const"])], "]")
        if "enum" in schema:
            return Group("Literal[", [literal(value) for value in schema["enum"]], "]")
        for union in ("anyOf", "oneOf", "allOf"):
            if union in schema:
                return _union([self._limited(it) for it in schema[union]])
        kinds = schema.get("type", ())
        found = [self._plain(kind, schema) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
        return _union(found) if found else "Any"

    def optional(self, schema: Json) -> tuple[Node, list[Node], str]:
        """Return the annotation of a member that may be absent, what makes its default, and the default."""
        kind = self.kind(schema)
        flat = str(kind)
        value: JsonValue = schema.get("default")
        if "default" not in schema and flat.startswith(("list[", "dict[")) and " | " not in flat:
            value = [] if flat.startswith("list[") else {}
        if isinstance(value, list | dict):
            # A type, where there is one, tells type checkers what is empty.
            factory = f"lambda: {literal(value)}" if value or "$ref" in str(schema) else flat
            return kind, [f"default_factory={factory}"], ""
        if "default" not in schema and "None" not in flat.split(" | "):
            kind = _union([kind, "None"])
        return kind, [], f" = {literal(value)}"

    def _limited(self, schema: Json) -> Node:
        return annotated(self.kind(schema), arguments(schema))

    def _plain(self, kind: str, schema: Json) -> Node:
        if kind == "array" and "prefixItems" in schema:
            return Group("tuple[", [self._limited(it) for it in schema["prefixItems"]], "]")
        if kind == "array":
            return Group("list[", [self._limited(schema.get("items", {}))], "]")
        if kind == "object":
            values: JsonValue = schema.get("additionalProperties")
            return Group("dict[", ["str", self._limited(values) if isinstance(values, dict) else "Any"], "]")
        if kind == "string" and schema.get("format") in FORMATS:
            return FORMATS[schema["format"]]
        return _PLAIN.get(kind, "Any")


def _union(kinds: list[Node]) -> Node:
    """Return a union; what does not fit in a line is broken in its last brackets."""
    kinds = list({str(kind): kind for kind in kinds}.values())
    flat = [str(kind) for kind in kinds]
    first = kinds[0]
    if flat[1:] == ["None"] and isinstance(first, Group) and first.opening == "Literal[":
        if "None" in first.items:
            return first
        if len(flat[0]) > _LONG:
            return Group(first.opening, [*first.items, "None"], first.closing)
    groups = [(at, kind) for at, kind in enumerate(kinds) if isinstance(kind, Group)]
    if not groups:
        return " | ".join(flat)
    last, group = groups[-1]
    before, after = "".join(f"{kind} | " for kind in flat[:last]), "".join(f" | {kind}" for kind in flat[last + 1 :])
    return Group(before + group.opening, group.items, group.closing + after)


def annotated(kind: Node, said: list[Node], *others: Node) -> Node:
    """Return a type with what is said of it."""
    metadata = [*([Group("Field(", said, ")")] if said else []), *others]
    return Group("Annotated[", [kind, *metadata], "]") if metadata else kind


def arguments(schema: Json) -> list[Node]:
    """Return the arguments of `Field` that say what the annotation does not."""
    found = [written(LIMITS[key], value) for key, value in schema.items() if key in LIMITS]
    rest = {key: value for key, value in schema.items() if key not in _NOT_KEPT | _ALSO_NOT_KEPT}
    if rest.get("format") in FORMATS:
        del rest["format"]
    return [*found, written("json_schema_extra", rest)] if rest else found
