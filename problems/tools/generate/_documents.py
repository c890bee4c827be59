"""
A JSON document with its references: inside it, by `$id`, and to files in its folder.

Knows JSON Pointer (RFC 6901) and the base URIs of JSON Schema. Does not know OpenAPI, and opens no file itself.
"""

import math
import posixpath
from collections.abc import Callable, Iterator, Mapping
from datetime import date, time
from typing import Final, Self, TypeAlias
from urllib.parse import unquote

from pydantic import JsonValue

from problems._wire.json import is_array, is_object
from problems._wire.uris import check_reference, is_absolute, resolve
from problems.errors import ProblemsError

__all__ = ["Document", "Json", "Reference", "constants", "text", "texts", "values"]

Json: TypeAlias = dict[str, JsonValue]

_HOPS: Final = 32
_DEPTH: Final = 100
_FILES: Final = 500
_MOST_NOTES: Final = 20
_BITS: Final = 1_000
"""Larger integers are left out: Python limits the digits of integers in source text."""
_ANCHORS: Final = ("$anchor", "$dynamicAnchor")
_REFERENCES: Final = ("$ref", "$dynamicRef", "externalValue")
_SCHEMAS: Final = "#/components/schemas/"


class Reference(str):
    """
    A reference as written, with the place where it is written.

    Attributes:
        file: The file that it is in, relative to the folder of the document; empty for the document itself.
        base: The base URI that an enclosing `$id` sets, or an empty string.
    """

    __slots__ = ("base", "file")

    file: str
    base: str

    def __new__(cls, written: str, file: str, base: str) -> Self:
        """Return a reference with the text *written*."""
        reference = super().__new__(cls, written)
        reference.file, reference.base = file, base
        return reference


class Document:
    """
    A JSON object and the files that it refers to; invalid parts read as empty.

    Args:
        root: The document, as a reader of JSON or YAML returns it.
        read: Returns the content of a file, given its path relative to the document. Without it no file is read.
    """

    __slots__ = ("_files", "_lost", "_named", "_read", "_roots", "root")

    def __init__(self, root: object, read: Callable[[str], object] | None = None) -> None:
        self._read = read
        self._roots: dict[str, JsonValue] = {}
        self._named: dict[str, JsonValue] = {}
        self._lost: dict[str, str] = {}
        whole = self._add("", root)
        self.root: Json = whole if isinstance(whole, dict) else {}

    def _add(self, file: str, content: object) -> JsonValue:
        own = content.get("$self") if is_object(content) else None  # OpenAPI 3.2: a URI for the whole document
        base = own.partition("#")[0] if isinstance(own, str) and not check_reference(own) else ""
        root = self._roots[file] = _Copy(file, self._named).of(content, base, ())
        if base:
            self._named.setdefault(base, root)
        return root

    def resolved(self, value: JsonValue) -> JsonValue:
        """Return the value that a reference refers to, or `None`; any other value is returned unchanged."""
        for _ in range(_HOPS):
            reference = reference_of(value)
            if reference is None:
                return value
            result = self._target(reference)
            if result is None:
                self._lose(reference)
                return None
            (value,) = result
        return None

    def is_lost(self, value: JsonValue) -> bool:
        """Return whether a value is a reference without a target."""
        return reference_of(value) is not None and self.resolved(value) is None

    def object_at(self, value: JsonValue, *path: str) -> Json:
        """Return the object at the end of a path, with references followed, or an empty object."""
        for name in path:
            value = self.resolved(value)
            value = value.get(name) if isinstance(value, dict) else None
        value = self.resolved(value)
        return value if isinstance(value, dict) else {}

    def external(self, value: Json, name: str) -> JsonValue:
        """Return the content of the file that a member of an object names by a URI, or `None`."""
        result = value.get(name)
        return self.resolved({"$ref": result}) if isinstance(result, Reference) else None

    def notes(self) -> Iterator[str]:
        """Yield a sentence for each file or place that references name and that was not read."""
        notes = list(dict.fromkeys(self._lost.values()))
        yield from notes[:_MOST_NOTES]
        if len(notes) > _MOST_NOTES:
            yield f"{len(notes) - _MOST_NOTES} more references have no target."

    def _target(self, reference: Reference) -> tuple[JsonValue] | None:
        """Return the value that a reference names, in a tuple, or `None`."""
        location, _, fragment = reference.partition("#")
        for root, name in self._resources(location, reference):
            if not fragment or fragment.startswith("/"):
                if result := _at(root, fragment):
                    return result
            elif f"{name}#{fragment}" in self._named:
                return (self._named[f"{name}#{fragment}"],)
        return None

    def _resources(self, location: str, reference: Reference) -> Iterator[tuple[JsonValue, str]]:
        """Yield the resources that a reference's part before the `#` may name, the best match first."""
        base = reference.base
        names = [resolve(base, location) if location else base] if base else []
        for name in [*names, *([location] if location else [])]:
            if name in self._named:
                yield self._named[name], name
        path = _path(reference.file, location)
        if path is not None and (content := self._content(path)) is not None:
            yield content, path

    def _content(self, path: str) -> JsonValue:
        if path not in self._roots:
            self._roots[path] = None
            if self._read is None:
                self._lost[path] = f"{path!r} is another file, which is not read from a document in memory."
            elif len(self._roots) > _FILES:
                self._lost[path] = f"{path!r} is not read: the document refers to more than {_FILES} files."
            else:
                try:
                    self._add(path, self._read(path))
                except ProblemsError as error:
                    self._lost[path] = str(error)
        return self._roots[path]

    def _lose(self, reference: Reference) -> None:
        """Note a reference without a target: once for a file, whatever part of it is named."""
        location = reference.partition("#")[0]
        path = _path(reference.file, location)
        if location and (path is None or is_absolute(location)):
            reason = (
                "references to other servers are not followed" if is_absolute(location) else "it is not a file below"
            )
            self._lost[location] = f"{location!r} is not read: {reason}."
        elif path not in self._lost:
            self._lost[str(reference)] = f"{str(reference)!r} has no target."


def _path(file: str, location: str) -> str | None:
    """Return the path of a file that a relative reference in *file* names; `None` if it is not below the document."""
    if not location:
        return file
    if is_absolute(location) or location.startswith("/"):
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(file), unquote(location.partition("?")[0])))
    return None if path.startswith(("..", "/")) or "\0" in path or "\\" in path else path


def _at(root: JsonValue, pointer: str) -> tuple[JsonValue] | None:
    """Return the value at a JSON Pointer, in a tuple, or `None`."""
    value = root
    for token in pointer.split("/")[1:]:
        name = unquote(token).replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and len(name) < 9 and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return None if value is None else (value,)


class _Copy:
    """Copies a document as JSON, whatever a YAML reader made of it, and notes the places of its references."""

    __slots__ = ("_done", "_file", "_named")

    def __init__(self, file: str, named: dict[str, JsonValue]) -> None:
        self._file = file
        self._named = named
        self._done: dict[tuple[int, str], JsonValue] = {}

    def of(self, value: object, base: str, outer: tuple[int, ...]) -> JsonValue:
        """Return a copy; values that are nested too deep, or in themselves, are left out."""
        if not is_object(value) and not is_array(value):
            return _scalar(value)
        key = (id(value), base)  # aliased parts of YAML stay shared
        if key in self._done:
            return self._done[key]
        if len(outer) >= _DEPTH or id(value) in outer:
            return {} if is_object(value) else []
        inner = (*outer, id(value))
        if is_object(value):
            copied: JsonValue = self._object(value, base, inner)
        else:
            copied = [self.of(item, base, inner) for item in value]
        self._done[key] = copied
        return copied

    def _object(self, value: Mapping[str, object], base: str, inner: tuple[int, ...]) -> Json:
        copied: Json = {}
        own = value.get("$id")
        if isinstance(own, str) and not check_reference(own):
            base = (resolve(base, own) if base else own).partition("#")[0]
            self._named.setdefault(base, copied)
        for name, item in value.items():
            key = _key(name)
            if key in _REFERENCES and isinstance(item, str):
                copied[key] = Reference(_clean(item), self._file, base)
            else:
                copied[key] = self.of(item, base, inner)
        for name in _ANCHORS:
            if anchor := text(copied, name):
                self._named.setdefault(f"{base or self._file}#{anchor}", copied)
        mapping = copied.get("mapping")
        if text(copied, "propertyName") and isinstance(mapping, dict):
            copied["mapping"] = {name: self._mapped(item, base) for name, item in mapping.items()}
        return copied

    def _mapped(self, value: JsonValue, base: str) -> JsonValue:
        """Return the schema that a discriminator names: by its component name, or by a reference."""
        if not isinstance(value, str):
            return {}
        is_name = not set(value) & set("#/") and not value.endswith((".json", ".yaml", ".yml"))
        return {"$ref": Reference(f"{_SCHEMAS}{value}" if is_name else value, self._file, base)}


def _scalar(value: object) -> JsonValue:
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if value.bit_length() <= _BITS else None
    return value.isoformat() if isinstance(value, date | time) else None


def _key(name: object) -> str:
    if isinstance(name, bool) or name is None:
        return {True: "true", False: "false", None: "null"}[name]
    return _clean(str(name.isoformat() if isinstance(name, date | time) else name))


def _clean(value: str) -> str:
    """Return a text without lone surrogates, which no encoding of Python source supports."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def reference_of(value: JsonValue) -> Reference | None:
    """Return the reference that a value is, or `None`."""
    result = value.get("$ref", value.get("$dynamicRef")) if isinstance(value, dict) else None
    return result if isinstance(result, Reference) else None


def text(value: JsonValue, name: str) -> str:
    """Return the text that an object has under *name*, or an empty one."""
    result = value.get(name) if isinstance(value, dict) else None
    return result if isinstance(result, str) else ""


def texts(value: JsonValue) -> list[str]:
    """Return the texts in a list, or an empty list for any other value."""
    return [item for item in values(value) if isinstance(item, str)]


def values(value: JsonValue) -> list[JsonValue]:
    """Return a list, or an empty one for any other value."""
    return value if isinstance(value, list) else []


def constants(schema: Json) -> list[JsonValue]:
    """Return the values that a schema allows, if it lists them."""
    return [schema["const"]] if "const" in schema else values(schema.get("enum"))
