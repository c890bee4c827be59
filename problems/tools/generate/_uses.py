"""
Where an OpenAPI or Swagger document says that a problem can be the answer.

Knows how the versions write responses, not what a problem says.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from pydantic import JsonValue

from problems._wire.media_types import JSON, PROBLEM_JSON, PROBLEM_XML, essence
from problems.tools.generate._documents import Document, Json, constant, is_external, text, texts, values
from problems.tools.generate._schemas import merged

__all__ = ["STANDARD", "Use", "bases_in", "looks_like_a_problem", "uses"]

STANDARD: Final = frozenset({"type", "title", "status", "detail", "instance"})
_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_PROBLEMS: Final = (PROBLEM_JSON, PROBLEM_XML)
_NO_ERRORS: Final = ("1", "2", "3")
_BRANCHES: Final = 200


@dataclass(frozen=True, slots=True)
class Use:
    """
    One schema of one response.

    Attributes:
        where: The operation or the component.
        key: The key of the response: a status code, a range or `default`; empty for a component.
        response: The name of the response among the components, if it has one.
        schema: The schema, or a reference to it.
        examples: The examples that the response has.
        description: What the response tells.
        headers: The header fields of the response.
        is_json: Whether it is documented as plain JSON.
    """

    where: str
    key: str = ""
    response: str = ""
    schema: JsonValue = None
    examples: tuple[Json, ...] = ()
    description: str = ""
    headers: tuple[tuple[str, Json], ...] = ()
    is_json: bool = False

    @property
    def name(self) -> str:
        """The name of the schema among the components, if it has one."""
        return _component(self.schema, "schemas", "definitions")


def uses(document: Document, tell: Callable[[str], None]) -> Iterator[Use]:
    """Yield the problems of the operations, then those that only the components have."""
    found = [use for whole in _documented(document, tell) for use in _branches(document, whole)]
    yield from found
    yield from _components(document, found)


def _documented(document: Document, tell: Callable[[str], None]) -> Iterator[Use]:
    seen: set[str] = set()
    for where, key, response, produces in _responses(document):
        if external := is_external(response):
            tell(f"{where} {key}: the response is {external!r}, which is not in the document.")
        name = _component(response, "responses")
        seen.add(name)
        yield from _answers(document, Use(where, key, name), document.object_at(response), produces)
    named = {**document.object_at(document.root, "responses")}
    named.update(document.object_at(document.root, "components", "responses"))
    for name, response in named.items():
        if name not in seen:
            produces = document.root.get("produces")
            yield from _answers(document, Use(f"response {name}", "", name), document.object_at(response), produces)


def _responses(document: Document) -> Iterator[tuple[str, str, JsonValue, JsonValue]]:
    """Yield the responses of all operations: where, the key, the response, and what the operation produces."""
    for paths in ("paths", "webhooks"):
        for path, item in document.object_at(document.root, paths).items():
            operations = document.object_at(item)
            for method in _METHODS:
                operation = document.object_at(operations.get(method))
                produces = operation.get("produces", document.root.get("produces"))
                for key, response in document.object_at(operation, "responses").items():
                    yield f"{method.upper()} {path}", str(key), response, produces


def _answers(document: Document, use: Use, response: Json, produces: JsonValue) -> Iterator[Use]:
    """Yield what a response can be, as far as that is a problem."""
    headers = tuple((name, document.object_at(it)) for name, it in document.object_at(response, "headers").items())
    use = replace(use, description=text(response, "description"), headers=headers)
    if "content" not in response:  # Swagger 2
        examples = tuple(it for it in document.object_at(response, "examples").values() if isinstance(it, dict))
        is_problem = any(essence(kind) in _PROBLEMS for kind in texts(produces))
        if is_problem and not use.key.startswith(_NO_ERRORS) and ("schema" in response or examples):
            yield replace(use, schema=response.get("schema"), examples=examples)
        return
    for kind, media in document.object_at(response, "content").items():
        whole = document.object_at(media)
        found = replace(use, schema=whole.get("schema"), examples=tuple(_examples(document, whole)))
        if essence(kind) in _PROBLEMS:
            yield found
        elif essence(kind) == JSON and not use.key.startswith(_NO_ERRORS) and _is_like(document, whole.get("schema")):
            yield replace(found, is_json=True)


def _is_like(document: Document, schema: JsonValue) -> bool:
    return looks_like_a_problem(merged(document, schema), at_least=3)


def _examples(document: Document, media: Json) -> Iterator[Json]:
    one = media.get("example")
    if isinstance(one, dict):
        yield one
    for it in document.object_at(media, "examples").values():
        value = document.object_at(it).get("value")
        if isinstance(value, dict):
            yield value


def looks_like_a_problem(schema: Json, *, at_least: int = 1) -> bool:
    """Return whether a schema, put together, has members of RFC 9457; of three, two are `type` and `title`."""
    properties = schema.get("properties")
    names = STANDARD.intersection(properties if isinstance(properties, dict) else ())
    return len(names) >= at_least and (at_least < 2 or {"type", "title"} <= names)


def _branches(document: Document, use: Use) -> Iterator[Use]:
    """Yield a use for each alternative of a schema."""
    found = list(_alternatives(document, use.schema, 0))[:_BRANCHES]
    if len(found) < 2:
        yield replace(use, schema=found[0]) if found else use
        return
    types = [_type(document, it) for it in found]
    open_ones = [at for at, it in enumerate(types) if it is None]
    for at, (schema, uri) in enumerate(zip(found, types, strict=True)):
        own = [it for it in use.examples if it.get("type") == uri]
        rest = [it for it in use.examples if it.get("type") not in types]
        yield replace(use, schema=schema, examples=tuple(rest if open_ones[:1] == [at] else own if uri else ()))


def _alternatives(document: Document, schema: JsonValue, depth: int) -> Iterator[JsonValue]:
    whole = document.resolved(schema)
    if isinstance(whole, dict) and "properties" not in whole and depth < 4:
        for union in ("oneOf", "anyOf"):
            branches = values(whole.get(union))[:_BRANCHES]
            for it in branches:
                yield from _alternatives(document, it, depth + 1)
            if branches:
                return
    yield schema


def _type(document: Document, schema: JsonValue) -> str | None:
    found = constant(document.object_at(merged(document, schema), "properties", "type"))
    return found if isinstance(found, str) else None


def _components(document: Document, found: list[Use]) -> Iterator[Use]:
    """Yield the schemas that look like problems, and are neither used nor a part of others."""
    schemas = {**document.object_at(document.root, "definitions")}
    schemas.update(document.object_at(document.root, "components", "schemas"))
    known = {use.name for use in found} | set(_mentioned(schemas))
    group = "components/schemas" if "components" in document.root else "definitions"
    for name in schemas:
        reference: Json = {"$ref": f"#/{group}/{name.replace('~', '~0').replace('/', '~1')}"}
        if name not in known and looks_like_a_problem(merged(document, reference), at_least=3):
            yield Use(f"schema {name}", schema=reference)


def bases_in(document: Document) -> frozenset[str]:
    """Return the names of the schemas that others are made from."""
    schemas = {**document.object_at(document.root, "definitions")}
    schemas.update(document.object_at(document.root, "components", "schemas"))
    parts = [values(it.get("allOf")) for it in schemas.values() if isinstance(it, dict)]
    return frozenset(_component(it, "schemas", "definitions") for part in parts for it in part)


def _mentioned(value: JsonValue) -> Iterator[str]:
    """Yield the names of the schemas that others refer to."""
    left: list[JsonValue] = [value]
    while left:
        it = left.pop()
        if isinstance(it, dict):
            yield _component(it, "schemas", "definitions")
            left += it.values()
        elif isinstance(it, list):
            left += it


def _component(value: JsonValue, *groups: str) -> str:
    reference = text(value, "$ref")
    if not reference.startswith("#/"):
        return ""
    *path, name = reference[2:].split("/")
    return name.replace("~1", "/").replace("~0", "~") if path[-1:] in [[it] for it in groups] else ""
