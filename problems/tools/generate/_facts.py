"""
The facts of a problem type that a document implies: type URI or code, title, status and a name.

Each inferred fact comes with a note. Only this module guesses.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from pydantic import JsonValue

from problems._wire.media_types import PROBLEM_JSON, PROBLEM_XML
from problems._wire.problem_type import ABOUT_BLANK
from problems._wire.status import PHRASES, is_bodyless
from problems._wire.uris import check_reference, is_absolute, quote_reference, resolve
from problems.catalog import by_status
from problems.tools.generate._documents import Document, Json, constants, texts, values
from problems.tools.generate._names import class_name
from problems.tools.generate._uses import Use

__all__ = ["NO_SERVER", "Facts", "constant", "facts", "is_status", "server_of"]

_MEANINGLESS: Final = frozenset({"string", "object", "uri", "null", "type", ABOUT_BLANK, PROBLEM_JSON, PROBLEM_XML})
_STATUSES: Final = {text.replace(" ", "").lower(): status for status, text in PHRASES.items()}
_ENDINGS: Final = re.compile(r"(problem|error|response|details|exception)+$")
_TYPES: Final = 100
NO_SERVER: Final = "https://server.invalid/"
"""The base of relative types if the document names no server (RFC 6761, section 6.4)."""


@dataclass(frozen=True, slots=True)
class Facts:
    """
    A problem type, as described by one use.

    Attributes:
        use: The use.
        uri: The type URI, or an empty text.
        written: The type as written, if it is not a URI.
        code: The value of the member that identifies the type, if the type URI does not.
        title: The title, or an empty text.
        status: The status code, or 0.
        is_any: Whether the type is sent with other statuses, too.
        name: The name of the class.
        is_constant: Whether the schema requires this type.
        notes: The sources of inferred facts.
    """

    use: Use
    uri: str = ""
    written: str = ""
    code: str = ""
    title: str = ""
    status: int = 0
    is_any: bool = False
    name: str = ""
    is_constant: bool = False
    notes: tuple[str, ...] = ()

    def noted(self, note: str) -> "Facts":
        """Return a copy with an additional note."""
        return replace(self, notes=(*self.notes, note))


def facts(document: Document, use: Use, *, identity: str, is_shared: bool) -> Iterator[Facts]:
    """
    Yield the problem types that a use describes.

    Args:
        document: The document.
        use: The use.
        identity: The member that identifies types without a type URI, or an empty string.
        is_shared: Whether several statuses share the schema, so that its own examples do not belong to one status.
    """
    schema = use.whole(document)
    properties = document.object_at(schema, "properties")
    members = {name: document.object_at(properties.get(name)) for name in {"type", "title", "status", identity}}
    status, is_any = _status(use, members["status"])
    base = Facts(use, title=_text(constant(members["title"])), status=status, is_any=is_any)
    documents: list[Json] = [*use.examples, *([] if is_shared else _schema_examples(schema, members))]
    types = [item for item in texts(constants(members["type"])) if item.strip()][:_TYPES]
    codes = texts(constants(members[identity])) if identity else []
    if types:
        for uri in dict.fromkeys(types):
            own = [item for item in documents if item.get("type", uri) == uri]
            one = _exemplified(replace(base, uri=quote_reference(uri), is_constant=True), own)
            if one.uri != uri:
                one = replace(one, written=uri)
            yield _named(one, is_alone=len(types) == 1)
        return
    codes = [item for item in dict.fromkeys(codes) if item.strip()][:_TYPES]
    if len(codes) > 1 and not use.may_list_codes:
        codes = []
    for code in codes:
        own = [item for item in documents if item.get(identity, code) == code]
        yield _named(_exemplified(replace(base, code=code), own), is_alone=len(codes) == 1 and not is_shared)
    if codes:
        return
    yield from _shown(base, schema, members, documents, is_shared=is_shared)


def _shown(
    base: Facts, schema: Json, members: dict[str, Json], documents: list[Json], *, is_shared: bool
) -> Iterator[Facts]:
    """Yield the problem types of examples; without examples, a type that is known by its status only."""
    results: dict[str, list[Json]] = {}
    for document in documents:
        if example := _type(document.get("type")):
            results.setdefault(example, []).append(document)
    for example, own in results.items():
        one = replace(base, uri=example).noted("The type URI comes from an example: the server may send another one.")
        yield _named(_exemplified(one, own), is_alone=len(results) == 1 and not is_shared)
    if not results:
        one = _exemplified(base, documents)
        for doubt in _doubts(members["type"], documents):
            one = one.noted(doubt)
        for document in _schema_examples(schema, members) if is_shared else ():
            if document.get("type") not in (None, ABOUT_BLANK):
                one = one.noted(
                    f"The type {document['type']!r} is the example of a schema that several statuses share."
                )
        yield _named(one, is_alone=not is_shared)


def constant(schema: Json) -> JsonValue:
    """Return the only value that a schema allows, or `None`."""
    allowed = constants(schema)
    return allowed[0] if len(allowed) == 1 else None


def _status(use: Use, properties: Json) -> tuple[int, bool]:
    """Return the status of a use, or 0, and whether it is sent with other statuses, too."""
    only = constant(properties)
    known = only if isinstance(only, int) and not isinstance(only, bool) and is_status(only) else 0
    key = int(use.key) if use.key.isdecimal() and is_status(int(use.key)) else 0
    return known or key, bool(known and key and known != key) or (bool(use.key) and not known and not key)


def is_status(status: int) -> bool:
    """Return whether a response with a status code can contain a problem."""
    return 200 <= status <= 599 and not is_bodyless(status)


def _exemplified(one: Facts, documents: list[Json]) -> Facts:
    """Return the facts, completed with facts from examples."""
    titles = [_text(document.get("title")) for document in documents]
    one = replace(one, title=one.title or next(filter(None, titles), ""))
    if one.status:
        return one
    for document in documents:
        status = document.get("status")
        if isinstance(status, int) and not isinstance(status, bool) and is_status(status):
            return replace(one, status=status).noted("The status comes from an example.")
    for name in (one.use.response, one.use.name):
        if status := _STATUSES.get(_ENDINGS.sub("", re.sub(r"\W|_", "", name).lower()), 0):
            return replace(one, status=status).noted(f"The status comes from the name {name!r}.")
    return one


def _named(one: Facts, *, is_alone: bool) -> Facts:
    """Return the facts with the name of the class; *is_alone* if no other type has the same schema."""
    kind = by_status(one.status).__name__ if one.status and not one.is_any else ""
    schema, response = class_name(one.use.name), class_name(one.use.response)
    last = next(filter(None, reversed(re.split(r"[/#:?=]", one.uri))), "")
    word = class_name(last)
    candidates = (
        schema if is_alone else "",
        (word if len(word) > 1 else f"{kind}{re.sub(r'[^A-Za-z0-9]', '', last)}") if one.uri else "",
        class_name(one.code),
        response,
        f"{schema}{kind}" if schema else "",
        f"{kind}Problem" if kind else "",
        class_name(one.title)[:40],
    )
    return replace(one, name=next(filter(None, candidates), "UnnamedProblem"))


def _doubts(properties: Json, documents: list[Json]) -> Iterator[str]:
    """Yield a note for each hint at a type that does not identify one."""
    for value in dict.fromkeys(
        str(document["type"]) for document in documents if document.get("type") not in (None, ABOUT_BLANK)
    ):
        yield f"An example has the type {value!r}, which does not identify a problem type."
    if properties.get("default") == ABOUT_BLANK:
        yield "The type is 'about:blank' where a document has none."


def _schema_examples(schema: Json, members: dict[str, Json]) -> Iterator[Json]:
    """Yield the examples in a schema: of the whole schema, then one combined from its members."""
    for item in [schema.get("example"), *values(schema.get("examples"))]:
        if isinstance(item, dict):
            yield item
    parts: Json = {name: value for name, member in members.items() if (value := _example(member)) is not None}
    if parts:
        yield parts


def _example(schema: Json) -> JsonValue:
    return schema.get("example", next(iter(values(schema.get("examples"))), schema.get("default")))


def _type(value: JsonValue) -> str:
    """Return *value* if it can be a type URI, otherwise an empty text."""
    is_type = isinstance(value, str) and value not in _MEANINGLESS and check_reference(value) is None
    return value if is_type and isinstance(value, str) else ""


def _text(value: JsonValue) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def server_of(document: Document) -> str:
    """Return the address of the first server that has one, for relative types, or an invalid address."""
    for value in values(document.root.get("servers")):
        server = document.object_at(value)
        url, variables = server.get("url"), document.object_at(server, "variables")
        if isinstance(url, str):
            for name, variable in variables.items():
                url = url.replace(f"{{{name}}}", str(document.object_at(variable).get("default", "{}")))
            if is_absolute(url) and not check_reference(url):
                return url.rstrip("/") + "/"
    host = document.root.get("host")
    if isinstance(host, str) and host:
        path = document.root.get("basePath")
        url = resolve(f"https://{host}/", path if isinstance(path, str) else "").rstrip("/") + "/"
        return NO_SERVER if check_reference(url) else url
    return NO_SERVER
