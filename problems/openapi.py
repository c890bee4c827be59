"""
OpenAPI fragments for problem types: component schemas, responses, operations.

Pure functions from classes to dictionaries: this module knows no framework
and changes no application. The shape is the one that validators, documentation pages and code
generators agree on: a flat schema for each type with a constant `type`, one response for each status, and a named
union with a discriminator where a status has several types.
"""

import copy
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from pydantic.json_schema import models_json_schema

from problems._examples import example_document
from problems._media_types import PROBLEM_JSON
from problems.exceptions import Problem
from problems.registry import Registry

__all__ = ["Components", "component_responses", "component_schemas", "objects_in", "operation_responses"]

Json = dict[str, Any]

_SCHEMAS: Final = "#/components/schemas/"
_RESPONSES: Final = "#/components/responses/"


@dataclass(frozen=True, slots=True)
class Components:
    """
    What the operations of one document refer to.

    Attributes:
        names: The name of each class's component.
        schemas: The component schemas, those that members need among them.
        responses: The component responses: one for each class.
    """

    names: Mapping[type[Problem], str]
    schemas: Json
    responses: Json

    @classmethod
    def of(
        cls, registry: Registry, types: Iterable[type[Problem]], taken: Mapping[str, Any] | None = None
    ) -> "Components":
        """
        Return the components of *types*.

        Args:
            registry: Says which type URIs they have.
            types: The problem classes.
            taken: The component schemas that the document has already; no name of theirs gets another meaning.
        """
        classes = tuple(dict.fromkeys(types))
        names, schemas = _schemas(registry, classes)
        renamed = _renamed(schemas, taken or {})
        schemas = {renamed.get(name, name): _with_refs(schema, renamed) for name, schema in schemas.items()}
        names = {it: renamed.get(name, name) for it, name in names.items()}
        responses = {names[it]: _response(registry, it, names[it]) for it in classes}
        return cls(names, schemas, responses)

    def of_operation(self, registry: Registry, types: Sequence[type[Problem]], operation_id: str) -> tuple[Json, Json]:
        """
        Return the responses of an operation by status, and the schemas of the unions they refer to.

        Args:
            registry: Says which type URIs the classes have.
            types: What the operation can raise, in order.
            operation_id: The operation's id, after which unions are named.
        """
        responses: Json = {}
        unions: Json = {}
        for status, classes in _by_status(registry, types).items():
            if len(classes) == 1:
                responses[str(status)] = {"$ref": _RESPONSES + self.names[classes[0]]}
                continue
            name = f"{_pascal(operation_id)}{status}Problem"
            unions[name] = _union(registry, name, {cls: self.names[cls] for cls in classes})
            responses[str(status)] = self._union_response(classes, name)
        return responses, unions

    def _union_response(self, classes: Sequence[type[Problem]], name: str) -> Json:
        parts = [self.responses[self.names[cls]] for cls in classes]
        examples: Json = {}
        headers: Json = {}
        for part in parts:
            examples |= part["content"][PROBLEM_JSON].get("examples", {})
            headers |= part.get("headers", {})
        if len(parts) > 1:  # what one of them always sends, the others do not
            headers = {header: _optional(it, header, parts) for header, it in headers.items()}
        content = {"schema": {"$ref": _SCHEMAS + name}, **({"examples": examples} if examples else {})}
        described = " / ".join(dict.fromkeys(part["description"] for part in parts))
        return {
            "description": described,
            **({"headers": headers} if headers else {}),
            "content": {PROBLEM_JSON: content},
        }


def component_schemas(registry: Registry, *types: type[Problem]) -> Json:
    """Return the component schemas of problem types, and of the models their members use."""
    return Components.of(registry, types).schemas


def component_responses(registry: Registry, *types: type[Problem]) -> Json:
    """Return the component responses of problem types, keyed as their schemas are."""
    return Components.of(registry, types).responses


def operation_responses(registry: Registry, operation_id: str, *types: type[Problem]) -> tuple[Json, Json]:
    """
    Return the responses of one operation by status, and the further schemas they refer to.

    For documents that are built by hand or by other tools; the components are those of
    `component_schemas` and `component_responses`.
    """
    return Components.of(registry, types).of_operation(registry, types, operation_id)


def _schemas(registry: Registry, classes: Sequence[type[Problem]]) -> tuple[dict[type[Problem], str], Json]:
    """Return pydantic's schemas of the documents of *classes*, and the name that each class got."""
    models = {cls: registry.model(cls) for cls in classes}
    references, definitions = models_json_schema(
        [(model, "serialization") for model in models.values()], ref_template=_SCHEMAS + "{model}"
    )
    names = {cls: references[model, "serialization"]["$ref"].removeprefix(_SCHEMAS) for cls, model in models.items()}
    return names, definitions.get("$defs", {})


def _renamed(schemas: Json, taken: Mapping[str, Any]) -> dict[str, str]:
    """Return new names for the schemas whose name means something else in the document already."""
    renamed: dict[str, str] = {}
    for name, schema in schemas.items():
        if taken.get(name, schema) != schema:
            used = {*taken, *schemas, *renamed.values()}
            candidates = (f"{name}Problem{number or ''}" for number in range(len(used) + 1))
            renamed[name] = next(candidate for candidate in candidates if candidate not in used)
    return renamed


def _with_refs(schema: Json, renamed: Mapping[str, str]) -> Json:
    """Return a schema with its references under their new names."""
    if not renamed:
        return schema
    changed = copy.deepcopy(schema)
    for part in objects_in(changed):
        name = str(part.get("$ref", "")).removeprefix(_SCHEMAS)
        if name in renamed:
            part["$ref"] = _SCHEMAS + renamed[name]
    return changed


def _is_object(value: object) -> TypeGuard[Json]:
    return isinstance(value, dict)


def objects_in(value: object) -> Iterator[Json]:
    """Yield every object in a JSON value, itself included."""
    waiting: list[Any] = [value]
    while waiting:
        part: Any = waiting.pop()
        if _is_object(part):
            yield part
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def _response(registry: Registry, cls: type[Problem], name: str) -> Json:
    facts = registry.facts(cls)
    content: Json = {"schema": {"$ref": _SCHEMAS + name}}
    example = example_document(cls, facts, registry.model(cls))
    if example is not None:
        content["examples"] = {name: {"summary": facts.title, "value": example}}
    headers = _headers(cls)
    return {
        "description": facts.title,
        **({"headers": headers} if headers else {}),
        "content": {PROBLEM_JSON: content},
    }


def _headers(cls: type[Problem]) -> Json:
    """Return the response header fields that members are sent in; their values are text (RFC 9110, section 5.5)."""
    members = cls.problem_members
    found: Json = {}
    for name, header in members.headers.items():
        required = (
            members.model.model_fields[name].is_required() or members.model.model_fields[name].default is not None
        )
        found[header.name] = {
            **({"description": header.description} if header.description else {}),
            **({"required": True} if required else {}),
            "schema": {"type": "string"},
        }
    return found


def _optional(header: Json, name: str, parts: Sequence[Json]) -> Json:
    if all(part.get("headers", {}).get(name, {}).get("required") for part in parts):
        return header
    return {key: value for key, value in header.items() if key != "required"}


def _by_status(registry: Registry, types: Sequence[type[Problem]]) -> dict[int, list[type[Problem]]]:
    """Return the classes of each status; of those with one type URI the first, for nothing tells them apart."""
    found: dict[int, dict[str, type[Problem]]] = {}
    for cls in types:
        facts = registry.facts(cls)
        found.setdefault(facts.status, {}).setdefault(facts.uri, cls)
    return {status: list(classes.values()) for status, classes in sorted(found.items())}


def _union(registry: Registry, name: str, names: Mapping[type[Problem], str]) -> Json:
    # The mapping is explicit: without it the values of `type` would have to be component names (OpenAPI, section 4.25).
    return {
        "title": name,
        "oneOf": [{"$ref": _SCHEMAS + component} for component in names.values()],
        "discriminator": {
            "propertyName": "type",
            "mapping": {registry.uri(cls): _SCHEMAS + component for cls, component in names.items()},
        },
    }


def _pascal(operation_id: str) -> str:
    words = re.split(r"[^A-Za-z0-9]+", operation_id)
    name = "".join(word[:1].upper() + word[1:] for word in words)
    return name if name[:1].isalpha() else f"Operation{name}"
