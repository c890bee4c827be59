"""
Component schemas of problem types, under names that are free in a document.

The names are readable, stable and valid for every code generator. Knows the existing schemas of the document, and
never changes them.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from problems._wire.problem_type import ABOUT_BLANK
from problems.declaring.problem import Problem
from problems.openapi._description import Description, describe, generated, pascal, with_texts
from problems.openapi._legacy import Legacy, legacy_schema
from problems.openapi._v30 import to_30
from problems.openapi._walk import Json, with_references, without_nulls
from problems.openapi._wire_schema import without_write_only
from problems.registry import Registry

__all__ = ["schemas_of"]

_RESERVED: Final = frozenset({"Client", "Error", "HTTPValidationError", "Request", "Response", "ValidationError"})
"""Names that generated clients, or FastAPI, use for their own classes."""

_NUMBER: Final = r"(__\d+)+$"

Descriptions = Mapping[type[Problem], Description]
Scheme = Callable[[type[Problem], Description], str]


def schemas_of(
    registry: Registry,
    classes: Sequence[type[Problem]],
    taken: Mapping[str, Any],
    version: str,
    legacy: Legacy = "never",
) -> tuple[dict[type[Problem], str], Json]:
    """
    Return the component name of each class, and the component schemas, including the schemas that members need.

    Args:
        registry: Defines the type URIs.
        classes: The problem types, each once.
        taken: The component schemas of the document; their names keep their meaning.
        version: The OpenAPI version of the document.
        legacy: When `detail` is the value that FastAPI would have sent.
    """
    descriptions = {cls: describe(registry, cls) for cls in classes}
    own = {cls: description.schema for cls, description in descriptions.items()}
    members = _merged(descriptions.values())
    if members is None:
        schemas, members = generated([registry.model(cls) for cls in classes])
        own = {cls: with_texts(schema, cls) for cls, schema in zip(classes, schemas, strict=True)}
    namer = _Namer(taken, version)
    namer.place_members(members)
    wanted = _problem_names(descriptions)
    names: dict[type[Problem], str] = {}
    for cls in classes:
        schema, is_invalid = own[cls], cls is registry.validation_problem
        if legacy != "never" and (is_invalid or descriptions[cls].facts.is_blank):
            schema = legacy_schema(schema, legacy, is_invalid=is_invalid)
        names[cls] = namer.place(schema, wanted[cls])
    return names, namer.placed


def _merged(descriptions: Iterable[Description]) -> Json | None:
    """Return the schemas that members need, or `None` if pydantic has to distinguish models of the same name."""
    members: Json = {}
    for definitions in (description.definitions for description in descriptions):
        for name, schema in definitions.items():
            if "__" in name or members.setdefault(name, schema) != schema:
                return None
    return members


class _Namer:
    """Finds a name for each schema: its own, unless that name has another meaning in the document."""

    def __init__(self, taken: Mapping[str, Any], version: str) -> None:
        self.placed: Json = {}
        self._taken, self._old = taken, version.startswith("3.0")
        self._renamed: dict[str, str] = {}

    def place(self, schema: Json, wanted: str) -> str:
        """Add the schema of a problem type under the first free name, and return the name."""
        for name in _variants(wanted):
            final = self._final({**schema, "title": name}, {})
            if self._is_free(name, final):
                self.placed[name] = final
                return name
        raise AssertionError(wanted)  # pragma: no cover - there is always a next number

    def place_members(self, schemas: Json) -> None:
        """Add the schemas that members use; a schema that refers to a renamed one is processed again."""
        for _ in range(len(schemas) + 1):
            before = dict(self._renamed)
            self.placed = dict(self._place_member(name, schema) for name, schema in schemas.items())
            if self._renamed == before:
                break

    def _place_member(self, name: str, schema: Json) -> tuple[str, Json]:
        for candidate in _member_names(name, self._taken.keys()):
            final = self._final(schema, {name: candidate})
            others = {new for old, new in self._renamed.items() if old != name}
            if candidate not in others and self._is_free(candidate, final):
                self._renamed[name] = candidate
                return candidate, self._taken.get(candidate, final)
        raise AssertionError(name)  # pragma: no cover - there is always a next number

    def _final(self, schema: Json, renamed: Mapping[str, str]) -> Json:
        names = {**self._renamed, **renamed}
        final = with_references(schema, {old: new for old, new in names.items() if old != new})
        return to_30(final) if self._old else final

    def _is_free(self, name: str, schema: Json) -> bool:
        if name in self._taken:  # the schema of the same model in requests may describe a secret
            return bool(without_write_only(without_nulls(self._taken[name])) == without_nulls(schema))
        return name not in self.placed or self.placed[name] == schema


def _problem_names(descriptions: Descriptions) -> dict[type[Problem], str]:
    """
    Return the preferred component name of each class; all names are different.

    Classes with the same name are distinguished by their type URIs, which a renamed or moved module does not change, or
    otherwise by their modules.
    """
    groups: dict[str, list[type[Problem]]] = {}
    for cls, item in descriptions.items():
        groups.setdefault(item.name, []).append(cls)
    names: dict[type[Problem], str] = {}
    for name, group in groups.items():
        same = {cls: descriptions[cls] for cls in group}
        names |= {group[0]: name} if len(group) == 1 else _distinguished(name, same, groups)
    return names


def _member_names(name: str, taken: AbstractSet[str]) -> Iterator[str]:
    """Yield the names for a model that members use, in order of preference."""
    if f"{name}-Output" in taken:  # FastAPI's name if requests use the same model too
        yield f"{name}-Output"
    # Pydantic puts the module before the name, and a number after it if the module has two such models.
    plain = re.sub(_NUMBER, "", name).rpartition("__")[2]
    plain = plain if plain[:1].isalpha() else name
    yield plain
    yield from _numbered(f"Problem{plain}")


def _variants(name: str) -> Iterator[str]:
    """Yield the names for a problem type whose preferred name is *name*, in order of preference."""
    if name not in _RESERVED:
        yield name
    yield from _numbered(f"{name}Details" if name.endswith("Problem") else f"{name}Problem")


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}{number}"
        number += 1


def _distinguished(name: str, descriptions: Descriptions, others: Mapping[str, object]) -> dict[type[Problem], str]:
    for scheme in _SCHEMES:
        names = {cls: scheme(cls, description) for cls, description in descriptions.items()}
        values = set(names.values())
        if len(values) == len(names) and all(values) and not (values - {name}) & others.keys():
            return names
    order = sorted(descriptions, key=lambda cls: (descriptions[cls].facts.uri, cls.__module__, cls.__qualname__))
    return {cls: f"{name}{number}" for number, cls in enumerate(order, start=1)}


def _by_uri(length: int) -> Scheme:
    def scheme(_: type[Problem], description: Description) -> str:
        uri = description.facts.uri
        if uri == ABOUT_BLANK:
            return description.name
        name = pascal("-".join(re.split(r"[/#:=?]+", uri.rstrip("/"))[-length:]))
        return name if name[:1].isalpha() else f"{description.name}{name}"

    return scheme


def _by_module(cls: type[Problem], description: Description) -> str:
    return pascal(cls.__module__.rpartition(".")[2]) + description.name


_SCHEMES: Final[tuple[Scheme, ...]] = (_by_uri(1), _by_uri(2), _by_uri(3), _by_module)
