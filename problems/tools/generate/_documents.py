"""
A document with references inside it, and nothing outside.

Knows JSON Pointer (RFC 6901), nothing of OpenAPI.
"""

from datetime import date, time
from typing import Any, Final, TypeAlias
from urllib.parse import unquote

from pydantic import JsonValue

__all__ = ["Document", "Json", "constant", "is_external", "plain", "text", "texts", "values"]

Json: TypeAlias = dict[str, JsonValue]

_Read: TypeAlias = "dict[Any, _Read] | list[_Read] | str | float | date | time | bytes | None"
"""What readers of JSON and YAML make."""

_HOPS: Final = 32
_DEPTH: Final = 100


class Document:
    """A JSON object; where it is wrong, it says nothing."""

    __slots__ = ("root",)

    def __init__(self, root: Json) -> None:
        self.root = root

    def resolved(self, value: JsonValue) -> JsonValue:
        """Return what a value stands for: itself, unless it is a reference; nothing for one that leads nowhere."""
        for _ in range(_HOPS):
            reference = text(value, "$ref")
            if not reference:
                return value
            value = self._at(reference)
        return None

    def _at(self, reference: str) -> JsonValue:
        if reference != "#" and not reference.startswith("#/"):
            return None
        value: JsonValue = self.root
        for token in reference.split("/")[1:]:
            name = unquote(token).replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict):
                value = value.get(name)
            elif isinstance(value, list) and name.isdecimal() and len(name) < 9 and int(name) < len(value):
                value = value[int(name)]
            else:
                return None
        return value

    def object_at(self, value: JsonValue, *path: str) -> Json:
        """Return the object at the end of a path, references followed; an empty one if there is none."""
        for name in path:
            value = self.resolved(value)
            value = value.get(name) if isinstance(value, dict) else None
        value = self.resolved(value)
        return value if isinstance(value, dict) else {}


def plain(value: _Read, outer: tuple[int, ...] = ()) -> JsonValue:
    """
    Return a value as JSON has it, whatever a reader of YAML made of it.

    What is nested too deep, or in itself, is left out.

    >>> plain({200: date(2026, 1, 31)})
    {'200': '2026-01-31'}
    """
    inner = (*outer, id(value))
    is_cut = len(outer) >= _DEPTH or id(value) in outer
    if isinstance(value, dict):
        return {str(key): plain(it, inner) for key, it in value.items() if not is_cut}
    if isinstance(value, list):
        return [plain(it, inner) for it in value if not is_cut]
    if isinstance(value, date | time):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float) else str(value)


def is_external(value: JsonValue) -> str | None:
    """Return the reference that *value* is, if it leads out of the document."""
    reference = text(value, "$ref")
    return reference if reference and not reference.startswith("#") else None


def text(value: JsonValue, name: str) -> str:
    """Return the text that an object has under *name*; an empty one if it has none."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def texts(value: JsonValue) -> list[str]:
    """Return the texts in a list; none of what is no list."""
    return [it for it in values(value) if isinstance(it, str)]


def values(value: JsonValue) -> list[JsonValue]:
    """Return a list; an empty one for what is none."""
    return value if isinstance(value, list) else []


def constant(schema: Json) -> JsonValue:
    """Return the one value that a schema allows, if it is one."""
    allowed = [schema["const"]] if "const" in schema else values(schema.get("enum"))
    return allowed[0] if len(allowed) == 1 else None
