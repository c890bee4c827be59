"""
The components of one document for its problem types, and the responses that refer to them.

One response for each problem type, and a named union where a status has several: OpenAPI allows one response a status.
"""

import copy
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from problems._wire.media_types import PROBLEM_JSON
from problems.declaring.problem import Problem
from problems.openapi._description import Description, describe, pascal
from problems.openapi._inputs import example_of_input
from problems.openapi._legacy import Legacy, legacy_example
from problems.openapi._schemas import schemas_of
from problems.openapi._v30 import to_30
from problems.openapi._walk import SCHEMAS, Json
from problems.registry import Registry

__all__ = ["Components"]

RESPONSES: Final = "#/components/responses/"
_LONGEST_NAME: Final = 80
_NONE: Final[Mapping[str, Any]] = {}


class Components:
    """
    The components that the operations of one document refer to.

    Attributes:
        registry: Defines the type URIs.
        names: The name of each class's component.
        schemas: The component schemas, including the schemas that members need.
        responses: The component responses: one for each class.
        taken: The component schemas that the document already had.
    """

    def __init__(
        self,
        registry: Registry,
        names: Mapping[type[Problem], str],
        schemas: Json,
        responses: Json,
        taken: Mapping[str, Any],
        *,
        old: bool,
    ) -> None:
        self.registry: Registry = registry
        self.names: Mapping[type[Problem], str] = names
        self.schemas: Json = schemas
        self.responses: Json = responses
        self.taken: Mapping[str, Any] = taken
        self._old = old
        self._own: str | None = None
        self._legacy: Legacy = "never"
        self._unions: dict[tuple[type[Problem], ...], tuple[Json, Json]] = {}
        self._statuses: dict[tuple[type[Problem], ...], dict[int, tuple[type[Problem], ...]]] = {}
        self._shared: dict[frozenset[type[Problem]], str] = {}

    @classmethod
    def of(
        cls,
        registry: Registry,
        types: Iterable[type[Problem]],
        taken: Mapping[str, Any] = _NONE,
        *,
        version: str = "3.1.0",
        pages: Mapping[str, str] = _NONE,
        legacy: Legacy = "never",
    ) -> "Components":
        """
        Return the components of *types*.

        Args:
            registry: Defines the type URIs.
            types: The problem classes.
            taken: The component schemas that the document already has; their names keep their meaning.
            version: The OpenAPI version of the document.
            pages: The addresses of problem pages, by type URI.
            legacy: When `detail` is the value that FastAPI would have sent.
        """
        classes = tuple(dict.fromkeys(types))
        names, schemas = schemas_of(registry, classes, taken, version, legacy)
        responses = {names[item]: _response(registry, item, names[item], pages, legacy) for item in classes}
        old = version.startswith("3.0")
        instance = cls(registry, names, dict(sorted(schemas.items())), responses, dict(taken), old=old)
        instance._legacy = legacy
        return instance

    def share(self, operations: Iterable[tuple[type[Problem], ...]]) -> None:
        """
        Share one union between all operations that have the same types at a status.

        A shared union is named after its types, so its name does not depend on the order of operations.
        """
        result = Counter(
            frozenset(classes)
            for types in operations
            for classes in self._by_status(tuple(types)).values()
            if len(classes) > 1
        )
        for classes in (key for key, count in result.items() if count > 1):
            ordered = tuple(sorted(classes, key=lambda item: self.names[item]))
            schema, response = self._union(ordered)
            name = self._free_name(_joined([self.names[item] for item in ordered]), schema)
            content = {PROBLEM_JSON: {"schema": {"$ref": SCHEMAS + name}, **response["content"]}}
            self.responses[name] = {**response, "content": content}
            self._shared[classes] = name

    def of_operation(
        self, types: Iterable[type[Problem]], operation_id: str, *, invalid: Json | None = None
    ) -> tuple[Json, Json]:
        """
        Return the responses of an operation by status, and the schemas of the unions that they refer to.

        Args:
            types: The problem types that the operation can raise, in order.
            operation_id: The operation's id, after which unions are named.
            invalid: The schema of one rejected input of this operation, if it is to be documented.
        """
        if invalid is not None and self.registry.validation_problem in self.names:
            return self._narrowed(_operation_name(operation_id), invalid).of_operation(types, operation_id)
        responses: Json = {}
        unions: Json = {}
        for status, classes in self._by_status(tuple(types)).items():
            if len(classes) == 1:
                name = self.names[classes[0]]
                responses[str(status)] = self.responses[name] if name == self._own else {"$ref": RESPONSES + name}
                continue
            if (shared := self._shared.get(frozenset(classes))) is not None:
                unions[shared] = self.schemas[shared]
                responses[str(status)] = {"$ref": RESPONSES + shared}
                continue
            union, response = self._union(classes)
            name = self._free_name(f"{_operation_name(operation_id)}{status}Problem", union)
            unions[name] = self.schemas[name]
            content = {PROBLEM_JSON: {"schema": {"$ref": SCHEMAS + name}, **response["content"]}}
            responses[str(status)] = {**response, "content": content}
        return responses, unions

    def _by_status(self, types: tuple[type[Problem], ...]) -> dict[int, tuple[type[Problem], ...]]:
        """Return the types of each status, cached: most operations have the same types as another one."""
        by_status = self._statuses.get(types)
        if by_status is None:
            by_status = self._statuses[types] = _by_status(self.registry, types)
        return by_status

    def whole(self, response: Json) -> Json:
        """Return a response of `of_operation` with its reference replaced by the content."""
        if "$ref" not in response:
            return response
        component: Json = self.responses[self.component_of(response) or ""]
        return component

    def component_of(self, response: Json) -> str | None:
        """Return the name of the component response that a response refers to, or `None`."""
        name = str(response.get("$ref", "")).removeprefix(RESPONSES)
        return name if name in self.responses else None

    def _union(self, classes: tuple[type[Problem], ...]) -> tuple[Json, Json]:
        """Return the union of problem types and its response, both without the name of an operation."""
        union = self._unions.get(classes)
        if union is None:
            parts = [self.responses[self.names[cls]] for cls in classes]
            schema = _union_schema({self.names[cls]: self.registry.uri(cls) for cls in classes})
            union = self._unions[classes] = schema, _union_response(parts)
        return union

    def _narrowed(self, operation: str, invalid: Json) -> "Components":
        """Return a copy of these components with a separate schema for the invalid requests of one operation."""
        cls = self.registry.validation_problem
        shared = self.schemas[self.names[cls]]
        properties: Json = shared["properties"]
        entry = example_of_input(invalid)
        errors = {key: item for key, item in properties["errors"].items() if key not in ("example", "examples")}
        errors |= {"items": invalid} if entry is None else {"items": invalid, "examples": [[entry]]}
        own = {**shared, "properties": {**properties, "errors": to_30(errors) if self._old else errors}}
        name = self._free_name(f"{operation}ValidationProblem", own)
        response = self.responses[self.names[cls]]
        content: Json = {"schema": {"$ref": SCHEMAS + name}}
        for example in response["content"][PROBLEM_JSON].get("examples", {}).values():
            if entry is not None:
                value = {**example["value"], "errors": [entry]}
                value = legacy_example(value) if self._legacy == "always" else value
                content["examples"] = {name: {**example, "value": value}}
        response = {**response, "content": {PROBLEM_JSON: content}}
        names, responses = {**self.names, cls: name}, {**self.responses, name: response}
        narrowed = Components(self.registry, names, self.schemas, responses, self.taken, old=self._old)
        narrowed._own, narrowed._shared = name, self._shared
        return narrowed

    def _free_name(self, name: str, union: Json) -> str:
        """
        Add a schema and return its name, with a number if the name has another meaning.

        Two operations can have the same id, and a model can have the name of a union.
        """
        candidate, number = name, 1
        while (there := self.taken.get(candidate, self.schemas.get(candidate))) is not None:
            if there == {**union, "title": candidate}:
                break
            number += 1
            candidate = f"{name}{number}"
        self.schemas[candidate] = {**union, "title": candidate}
        return candidate


def _response(registry: Registry, cls: type[Problem], name: str, pages: Mapping[str, str], legacy: Legacy) -> Json:
    described = describe(registry, cls)
    content: Json = {"schema": {"$ref": SCHEMAS + name}}
    example = described.example
    if example is not None:
        if legacy == "always" and cls is registry.validation_problem:
            example = legacy_example(example)
        content["examples"] = {name: {"summary": described.facts.title, "value": example}}
    response = {
        "description": _text(described, pages),
        **({"headers": described.headers} if described.headers else {}),
        "content": {PROBLEM_JSON: content},
    }
    return copy.deepcopy(response)  # a document belongs to the application, which may change it


def _text(described: Description, pages: Mapping[str, str]) -> str:
    """Return the title, the first paragraph of the docstring, and a link to the problem page."""
    uri = described.facts.uri
    page = f"[{uri}]({pages[uri]})" if uri in pages else ""
    return "\n\n".join(part for part in (described.facts.title, described.paragraph, page) if part)


def _union_response(parts: Sequence[Json]) -> Json:
    examples: Json = {}
    headers: Json = {}
    for part in parts:
        (media,) = part["content"].values()
        examples |= media.get("examples", {})
        headers |= part.get("headers", {})
    headers = {name: _shared(header, name, parts) for name, header in headers.items()}
    return {
        "description": _joined_descriptions([part["description"] for part in parts]),
        **({"headers": headers} if headers else {}),
        "content": {"examples": examples} if examples else {},
    }


def _joined_descriptions(descriptions: Sequence[str]) -> str:
    """
    Return the titles in one line, then a paragraph for each type with more to describe.

    Paragraphs, because Scalar hides a description with a list until the reader opens the response.
    """
    parts = [description.split("\n\n") for description in dict.fromkeys(descriptions)]
    titles = " / ".join(dict.fromkeys(title for title, *_ in parts))
    return "\n\n".join([titles, *(f"{title}: {' '.join(rest)}" for title, *rest in parts if rest)])


def _shared(header: Json, name: str, parts: Sequence[Json]) -> Json:
    """Return a header of several problems; it is required only if each of them always sends it."""
    if all(part.get("headers", {}).get(name, {}).get("required") for part in parts):
        return header
    return {key: value for key, value in header.items() if key != "required"}


def _by_status(registry: Registry, types: Iterable[type[Problem]]) -> dict[int, tuple[type[Problem], ...]]:
    results: dict[int, dict[type[Problem], None]] = {}
    for cls in types:
        results.setdefault(registry.facts(cls).status, {})[cls] = None
    return {status: tuple(results[status]) for status in sorted(results)}


def _union_schema(uris: Mapping[str, str]) -> Json:
    """Return the union of components, given the type URI of each."""
    references = [{"$ref": SCHEMAS + name} for name in uris]
    if len(set(uris.values())) < len(uris):
        # Several of them are `about:blank`: no member distinguishes them, and more than one may match.
        return {"title": "", "anyOf": references}
    # The mapping is explicit: without it, each value of `type` has to be a component name (OpenAPI, section 4.25).
    mapping = {uri: SCHEMAS + name for name, uri in uris.items()}
    return {"title": "", "oneOf": references, "discriminator": {"propertyName": "type", "mapping": mapping}}


def _joined(names: Sequence[str]) -> str:
    """Return the name of a union that several operations share."""
    whole = "Or".join(names)
    return whole if len(whole) <= _LONGEST_NAME else f"{names[0]}Or{len(names) - 1}Others"


def _operation_name(operation_id: str) -> str:
    name = pascal(operation_id)
    return name if name[:1].isalpha() else f"Operation{name}"
