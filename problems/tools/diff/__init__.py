"""
Compare two vocabularies and report which differences break clients.

Pure functions over exports and OpenAPI documents: neither version of the code is imported. This is one thing, because a
difference, its code and its sentence belong together.
"""

from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from typing import Any, ClassVar, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from problems._wire.details import STANDARD_MEMBERS
from problems._wire.problem_type import ABOUT_BLANK
from problems.catalog import by_status
from problems.documenting.vocabulary import DocumentedHeader, DocumentedType, Vocabulary
from problems.openapi._walk import is_list, is_object, objects_in
from problems.tools.diff._changes import Comparison, Kind, Step
from problems.tools.diff._values import Schemas

__all__ = ["Change", "Report", "compare", "vocabulary_in"]

Json = dict[str, Any]
_Key: TypeAlias = tuple[str, int]


class Change(BaseModel):
    """
    One difference.

    Attributes:
        code: The code of the kind of change, such as `member-removed`.
        breaking: Whether clients of one version may fail with servers of the other.
        type: The type URI; the old one if it changed.
        member: The extension member, if the change is about one.
        path: The JSON Pointer to the change in a problem document, if the change is inside of a member.
        message: The difference and its consequence.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    code: str
    breaking: bool
    type: str
    member: str | None = None
    path: str | None = None
    message: str


class Report(BaseModel):
    """
    The output of `problems diff --format json`.

    Attributes:
        version: The version of this format.
        breaking: Whether any change is breaking.
        changes: The changes, the breaking ones first.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    version: Literal[1] = 1
    breaking: bool
    changes: tuple[Change, ...]


class Served(Vocabulary):
    """
    The problem types of an OpenAPI document: the types that operations answer with.

    Attributes:
        untitled: The type URIs whose title the document does not contain.
        unheaded: The type URIs whose response header fields it does not contain.
        answers: The types that each operation answers with, by method and path.
    """

    untitled: frozenset[str] = Field(default=frozenset(), exclude=True)
    unheaded: frozenset[str] = Field(default=frozenset(), exclude=True)
    answers: Mapping[str, frozenset[tuple[str, int]]] = Field(default_factory=dict, exclude=True)


def compare(before: Vocabulary, after: Vocabulary) -> Report:
    """
    Return the changes from one vocabulary to another.

    Between an export and an OpenAPI document, only facts that both contain are compared.

    >>> from problems import NotFound, Registry
    >>> class ItemNotFound(NotFound, type="https://shop.example/problems/item-not-found", title="Item not found"):
    ...     item_id: int
    >>> before = Vocabulary.of(Registry(ItemNotFound))
    >>> [change.message for change in compare(before, Vocabulary(types=())).changes]
    ['The type is gone: clients that handle it no longer receive it.']
    """
    old, new = _by_identity(before), _by_identity(after)
    removed = {key: documented for key, documented in old.items() if key not in new}
    renamed: dict[_Key, DocumentedType] = {}
    caught = frozenset(base for cls in before.types for base in (cls.type, *(cls.bases or ())))
    changes: list[Change] = []
    for key, documented in new.items():
        if key in old:
            changes += _compared(old[key], documented, caught)
        elif (previous := _previous(documented, removed.keys() - renamed.keys(), removed)) is not None:
            renamed[previous] = documented
        else:
            changes.append(_change("type-added", documented, "The type is new."))
    for key, documented in removed.items():
        changes += _renamed(documented, renamed[key], caught) if key in renamed else [_removed(documented)]
    if isinstance(before, Served) and isinstance(after, Served):
        changes += _operations(before, after, [value for key, value in new.items() if key in old])
    ordered = sorted(_known_to_both(changes, before, after), key=lambda change: not change.breaking)
    return Report(breaking=any(change.breaking for change in ordered), changes=tuple(ordered))


def _known_to_both(changes: Iterable[Change], before: Vocabulary, after: Vocabulary) -> Iterator[Change]:
    """Yield the changes without facts that one side does not contain: an OpenAPI document has fewer than an export."""
    documents = [side for side in (before, after) if isinstance(side, Served)]
    unknown = {
        "title": frozenset[str]().union(*(document.untitled for document in documents)),
        "header": frozenset[str]().union(*(document.unheaded for document in documents)),
    }
    for change in changes:
        about = change.code.partition("-")[0]
        if change.type in unknown.get(about, ()) or (documents and about == "alias"):
            continue
        if len(documents) == 1 and change.code in ("type-added", "type-removed"):
            if (
                change.type == ABOUT_BLANK
            ):  # an export lists the registry's, a document those that operations answer with
                continue
            if change.code == "type-removed" and documents[0] is after:
                message = "No operation answers with the type; the OpenAPI document does not show whether it is gone."
                yield change.model_copy(update={"code": "type-unserved", "breaking": False, "message": message})
                continue
        yield change


def _by_identity(vocabulary: Vocabulary) -> dict[_Key, DocumentedType]:
    """Return the types by their identity: the type URI, and for `about:blank` the status."""
    return {_identity(cls): cls for cls in vocabulary.types}


def _identity(documented: DocumentedType) -> _Key:
    return documented.type, documented.status if documented.type == ABOUT_BLANK else 0


def _change(code: str, documented: DocumentedType, message: str, *, breaking: bool = False) -> Change:
    return Change(code=code, breaking=breaking, type=documented.type, message=message)


def _previous(documented: DocumentedType, keys: Container[_Key], removed: Mapping[_Key, DocumentedType]) -> _Key | None:
    """Return the key of the type that a new type replaces: one that either names as an alias, or one of its name."""
    aliases = [(alias, 0) for alias in documented.aliases]
    aliases += [key for key, value in removed.items() if documented.type in value.aliases]
    names = [key for key, value in removed.items() if value.name == documented.name and value.type != ABOUT_BLANK]
    return next((key for key in (*aliases, *names) if key in keys), None)


def _removed(documented: DocumentedType) -> Change:
    message = "The type is gone: clients that handle it no longer receive it."
    return _change("type-removed", documented, message, breaking=True)


def _renamed(old: DocumentedType, new: DocumentedType, caught: Container[str]) -> Iterator[Change]:
    message = f"The type URI is now {new.type!r}: clients know a type by its whole URI."
    if old.type not in new.aliases:
        message += " Keep the old one as an alias for clients that share the class."
    yield _change("type-renamed", old, message, breaking=True)
    yield from _compared(old, new, caught)


def _compared(old: DocumentedType, new: DocumentedType, caught: Container[str]) -> Iterator[Change]:
    if old.status != new.status:
        message = f"The status was {old.status} and is now {new.status}: clients, proxies and retries act on it."
        yield _change("status-changed", old, message, breaking=True)
    if old.title != new.title:
        # RFC 9457, section 3.1.3: advisory, for people.
        yield _change("title-changed", old, f"The title was {old.title!r} and is now {new.title!r}.")
    yield from _bases(old, new, caught)
    for alias in [uri for uri in old.aliases if uri not in (*new.aliases, new.type)]:
        message = f"The alias {alias!r} is gone: clients with the new class do not recognise the URI."
        yield _change("alias-removed", old, message, breaking=True)
    for alias in [uri for uri in new.aliases if uri not in (*old.aliases, old.type)]:
        yield _change("alias-added", old, f"The alias {alias!r} is new.")
    steps = Comparison(Schemas(old.document), Schemas(new.document)).steps(old.document, new.document)
    yield from _members(old, [step for step in steps if not step.path or step.path[0] not in STANDARD_MEMBERS])
    yield from _headers(old, new)


def _bases(old: DocumentedType, new: DocumentedType, caught: Container[str]) -> Iterator[Change]:
    """
    Yield the changes of base classes, which `except` clauses name.

    The ready-made class of a status changes with the status. A base that no type had before is in no clause yet.
    """
    if old.bases is None or new.bases is None:
        return
    implied = _status_bases(old) | _status_bases(new) if old.status != new.status else frozenset[str]()
    for base in [item for item in old.bases if item not in new.bases and item not in implied]:
        message = f"The class no longer derives from {base}: `except` clauses for that class do not catch it."
        yield _change("base-removed", old, message, breaking=True)
    for base in [item for item in new.bases if item not in old.bases and item not in implied and item in caught]:
        yield _change(
            "base-added", old, f"The class now derives from {base}: `except` clauses for that class catch it."
        )


def _status_bases(documented: DocumentedType) -> frozenset[str]:
    """Return the names of the ready-made classes of a status."""
    return frozenset(base.__name__ for base in by_status(documented.status).__mro__)


_CODES: Final[Mapping[Kind, tuple[str, bool, str]]] = {
    Kind.REMOVED: ("removed", True, "is gone: clients that read it no longer find it."),
    Kind.REFUSED: ("removed", True, "is gone: clients that read it no longer find it."),
    Kind.OPTIONAL: ("optional", True, "may be absent now: older clients may reject documents without it."),
    Kind.REQUIRED: (
        "required",
        True,
        "is required now: clients with the new class may reject documents of older servers.",
    ),
    Kind.ADDED: ("added", False, "is new: clients ignore members that they do not know."),
    Kind.ADDED_REQUIRED: (
        "added",
        True,
        "is new and required: clients with the new class reject documents of older servers.",
    ),
    Kind.ADDED_TO_CLOSED: (
        "added",
        True,
        "is new in an object that allowed no other members: older clients reject it.",
    ),
}
"""The code, whether the change is breaking, and the end of its sentence."""

_NARROWED: Final = "allows fewer values: clients with the new class reject documents of older servers."
_WIDENED: Final = "allows more values: older clients may reject them."
_CHANGED: Final = "has other values: clients that read it may fail."


def _members(documented: DocumentedType, steps: Collection[Step]) -> Iterator[Change]:
    """Yield one change for each member, at any depth, and each way in which it differs."""
    for path in dict.fromkeys(step.path for step in steps):
        kinds = [step.kind for step in steps if step.path == path]
        values = {Kind.NARROWER, Kind.WIDER}.intersection(kinds)
        if len(values) == 2:
            yield _member(documented, path, "changed", _CHANGED, breaking=True)
        elif values:
            narrowed = Kind.NARROWER in values
            code, sentence = ("narrowed", _NARROWED) if narrowed else ("widened", _WIDENED)
            yield _member(documented, path, code, sentence, breaking=True)
        for code, breaking, sentence in [_CODES[kind] for kind in kinds if kind in _CODES]:
            yield _member(documented, path, code, sentence, breaking=breaking)


def _member(documented: DocumentedType, path: tuple[str, ...], code: str, sentence: str, *, breaking: bool) -> Change:
    """Return a change of a member, or of the whole document for an empty path."""
    about = f"The member {'.'.join(path)!r}" if path else "The document"
    pointer = "".join(f"/{name.replace('~', '~0').replace('/', '~1')}" for name in path)
    return Change(
        code=f"{'member' if path else 'type'}-{code}",
        breaking=breaking,
        type=documented.type,
        member=path[0] if path else None,
        path=pointer if len(path) > 1 else None,
        message=f"{about} {sentence}",
    )


def _headers(old: DocumentedType, new: DocumentedType) -> Iterator[Change]:
    before, after = ({header.name.lower(): header for header in side.headers} for side in (old, new))
    for name, header in before.items():
        if name not in after:
            message = f"The response header {header.name} is gone: clients that read it no longer find it."
            yield _change("header-removed", old, message, breaking=True)
        else:
            yield from _header(old, header, after[name])
    for name, header in after.items():
        if name not in before:
            yield _change("header-added", old, f"The response header {header.name} is new.")


def _header(documented: DocumentedType, old: DocumentedHeader, new: DocumentedHeader) -> Iterator[Change]:
    if old.required and not new.required:
        message = f"The response header {old.name} may be absent now: clients that read it may fail."
        yield _change("header-optional", documented, message, breaking=True)
    if new.required and not old.required:
        yield _change("header-required", documented, f"The response header {old.name} is always sent now.")
    if old.values is None or new.values is None:
        return
    steps = Comparison(Schemas(old.values), Schemas(new.values)).steps(old.values, new.values)
    kinds = {step.kind for step in steps}
    if kinds:
        code, sentence = {
            frozenset({Kind.NARROWER}): ("narrowed", _NARROWED),
            frozenset({Kind.WIDER}): ("widened", _WIDENED),
        }.get(frozenset(kinds), ("changed", _CHANGED))
        yield _change(f"header-{code}", documented, f"The response header {old.name} {sentence}", breaking=True)


def _operations(before: Served, after: Served, types: Iterable[DocumentedType]) -> Iterator[Change]:
    """Yield the types that join or leave an operation in both documents."""
    shared = [answer for answer in before.answers if answer in after.answers]
    for documented in types:
        key = _identity(documented)
        for operation in shared:
            was, now = key in before.answers[operation], key in after.answers[operation]
            if now and not was:
                yield _change("operation-joined", documented, f"{operation} now answers with the type too.")
            elif was and not now:
                yield _change("operation-left", documented, f"{operation} no longer answers with the type.")


def vocabulary_in(document: Json) -> Vocabulary:
    """
    Return the vocabulary in an export, or in an OpenAPI document.

    In an OpenAPI document, a schema with a constant `type` and a constant `status` is a problem type.

    Raises:
        ValidationError: The document is neither.
    """
    return served(document) if "openapi" in document else Vocabulary.model_validate(document)


def served(document: Json) -> Served:
    """Return the problem types of an OpenAPI document, and the operations that answer with them."""
    components = _object(document, "components")
    schemas, responses = _object(components, "schemas"), _object(components, "responses")
    titles = {(occurrence["type"], occurrence["status"]): occurrence["title"] for occurrence in _occurrences(document)}
    reader = _Reader(schemas)
    types: dict[_Key, DocumentedType] = {}
    untitled, unheaded = set[str](), set[str]()
    for name, schema in schemas.items():
        result = reader.facts(schema)
        if result is None:
            continue
        uri, status = result
        response = _object(responses, name)
        title = titles.get(result) or _text(response, "description")
        known = title or _text(schema, "description") or name
        documented = _documented(uri, name, known, status, response, schemas)
        types.setdefault(_identity(documented), documented)
        untitled.update([] if title else [uri])
        unheaded.update([] if response else [uri])
    answers = {name: frozenset(reader.answers(endpoint, responses)) for name, endpoint in _endpoints(document)}
    return Served(
        types=tuple(types.values()), untitled=frozenset(untitled), unheaded=frozenset(unheaded), answers=answers
    )


class _Reader:
    """Reads the problem types behind the schemas of one OpenAPI document."""

    def __init__(self, schemas: Json) -> None:
        self._schemas = Schemas({"$defs": schemas})

    def facts(self, schema: object) -> tuple[str, int] | None:
        """Return the constant `type` and `status` of a schema, or `None` if it has no such constants."""
        uri, status = (self._constant(_object(schema, "properties").get(name)) for name in ("type", "status"))
        return (uri, status) if isinstance(uri, str) and isinstance(status, int) else None

    def _constant(self, schema: object) -> object:
        values = self._schemas.values(schema if is_object(schema) else {})
        return next(iter(values.constants.values())) if len(values.constants) == 1 and not values.branches else None

    def answers(self, operation: Json, responses: Json) -> Iterator[_Key]:
        """Yield the identities of the problem types that an operation answers with."""
        for response in _object(operation, "responses").values():
            reference = _text(response, "$ref")
            whole = _object(responses, reference.rpartition("/")[2]) if reference else response
            for content in _object(whole, "content").values():
                yield from self._in(_object(content, "schema"), frozenset())

    def _in(self, schema: Json, inside: frozenset[str]) -> Iterator[_Key]:
        """Yield the identities of the problem types that a schema, or a part of its union, stands for."""
        result = self.facts(schema)
        if result is not None:
            yield result[0], result[1] if result[0] == ABOUT_BLANK else 0
        reference = _text(schema, "$ref")
        if reference and reference not in inside:
            target = self._schemas.definitions.get(reference.rpartition("/")[2])
            yield from self._in(target if is_object(target) else {}, inside | {reference})
        for union in ("anyOf", "oneOf", "allOf"):
            for part in schema.get(union) or () if is_list(schema.get(union)) else ():
                yield from self._in(part if is_object(part) else {}, inside)


_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")


def _endpoints(document: Json) -> Iterator[tuple[str, Json]]:
    """Yield the operations of a document by method and path, as in `GET /items`."""
    for place in ("paths", "webhooks"):
        for path, item in _object(document, place).items():
            for method in _METHODS:
                if is_object(operation := _object(item, method)) and operation:
                    yield f"{method.upper()} {path}", operation


def _documented(uri: str, name: str, title: str, status: int, response: Json, schemas: Json) -> DocumentedType:
    fields = {header: _object(_object(response, "headers"), header) for header in _object(response, "headers")}
    headers = [
        {"name": header, "required": field.get("required") is True, "schema": _object(field, "schema") or None}
        for header, field in fields.items()
    ]
    document = {**_object(schemas, name), "$defs": schemas}
    return DocumentedType.model_validate(
        {"type": uri, "name": name, "title": title, "status": status, "headers": headers, "schema": document}
    )


def _occurrences(document: Json) -> Iterator[Json]:
    """Yield the examples of problem documents, wherever they are: no schema has a number as `status`."""
    for item in objects_in(document):
        if isinstance(item.get("status"), int) and all(isinstance(item.get(name), str) for name in ("type", "title")):
            yield item


def _object(outer: object, name: str) -> Json:
    """Return a member that is an object; an empty one for anything else, such as the schema `true`."""
    result: object = outer.get(name) if is_object(outer) else None
    return result if is_object(result) else {}


def _text(outer: object, name: str) -> str:
    result: object = outer.get(name) if is_object(outer) else None
    return result if isinstance(result, str) else ""
