"""
What changed between two vocabularies, and which of it breaks clients.

Compares exports or OpenAPI documents, as data: neither version of the code is imported. Pure.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, JsonValue

from problems._wire.problem_type import ABOUT_BLANK
from problems.documenting.vocabulary import DocumentedType, Vocabulary
from problems.tools.diff._served import Served, served

__all__ = ["Change", "Report", "compare", "vocabulary_in"]

Json = dict[str, Any]
_Key: TypeAlias = tuple[str, int]

_DEPTH: Final = 8
_NARROWER, _WIDER, _OTHER = "narrower", "wider", "other"
_LOWER: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_UPPER: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
_BOUNDS: Final = dict.fromkeys(_LOWER, True) | dict.fromkeys(_UPPER, False)
_ABOUT: Final = frozenset(
    {"title", "description", "examples", "example", "default", "deprecated", "discriminator", "$comment"}
)
"""What a schema says for people and tools: it limits no value."""


class Change(BaseModel):
    """
    One difference.

    Attributes:
        code: What kind of change it is.
        breaking: Whether clients that work may stop to, now or while both versions are deployed.
        type: The type URI, that of before if there was one.
        member: The extension member, if the change is about one.
        message: What changed, and what that means.
    """

    model_config = ConfigDict(frozen=True)

    code: str
    breaking: bool
    type: str
    member: str | None = None
    message: str


class Report(BaseModel):
    """
    What `problems diff --format json` writes.

    Attributes:
        version: The version of this format.
        breaking: Whether any change is.
        changes: The changes, the breaking ones first.
    """

    model_config = ConfigDict(frozen=True)

    version: Literal[1] = 1
    breaking: bool
    changes: tuple[Change, ...]


def compare(before: Vocabulary, after: Vocabulary) -> Report:
    """
    Return what changed from one vocabulary to another.

    Of an export and an OpenAPI document, what both can tell is compared.

    >>> from problems import NotFound, Registry
    >>> class ItemNotFound(NotFound, type="https://shop.example/problems/item-not-found", title="Item not found"):
    ...     item_id: int
    >>> before = Vocabulary.of(Registry(ItemNotFound))
    >>> [change.message for change in compare(before, Vocabulary(types=())).changes]
    ['The type is gone: clients that handle it no longer meet it.']
    """
    old, new = _by_identity(before), _by_identity(after)
    gone = {key: documented for key, documented in old.items() if key not in new}
    renamed: dict[_Key, DocumentedType] = {}
    changes: list[Change] = []
    for key, documented in new.items():
        if key in old:
            changes += _compared(old[key], documented)
        elif (previous := _previous(documented, gone.keys() - renamed.keys(), gone)) is not None:
            renamed[previous] = documented
        else:
            changes.append(_change("type-added", documented, "The type is new."))
    for key, documented in gone.items():
        changes += _renamed(documented, renamed[key]) if key in renamed else [_removed(documented)]
    ordered = sorted(_told_by_both(changes, before, after), key=lambda change: not change.breaking)
    return Report(breaking=any(change.breaking for change in ordered), changes=tuple(ordered))


def _told_by_both(changes: Iterable[Change], before: Vocabulary, after: Vocabulary) -> Iterator[Change]:
    """Yield the changes without those that only seem to be some, for an OpenAPI document tells less than an export."""
    documents = [it for it in (before, after) if isinstance(it, Served)]
    untold = {
        "title": frozenset[str]().union(*(it.untitled for it in documents)),
        "header": frozenset[str]().union(*(it.unheaded for it in documents)),
    }
    for it in changes:
        about = it.code.partition("-")[0]
        if it.type in untold.get(about, ()):
            continue
        if len(documents) == 1 and it.code in ("type-added", "type-removed"):
            if it.type == ABOUT_BLANK:  # an export has those of the registry, a document those that are answered
                continue
            if it.code == "type-removed" and documents[0] is after:
                message = "No operation answers with the type; the OpenAPI document does not tell whether it is gone."
                yield it.model_copy(update={"code": "type-unserved", "breaking": False, "message": message})
                continue
        yield it


def _by_identity(vocabulary: Vocabulary) -> dict[_Key, DocumentedType]:
    """Return the types by what identifies them: the type URI, and for `about:blank` the status."""
    return {(it.type, it.status if it.type == ABOUT_BLANK else 0): it for it in vocabulary.types}


def _change(
    code: str, documented: DocumentedType, message: str, *, member: str | None = None, breaking: bool = False
) -> Change:
    return Change(code=code, breaking=breaking, type=documented.type, member=member, message=message)


def _previous(documented: DocumentedType, keys: Container[_Key], gone: Mapping[_Key, DocumentedType]) -> _Key | None:
    """Return which of the types that are gone is a new type: that of an alias of it, or that of the same name."""
    aliases = [(alias, 0) for alias in documented.aliases]
    names = [key for key, it in gone.items() if it.name == documented.name and it.type != ABOUT_BLANK]
    return next((key for key in (*aliases, *names) if key in keys), None)


def _removed(documented: DocumentedType) -> Change:
    message = "The type is gone: clients that handle it no longer meet it."
    return _change("type-removed", documented, message, breaking=True)


def _renamed(old: DocumentedType, new: DocumentedType) -> Iterator[Change]:
    message = f"The type URI is now {new.type!r}: clients know a type by its whole URI."
    if old.type not in new.aliases:
        message += " Keep the old one as an alias for clients that share the class."
    yield _change("type-renamed", old, message, breaking=True)
    yield from _compared(old, new)


def _compared(old: DocumentedType, new: DocumentedType) -> Iterator[Change]:
    if old.status != new.status:
        message = f"The status was {old.status} and is {new.status}: clients, proxies and retries act on it."
        yield _change("status-changed", old, message, breaking=True)
    if old.title != new.title:
        # RFC 9457, section 3.1.3: advisory, for people.
        yield _change("title-changed", old, f"The title was {old.title!r} and is {new.title!r}.")
    for name in old.members:
        yield from _member(old, new, name)
    for name in [name for name in new.members if name not in old.members]:
        needed = name in new.required
        told = "is new and required: clients with the new class refuse what a server of before sends."
        message = f"The member {name!r} {told if needed else 'is new: clients ignore what they do not know.'}"
        yield _change("member-added", old, message, member=name, breaking=needed)
    yield from _headers(old, new)


def _member(old: DocumentedType, new: DocumentedType, name: str) -> Iterator[Change]:
    if name not in new.members:
        message = f"The member {name!r} is gone: clients that read it no longer find it."
        yield _change("member-removed", old, message, member=name, breaking=True)
        return
    if (name in old.required) != (name in new.required):
        told = "may be absent now" if name in old.required else "is required now"
        code = "member-optional" if name in old.required else "member-required"
        message = f"The member {name!r} {told}: clients of one version may refuse what servers of the other send."
        yield _change(code, old, message, member=name, breaking=True)
    before, after = _shape(old.members[name], old), _shape(new.members[name], new)
    if before != after:
        code, told = _direction(before, after)
        yield _change(code, old, f"The member {name!r} {told}", member=name, breaking=True)


def _headers(old: DocumentedType, new: DocumentedType) -> Iterator[Change]:
    before, after = ({header.name.lower(): header for header in it.headers} for it in (old, new))
    for name, header in before.items():
        if name not in after:
            yield _change("header-removed", old, f"The response header {header.name} is gone.", breaking=True)
        elif header.required and not after[name].required:
            message = f"The response header {header.name} may be absent now."
            yield _change("header-optional", old, message, breaking=True)
    for name, header in after.items():
        if name not in before:
            yield _change("header-added", old, f"The response header {header.name} is new.")


def _shape(schema: JsonValue, documented: DocumentedType, inside: tuple[str, ...] = ()) -> JsonValue:
    """Return what a schema says about values: references resolved, texts for people left out."""
    if isinstance(schema, list):
        # The order of enum, required and unions means nothing.
        return sorted((_shape(it, documented, inside) for it in schema), key=repr)
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _referred(reference.rpartition("/")[2], documented, inside)
    shape: dict[str, JsonValue] = {}
    for key, value in schema.items():
        if key == "properties" and isinstance(value, dict):
            shape[key] = {name: _shape(it, documented, inside) for name, it in value.items()}
        elif key not in _ABOUT:
            shape[key] = _shape(value, documented, inside)
    return shape


def _referred(name: str, documented: DocumentedType, inside: tuple[str, ...]) -> JsonValue:
    """Return the shape of a definition; of one that it is *inside* of, how far up that is: names mean nothing."""
    if name in inside:
        return {"$ref": len(inside) - inside.index(name)}
    if len(inside) >= _DEPTH:
        return {"$ref": name}
    return _shape(documented.definitions.get(name, {}), documented, (*inside, name))


def _direction(before: JsonValue, after: JsonValue) -> tuple[str, str]:
    """Say which way a shape changed, where that can be told: fewer values than before, or more."""
    steps = set(_steps(before, after)) if isinstance(before, dict) and isinstance(after, dict) else {_OTHER}
    if steps == {_NARROWER}:
        return (
            "member-narrowed",
            "allows fewer values: clients with the new class refuse what a server of before sends.",
        )
    if steps == {_WIDER}:
        return "member-widened", "allows more values: clients of before may refuse them."
    return "member-changed", "has other values: clients that read it may fail."


def _steps(before: Mapping[str, JsonValue], after: Mapping[str, JsonValue]) -> Iterator[str]:
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if key in _BOUNDS:
            yield _bound(old, new, rising=_BOUNDS[key])
        elif isinstance(old, list) and isinstance(new, list):
            yield from (_NARROWER for it in old if it not in new)
            yield from (_WIDER for it in new if it not in old)
        else:
            yield _NARROWER if old is None else _WIDER if new is None else _OTHER


def _bound(old: JsonValue, new: JsonValue, *, rising: bool) -> str:
    """Say what another bound means; *rising* is one that allows less the higher it is."""
    if not isinstance(old, int | float):
        return _NARROWER
    if not isinstance(new, int | float):
        return _WIDER
    return _NARROWER if (new > old) == rising else _WIDER


def vocabulary_in(document: Json) -> Vocabulary:
    """
    Return the vocabulary in an export, or in an OpenAPI document.

    Of an OpenAPI document, the schemas count whose `type` is constant, and whose `status` is, too.

    Raises:
        ValidationError: The document is neither.
    """
    return served(document) if "openapi" in document else Vocabulary.model_validate(document)
