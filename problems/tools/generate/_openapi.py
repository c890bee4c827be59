"""
Problem types from the OpenAPI or Swagger document of an API that somebody else wrote.

Puts together what several uses tell of one type, and says what none of them does.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from problems._wire.problem_type import ABOUT_BLANK
from problems._wire.uris import check_reference, is_absolute, resolve
from problems.catalog import by_status
from problems.documenting.vocabulary import DocumentedType
from problems.tools.generate._classes import Source
from problems.tools.generate._documents import Document, Json, text, texts
from problems.tools.generate._facts import Facts, facts, server_of
from problems.tools.generate._schemas import Schemas, merged
from problems.tools.generate._uses import STANDARD, Use, bases_in, looks_like_a_problem, uses

__all__ = ["sources"]

_LONG: Final = 100


def sources(root: Json) -> tuple[list[Source], list[str]]:
    """Return the problem types of a document, and what there is to say of the whole."""
    document = Document(root)
    notes: list[str] = []
    found, bases = list(uses(document, notes.append)), bases_in(document)
    groups: dict[object, list[Facts]] = {}
    for use in found:
        for one in facts(document, use, is_shared=_is_shared(use, found, bases)):
            groups.setdefault(_key(document, one), []).append(one)
    made: list[Source] = []
    plain: dict[str, None] = {}
    for group in groups.values():
        source = _source(document, group)
        if group[0].is_constant and source.documented.type == ABOUT_BLANK and not source.documented.members:
            plain[by_status(source.documented.status).__name__] = None
        else:
            made.append(source)
    if plain:
        notes.append(
            f"Without a type of their own, so their classes are those of `problems.catalog`: {', '.join(plain)}."
        )
    if not groups:
        notes.append("There is no problem in the document: no response is one, and no schema looks like one.")
    return made, list(dict.fromkeys(notes))


def _is_shared(use: Use, others: Iterable[Use], bases: frozenset[str]) -> bool:
    """Return whether a schema is that of several statuses, or what others are made from."""
    return bool(use.name) and (use.name in bases or len({it.key for it in others if it.name == use.name}) > 1)


def _key(document: Document, one: Facts) -> object:
    return _absolute(document, one.uri) if one.uri and one.uri != ABOUT_BLANK else (one.name, one.status)


def _absolute(document: Document, uri: str) -> str:
    found = uri if is_absolute(uri) else resolve(server_of(document), uri)
    return uri if check_reference(found) else found


def _source(document: Document, group: list[Facts]) -> Source:
    first = group[0]
    notes = [note for one in group for note in one.notes]
    uri, aliases = _address(document, group, notes)
    notes += _differences(group)
    members = _Members(document, first.name)
    title = first.title or next((one.title for one in group if one.title), "") or _title(first)
    schema = members.together([one.use for one in group])
    standard = {"type": {"const": uri}, "status": {"const": first.status}, "title": {"const": f"{first.name} {title}"}}
    documented = DocumentedType.model_validate(
        {
            "type": uri,
            "name": first.name,
            "title": title,
            "status": first.status,
            "description": _description(document, first.use) or title,
            "aliases": aliases,
            "headers": _headers(group),
            "schema": {**schema, "properties": {**standard, **document.object_at(schema, "properties")}},
        }
    )
    return Source(documented, tuple(dict.fromkeys([*notes, *members.notes])))


def _address(document: Document, group: list[Facts], notes: list[str]) -> tuple[str, tuple[str, ...]]:
    """Return the type URI, and what else it is known as."""
    first = group[0]
    if not first.status:
        notes.append("The document tells no status. This is a base: derive a class with a status from it.")
    if not first.uri:
        if first.status:
            notes.append(
                f"The document tells no type URI. Until there is a `type=` here, clients raise "
                f"{by_status(first.status).__name__} in place of this class; the members are in its `problem_details`."
            )
        return ABOUT_BLANK, ()
    uri = _absolute(document, first.uri)
    relative = tuple(dict.fromkeys(one.uri for one in group if one.uri != uri))
    told = f"in the document, relative to {server_of(document)}; clients know both."
    notes += (f"The type is {it!r} {told}" for it in relative)
    return uri, relative


def _differences(group: list[Facts]) -> Iterator[str]:
    first, *others = group
    if statuses := sorted({one.status for one in others if one.status} - {first.status}):
        yield f"It is also documented with the status {', '.join(map(str, statuses))}."
    if titles := sorted({one.title for one in others if one.title} - {first.title, ""}):
        yield f"It is also documented with the title {', '.join(map(repr, titles))}."
    if all(one.use.is_json for one in group):
        yield "It is documented as plain JSON: clients take it for a problem only if it is sent as `problem+json`."


def _title(first: Facts) -> str:
    """Return a title for a type that has none."""
    told = first.use.description.strip().partition("\n")[0].rstrip(". ")
    return told if told and len(told) < _LONG else first.name


def _description(document: Document, use: Use) -> str:
    return text(merged(document, use.schema), "description").strip() or use.description.strip()


def _headers(group: list[Facts]) -> list[Json]:
    found: dict[str, Json] = {}
    for one in group:
        for name, it in one.use.headers:
            description = " ".join(text(it, "description").split())
            found.setdefault(name, {"name": name, "required": it.get("required") is True, "description": description})
    return list(found.values())


class _Members:
    """Puts the members of one type together."""

    def __init__(self, document: Document, name: str) -> None:
        self.document = document
        self.notes: list[str] = []
        self.schemas = Schemas(document, name, self.notes.append)

    def together(self, found: Iterable[Use]) -> Json:
        """Return the schema of all extension members."""
        properties: Json = {}
        required: list[list[str]] = []
        seen: list[Json] = []
        for use in found:
            schema = self._schema(use)
            if schema in seen:
                continue
            seen.append(schema)
            own, needed = self._extensions(schema)
            for name, it in own.items():
                if properties.setdefault(name, it) != it:
                    self.notes.append(f"{name!r} has another schema in {use.where}, which is not taken into account.")
            required.append(needed)
        every = [name for name in required[0] if all(name in it for it in required)] if required else []
        members, needed = self.schemas.members(properties, [*every])
        definitions: Json = {**self.schemas.definitions}
        return {"type": "object", "properties": {**members}, "required": [*needed], "$defs": definitions}

    def _schema(self, use: Use) -> Json:
        """Return the schema of a use, if it can be that of a problem."""
        schema = merged(self.document, use.schema)
        if not schema:
            reference = text(use.schema, "$ref")
            self.notes.append(
                f"The schema is {reference!r}, which is not in the document: members are not known."
                if reference
                else "The document has no schema: members are not known."
            )
        elif not isinstance(schema.get("properties"), dict):
            self.notes.append("The schema lists no members.")
        elif not looks_like_a_problem(schema):
            like = [it for it in use.examples if len(set(it) & STANDARD) > 1]
            told = f"The schema {use.name!r} of {use.where} has none of the members of RFC 9457"
            self.notes.append(f"{told}, its examples do: members are not known." if like else f"{told}.")
            return {} if like else schema
        return schema

    def _extensions(self, schema: Json) -> tuple[Json, list[str]]:
        properties = schema.get("properties")
        own = (
            {name: it for name, it in properties.items() if name not in STANDARD}
            if isinstance(properties, dict)
            else {}
        )
        return own, [name for name in texts(schema.get("required")) if name not in STANDARD]
