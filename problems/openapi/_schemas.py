"""
Component schemas of problem types: pydantic's schemas, under names that are free in the document.

Knows the existing schemas of the document, and never changes them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic.json_schema import models_json_schema

from problems.declaring._definition import definition_of
from problems.declaring.problem import Problem
from problems.openapi._docstrings import described
from problems.openapi._legacy import Legacy, legacy_schema
from problems.openapi._names import member_names, problem_names, variants
from problems.openapi._v30 import to_30
from problems.openapi._walk import SCHEMAS, Json, with_references, without_nulls
from problems.openapi._wire_schema import WireSchema, without_write_only
from problems.registry import Registry

__all__ = ["schemas_of"]


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
    models = {cls: registry.model(cls) for cls in classes}
    references, definitions = models_json_schema(
        [(model, "serialization") for model in models.values()],
        ref_template=SCHEMAS + "{model}",
        schema_generator=WireSchema,
    )
    schemas: Json = {name: without_write_only(it) for name, it in definitions.get("$defs", {}).items()}
    given = {cls: _name(references[model, "serialization"]) for cls, model in models.items()}
    namer = _Namer(taken, version)
    members = {name: schema for name, schema in schemas.items() if name not in given.values()}
    namer.place_members(members)
    wanted = problem_names({cls: registry.uri(cls) for cls in classes})
    names: dict[type[Problem], str] = {}
    for cls in classes:
        schema = _described(schemas[given[cls]], cls)
        is_invalid = cls is registry.validation_problem
        if is_invalid or registry.facts(cls).is_blank:
            schema = legacy_schema(schema, legacy, is_invalid=is_invalid)
        names[cls] = namer.place(schema, wanted[cls])
    return names, namer.placed


def _name(reference: Mapping[str, Any]) -> str:
    return str(reference["$ref"]).removeprefix(SCHEMAS)


def _described(schema: Json, cls: type[Problem]) -> Json:
    """Return a schema with the descriptions from the docstrings of a class and its bases."""
    described_bases = [described(base.__dict__.get("__doc__")) for base in cls.__mro__ if issubclass(base, Problem)]
    properties: Json = {name: dict(it) for name, it in schema["properties"].items()}
    for _, attributes in described_bases:
        for member, text in attributes.items():
            name = definition_of(cls).members.sent.get(member)
            if name in properties and "$ref" not in properties[name]:
                properties[name].setdefault("description", text)
    description = described_bases[0][0] or schema.get("description", "")
    return {**schema, "description": description, "properties": properties}


class _Namer:
    """Finds a name for each schema: its own, unless that name has another meaning in the document."""

    def __init__(self, taken: Mapping[str, Any], version: str) -> None:
        self.placed: Json = {}
        self._taken, self._old = taken, version.startswith("3.0")
        self._renamed: dict[str, str] = {}

    def place(self, schema: Json, wanted: str) -> str:
        """Add the schema of a problem type under the first free name, and return the name."""
        for name in variants(wanted):
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
        for candidate in member_names(name, self._taken.keys()):
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
