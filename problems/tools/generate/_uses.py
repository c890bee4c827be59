"""
The error responses that an OpenAPI or Swagger document describes.

Visits every operation, at any depth. Knows the response syntax of each version. Does not know problem types.

This is one thing because one walk finds the operations, their responses, the alternatives in them and wrapped bodies.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from pydantic import JsonValue

from problems._wire.details import STANDARD_MEMBERS
from problems._wire.media_types import JSON, PROBLEM_JSON, PROBLEM_XML, essence
from problems.tools.generate._documents import Document, Json, constants, reference_of, text, texts, values
from problems.tools.generate._schemas import merged, name_of

__all__ = ["STANDARD", "Use", "looks_like_a_problem", "uses"]

STANDARD: Final = frozenset(STANDARD_MEMBERS)
_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_PROBLEMS: Final = (PROBLEM_JSON, PROBLEM_XML)
_KEY: Final = re.compile(r"[1-5](?:[0-9]{2}|[Xx]{2})|default")
_NO_ERRORS: Final = ("1", "2", "3")
_BRANCHES: Final = 200
_WRAPPERS: Final = ("error", "fault", "problem")
"""Members that contain the members of an error in the documents of APIs."""
_DEPTH: Final = 4
_NESTED: Final = 3
"""The maximum depth of callbacks in callbacks."""


@dataclass(frozen=True, slots=True)
class Use:
    """
    One schema of one response.

    Attributes:
        where: The operation or the component.
        key: The key of the response: a status code, a range or `default`; empty for a component.
        response: The name of the response among the components, if it has one.
        schema: The schema, or a reference to it.
        name: The component name of the schema, if it has one.
        fixed: The constant values of members, set by a discriminator.
        examples: The examples of the response.
        description: The description of the response.
        headers: The header fields of the response.
        json: The media type, if the response is documented as plain JSON.
        nested: The member of a plain JSON object that contains the members of the error.
        is_ours: Whether the API's client sends the response: the operation is a callback or a webhook.
    """

    where: str
    key: str = ""
    response: str = ""
    schema: JsonValue = None
    name: str = ""
    fixed: tuple[tuple[str, str], ...] = ()
    examples: tuple[Json, ...] = ()
    description: str = ""
    headers: tuple[tuple[str, Json], ...] = ()
    json: str = ""
    nested: str = ""
    is_ours: bool = False

    @property
    def may_list_codes(self) -> bool:
        """Whether several values of a member can be several types: in plain JSON whose examples have no type URI."""
        return bool(self.json) and not any(isinstance(example.get("type"), str) for example in self.examples)

    def whole(self, document: Document) -> Json:
        """Return the merged schema, with the constants of its discriminator."""
        schema = merged(document, self.schema)
        if self.nested:
            schema = _lifted(document, schema, self.nested)
        if not self.fixed:
            return schema
        properties = dict(document.object_at(schema, "properties"))
        for name, value in self.fixed:
            old = document.object_at(properties.get(name))
            properties[name] = {**{key: item for key, item in old.items() if key != "enum"}, "const": value}
        return {**schema, "properties": properties}


def _lifted(document: Document, schema: Json, name: str) -> Json:
    """Return the schema of an object, extended by the members of one of its members."""
    outer = dict(document.object_at(schema, "properties"))
    inner = merged(document, outer.pop(name, None))
    required: list[JsonValue] = [
        *texts(inner.get("required")),
        *(item for item in texts(schema.get("required")) if item != name),
    ]
    return {**inner, "properties": {**document.object_at(inner, "properties"), **outer}, "required": required}


@dataclass(frozen=True, slots=True)
class _Operation:
    where: str
    value: Json
    is_ours: bool


def uses(document: Document, note: Callable[[str], None]) -> Iterator[Use]:
    """Yield the error bodies of the operations, then the problems that only components describe."""
    results = [
        inner
        for use in _documented(document, note)
        for branch in _branches(document, use)
        for inner in _unwrapped(document, branch)
    ]
    yield from results
    yield from _components(document, results)


def _documented(document: Document, note: Callable[[str], None]) -> Iterator[Use]:
    seen: set[int] = set()
    for operation in _operations(document):
        produces = operation.value.get("produces", document.root.get("produces"))
        for key, response in document.object_at(operation.value, "responses").items():
            if not _KEY.fullmatch(key):
                if not key.startswith("x-"):
                    note(f"{operation.where}: {key!r} is not a status code, so the response has no class.")
                continue
            whole = document.object_at(response)
            seen.add(id(whole))
            name = name_of(response)
            results = list(
                _answers(document, Use(operation.where, key, name, is_ours=operation.is_ours), whole, produces)
            )
            if not key.startswith(_NO_ERRORS):
                yield from results
                if not results and _is_list(document, whole):
                    note(f"{operation.where}: the body of {key} is a list, so it has no class: catch it by its status.")
            elif any(not use.json for use in results):
                note(f"{operation.where} has a problem document for {key}: a success is not an exception.")
    yield from _named_responses(document, seen)


def _named_responses(document: Document, seen: set[int]) -> Iterator[Use]:
    """Yield the bodies of the components' responses that are not in *seen*."""
    named = {**document.object_at(document.root, "responses")}
    named.update(document.object_at(document.root, "components", "responses"))
    for name, response in named.items():
        whole = document.object_at(response)
        if id(whole) not in seen:
            for use in _answers(document, Use(f"response {name}", "", name), whole, document.root.get("produces")):
                if not use.json or _is_like(document, use.schema):
                    yield use


def _operations(document: Document) -> Iterator[_Operation]:
    """Yield every operation once: of paths, webhooks, callbacks, and of components that no other operation uses."""
    seen: set[int] = set()
    root = document.root
    for path, item in document.object_at(root, "paths").items():
        yield from _of_item(document, path, item, seen, 0)
    for path, item in document.object_at(root, "webhooks").items():
        yield from _of_item(document, f"webhook {path}", item, seen, 1)
    for name, item in document.object_at(root, "components", "pathItems").items():
        if id(document.object_at(item)) not in seen:
            yield from _of_item(document, f"path item {name}", item, seen, 0)
    for name, callback in document.object_at(root, "components", "callbacks").items():
        for path, item in document.object_at(callback).items():
            if id(document.object_at(item)) not in seen:
                yield from _of_item(document, f"callback {name} {path}", item, seen, 1)


def _of_item(document: Document, path: str, item: JsonValue, seen: set[int], depth: int) -> Iterator[_Operation]:
    target = document.object_at(item)
    seen.add(id(target))
    beside = item if isinstance(item, dict) and item is not target else {}
    whole = {**target, **beside}
    methods = {name.upper(): whole[name] for name in _METHODS if name in whole}
    for name, value in {**methods, **document.object_at(whole, "additionalOperations")}.items():
        operation = document.object_at(value)
        yield _Operation(f"{name} {path}", operation, depth > 0)
        if depth >= _NESTED:
            continue
        for called, callback in document.object_at(operation, "callbacks").items():
            for expression, inner in document.object_at(callback).items():
                if id(document.object_at(inner)) in seen:
                    continue
                yield from _of_item(document, f"callback {called} {expression}", inner, seen, depth + 1)


def _answers(document: Document, use: Use, response: Json, produces: JsonValue) -> Iterator[Use]:
    """Yield the error bodies of a response."""
    headers = tuple(
        (name, document.object_at(header)) for name, header in document.object_at(response, "headers").items()
    )
    use = replace(use, description=text(response, "description"), headers=headers)
    if "content" not in response:  # Swagger 2
        examples = tuple(
            example for example in document.object_at(response, "examples").values() if isinstance(example, dict)
        )
        kinds = texts(produces) or [JSON]
        if "schema" in response or examples:
            yield from _of_kinds(document, replace(use, schema=response.get("schema"), examples=examples), kinds)
        return
    for kind, media in document.object_at(response, "content").items():
        whole = document.object_at(media)
        examples = tuple(_examples(document, whole))
        yield from _of_kinds(document, replace(use, schema=whole.get("schema"), examples=examples), [kind])


def _of_kinds(document: Document, use: Use, kinds: list[str]) -> Iterator[Use]:
    """Yield a body if one of its media types is a problem media type, or if it is a plain JSON object."""
    known = [essence(kind) for kind in kinds]
    use = replace(use, name=name_of(use.schema))
    if any(kind in _PROBLEMS or kind.endswith("problem+json") for kind in known):
        yield use
        return
    plain = next((kind for kind in known if kind == JSON or kind.endswith("+json")), "")
    if plain and (use.examples or _has_members(document, use.schema)):
        yield replace(use, json=plain)


def _is_list(document: Document, response: Json) -> bool:
    """Return whether the body of a response is a list of objects with members."""
    content = document.object_at(response, "content").values()
    schemas = [response.get("schema"), *(document.object_at(media).get("schema") for media in content)]
    return any(_has_members(document, merged(document, schema).get("items")) for schema in schemas)


def _unwrapped(document: Document, use: Use) -> Iterator[Use]:
    """Yield a use with the member in which plain JSON wraps an error, if any: one for each alternative in it."""
    outer = merged(document, use.schema) if use.json else {}
    properties = document.object_at(outer, "properties")
    name = next((item for item in _WRAPPERS if _has_members(document, properties.get(item))), "")
    if not name or merged(document, properties[name]).get("properties"):
        yield replace(use, nested=name)
        return
    for schema, called, fixed in _alternatives(document, properties[name], 0):
        whole: Json = {**outer, "properties": {**properties, name: schema}}
        yield replace(use, schema=whole, name=called or use.name, fixed=fixed or use.fixed, nested=name)


def _has_members(document: Document, schema: JsonValue) -> bool:
    return any(
        merged(document, alternative).get("properties") for alternative, _, _ in _alternatives(document, schema, 0)
    )


def _is_like(document: Document, schema: JsonValue) -> bool:
    return looks_like_a_problem(merged(document, schema), at_least=3)


def _examples(document: Document, media: Json) -> Iterator[Json]:
    one = media.get("example")
    if isinstance(one, dict):
        yield one
    for item in document.object_at(media, "examples").values():
        value = _example(document, document.object_at(item))
        if isinstance(value, dict):
            yield value


def _example(document: Document, example: Json) -> JsonValue:
    """Return the value of an Example Object, however it is written (OpenAPI 3.2.0, section 4.19)."""
    for key in ("value", "dataValue"):
        if key in example:
            return example[key]
    if written := text(example, "serializedValue"):
        try:
            value: JsonValue = json.loads(written)
        except (ValueError, RecursionError):
            return None
        return Document(value).root
    return document.external(example, "externalValue")


def looks_like_a_problem(schema: Json, *, at_least: int = 1) -> bool:
    """Return whether a merged schema has members of RFC 9457; of three, two are `type` and `title`."""
    properties = schema.get("properties")
    names = STANDARD.intersection(properties if isinstance(properties, dict) else ())
    return len(names) >= at_least and (at_least < 2 or {"type", "title"} <= names)


def _branches(document: Document, use: Use) -> Iterator[Use]:
    """Yield a use for each alternative of a schema."""
    result = list(_alternatives(document, use.schema, 0))[:_BRANCHES]
    if len(result) < 2:
        yield replace(use, schema=result[0][0], name=result[0][1] or use.name, fixed=result[0][2]) if result else use
        return
    branches = [replace(use, schema=schema, name=name, fixed=fixed) for schema, name, fixed in result]
    types = [_types(document, item) for item in branches]
    known = [item for some in types for item in some]  # not a set: an example can have any value for `type`
    open_ones = [at for at, some in enumerate(types) if not some]
    for at, (branch, some) in enumerate(zip(branches, types, strict=True)):
        own = [example for example in use.examples if example.get("type") in some]
        rest = [example for example in use.examples if example.get("type") not in known]
        yield replace(branch, examples=tuple(rest if open_ones[:1] == [at] else own))


_Branch = tuple[JsonValue, str, tuple[tuple[str, str], ...]]


def _alternatives(document: Document, schema: JsonValue, depth: int) -> Iterator[_Branch]:
    """Yield the alternatives of a schema: by its discriminator, `oneOf` or `anyOf`."""
    whole = document.resolved(schema)
    if not isinstance(whole, dict) or depth >= _DEPTH:
        yield schema, name_of(schema), ()
        return
    discriminator = document.object_at(whole, "discriminator")
    by = text(discriminator, "propertyName")
    mapping = document.object_at(discriminator, "mapping") if by else {}
    branches = (
        []
        if "properties" in whole and not mapping
        else [item for union in ("oneOf", "anyOf") for item in values(whole.get(union))[:_BRANCHES]]
    )
    targets = {id(document.resolved(item)) for item in mapping.values()}
    for value, branch in list(mapping.items())[:_BRANCHES]:
        yield branch, name_of(branch), ((by, value),)
    for branch in branches:
        if id(document.resolved(branch)) in targets:
            continue
        name = name_of(branch)
        is_named = by and name and not constants(document.object_at(merged(document, branch), "properties", by))
        if is_named:  # without a mapping the value is the name of the schema
            yield branch, name, ((by, name),)
        else:
            yield from _alternatives(document, branch, depth + 1)
    if not mapping and not branches:
        yield schema, name_of(schema), ()


def _types(document: Document, use: Use) -> list[str]:
    return texts(constants(document.object_at(use.whole(document), "properties", "type")))


def _components(document: Document, components: list[Use]) -> Iterator[Use]:
    """Yield the schemas that look like problems, and that neither operations nor other schemas use."""
    for group in (("definitions",), ("components", "schemas")):
        schemas = document.object_at(document.root, *group)
        known = {id(document.resolved(use.schema)) for use in components} | set(_mentioned(document, schemas))
        for name, schema in schemas.items():
            if id(document.resolved(schema)) not in known and _is_like(document, schema):
                yield from _branches(document, Use(f"schema {name}", schema=schema, name=name))


def _mentioned(document: Document, value: JsonValue) -> Iterator[int]:
    """Yield the identities of the schemas that other schemas refer to."""
    left: list[JsonValue] = [value]
    seen: set[int] = set()
    while left:
        item = left.pop()
        if isinstance(item, dict | list):
            if id(item) in seen:
                continue
            seen.add(id(item))
            left += item.values() if isinstance(item, dict) else item
        if reference_of(item) is not None:
            yield id(document.resolved(item))
