"""
Problem types from the OpenAPI or Swagger document of a foreign API.

Combines the facts of all uses of a type, and adds a note for each missing fact.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from problems._wire.problem_type import ABOUT_BLANK
from problems._wire.status import phrase
from problems._wire.uris import check_reference, is_absolute, quote_reference, resolve
from problems.catalog import by_status
from problems.documenting.vocabulary import DocumentedHeader
from problems.tools.generate._classes import Dialects, Source
from problems.tools.generate._documents import Document, Json, constants, text, texts, values
from problems.tools.generate._facts import Facts, facts, server_of
from problems.tools.generate._kinds import Member, together
from problems.tools.generate._names import class_name
from problems.tools.generate._schemas import Schemas, name_of
from problems.tools.generate._uses import STANDARD, Use, looks_like_a_problem, uses

__all__ = ["Found", "sources"]

_LONG: Final = 100
_CODES: Final = ("code", "errorCode", "error_code", "errorType", "error_type", "error", "reason", "kind", "key", "name")
"""Names of members that identify an error, even if only one value is known."""
_DETAILS: Final = ("detail", "message", "error_description", "errorMessage", "description", "msg", "reason")
_TITLES: Final = ("title", "error", "name", "summary")
_UNKNOWN: Final = 500
_USUAL: Final = (400, 401, 403, 404, 405, 406, 409, 410, 412, 413, 415, 422, 429, 500, 501, 502, 503, 504)
"""The statuses that get a class if a document describes one body for any status."""
_BY_STATUS: Final = "The document does not name a type URI: clients recognise the class by its status."


@dataclass
class Found:
    """
    The problem types of a document.

    Attributes:
        sources: The problem types.
        notes: Notes about the whole document.
        dialect: How the documents differ from RFC 9457.
        base: The base URI of relative types.
    """

    sources: list[Source] = field(default_factory=list[Source])
    notes: list[str] = field(default_factory=list[str])
    dialect: Dialects = field(default_factory=Dialects)
    base: str | None = None


def sources(document: Document, schemas: Schemas) -> Found:
    """Return the problem types of a document."""
    result = Found()
    value, bases = list(uses(document, result.notes.append)), _bases(document)
    identity = _identity(document, value)
    groups: dict[tuple[str, object], list[Facts]] = {}
    for use in value:
        for one in facts(document, use, identity=identity, is_shared=_is_shared(use, value, bases)):
            groups.setdefault(_key(document, one), []).append(one)
    plain: dict[str, None] = {}
    exact = {status for kind, status in groups if kind == "status"}
    # A range is narrower than `default`, so its classes come first.
    for (kind, _), group in sorted(groups.items(), key=lambda item: (item[0][0] == "any", item[0] == ("any", 0))):
        if kind == "ours":
            result.notes.append(f"{group[0].use.where}: a client sends this answer, so it has no class.")
            continue
        source = _source(document, schemas, group)
        if kind == "any":
            result.sources += _family(source, exact)
            continue
        if group[0].uri == ABOUT_BLANK and not source.members and source.status:
            plain[by_status(source.status).__name__] = None
        else:
            result.sources.append(source)
    if plain:
        note = f"Responses without a type, raised as the classes of `problems.catalog`: {', '.join(plain)}."
        result.notes.append(note)
    result.notes += document.notes()
    if not groups and not result.notes:
        result.notes.append("The document contains no problem type: no response and no schema looks like a problem.")
    result.dialect = _dialect(document, value, identity)
    result.base = server_of(document) if any(source.code for source in result.sources) else None
    return result


def _family(source: Source, exact: set[object]) -> Iterator[Source]:
    """Yield a base for error bodies that are documented for any status, and a class for each usual status."""
    statuses = [item for item in _USUAL if item not in exact and source.hundreds in (0, item // 100)]
    exact.update(statuses)
    family = f"{source.name} {source.hundreds}"
    note = "Responses with a status that no class has are raised as the classes of `problems.catalog`."
    notes = (*(item for item in source.notes if item != _BY_STATUS), note)
    yield replace(source, status=0, hundreds=None, headers=(), family=family, schema_name="", notes=notes)
    for status in statuses:
        name = f"{source.name}{by_status(status).__name__}"
        yield Source(name, ABOUT_BLANK, source.title, status, description=source.description, family=family)


def _bases(document: Document) -> frozenset[str]:
    """Return the names of the schemas that other schemas extend."""
    schemas = {**document.object_at(document.root, "definitions")}
    schemas.update(document.object_at(document.root, "components", "schemas"))
    parts = [values(schema.get("allOf")) for schema in schemas.values() if isinstance(schema, dict)]
    return frozenset(name_of(item) for part in parts for item in part)


def _is_shared(use: Use, others: Iterable[Use], bases: frozenset[str]) -> bool:
    """Return whether several statuses share a schema, or other schemas extend it."""
    if not use.name or use.fixed:
        return False
    return use.name in bases or len({other.key for other in others if other.name == use.name and not other.fixed}) > 1


def _identity(document: Document, results: Iterable[Use]) -> str:
    """Return the member that identifies types if the type URI does not, or an empty string."""
    codes: dict[str, set[str]] = {}
    fixed: Counter[str] = Counter()
    for use in results:
        properties = document.object_at(use.whole(document), "properties")
        if constants(document.object_at(properties.get("type"))):
            continue
        fixed.update(name for name, _ in use.fixed if name not in STANDARD)
        for name, item in properties.items():
            allowed = constants(document.object_at(item)) if name not in STANDARD else []
            if len(allowed) == 1 or (name in _CODES and use.may_list_codes):  # other lists of values are data
                codes.setdefault(name, set()).update(value for value in texts(allowed) if value.strip())
    if fixed:
        return fixed.most_common(1)[0][0]
    likely = [name for name, some in codes.items() if len(some) > 1 or (some and name in _CODES)]
    return max(likely, key=lambda name: (len(codes[name]) > 1, name in _CODES, len(codes[name])), default="")


def _dialect(document: Document, result: list[Use], identity: str) -> Dialects:
    """Return the member names that an API uses in place of the names in RFC 9457."""
    media_types = tuple(dict.fromkeys(use.json for use in result if use.json))
    names: Counter[str] = Counter()
    for use in result:
        properties = document.object_at(use.whole(document), "properties")
        names.update(name for name, value in properties.items() if text(document.object_at(value), "type") == "string")
    title, detail = ("" if names[first] else _most(names, others) for first, *others in (_TITLES, _DETAILS))
    nested = tuple(dict.fromkeys(use.nested for use in result if use.nested))
    title, detail = ("" if item == identity else item for item in (title, detail))
    return Dialects(media_types, nested, identity, title, detail)


def _most(names: Counter[str], candidates: Iterable[str]) -> str:
    return max((candidate for candidate in candidates if names[candidate]), key=lambda item: names[item], default="")


def _key(document: Document, one: Facts) -> tuple[str, object]:
    """Return the key that all uses of one type share."""
    if one.uri and one.uri != ABOUT_BLANK:
        return "type", _absolute(document, one.uri)
    if one.code:
        return "code", one.code
    if one.use.is_ours:
        return "ours", one.use.where
    if one.is_any:
        return "any", _range(one)
    return ("status", one.status) if one.status else ("base", one.name)


def _range(one: Facts) -> int:
    """Return the first digit of the statuses of a use, or 0 for any."""
    first = str(one.status) if one.status and one.use.key.isdecimal() else one.use.key
    return int(first[0]) if first[:1] in ("4", "5") else 0


def _absolute(document: Document, uri: str) -> str:
    result = uri if is_absolute(uri) else resolve(server_of(document), uri)
    return uri if check_reference(result) else result


def _source(document: Document, schemas: Schemas, group: list[Facts]) -> Source:
    first = group[0]
    notes = [note for one in group for note in one.notes]
    schemas.notes.clear()
    members = together(_members(document, schemas, group, notes))
    notes += schemas.notes
    uri, aliases = _address(document, group, notes)
    title = first.title or next((one.title for one in group if one.title), "") or _title(first)
    titles = sorted({one.title for one in group if one.title} - {title})
    if titles and first.uri:
        notes.append(f"It is also documented with the title {', '.join(map(repr, titles))}.")
    if first.use.is_ours:
        notes.append(f"{first.use.where}: a client sends this answer to a callback or webhook.")
    status, hundreds = _statuses(group)
    return Source(
        name=_common_name(group),
        type=uri,
        code=first.code,
        title=title,
        status=status,
        hundreds=hundreds,
        schema_name=first.use.name if class_name(first.use.name) == first.name else "",
        description=_description(document, first.use) or title,
        aliases=aliases,
        headers=tuple(_headers(group)),
        members=members,
        notes=tuple(dict.fromkeys(notes)),
    )


def _statuses(group: list[Facts]) -> tuple[int, int | None]:
    """Return the status of a type and, if it has several, the first digit of them, or 0 for any."""
    exact = list(dict.fromkeys(one.status for one in group if one.status and not one.is_any))
    open_ones = [one for one in group if one.is_any]
    if len(exact) == 1 and not open_ones:
        return exact[0], None
    if not exact and not open_ones:
        is_typed = bool(group[0].uri and group[0].uri != ABOUT_BLANK) or bool(group[0].code)
        return (_UNKNOWN, 0) if is_typed else (0, None)
    hundreds = {status // 100 for status in exact} | {_range(one) for one in open_ones}
    of_all = hundreds.pop() if len(hundreds) == 1 else 0
    status = next(iter(exact), 0) or next((one.status for one in open_ones if one.status), 0)
    return status or (of_all or 5) * 100, of_all if of_all >= 4 else 0


def _common_name(group: list[Facts]) -> str:
    """Return the name of a class; several schemas of one status are named after the status."""
    first = group[0]
    names = {one.use.name for one in group}
    if len(names) < 2 or first.uri not in ("", ABOUT_BLANK) or first.code or not first.status:
        return first.name
    return f"{by_status(first.status).__name__}Problem"


def _members(
    document: Document, schemas: Schemas, group: list[Facts], notes: list[str]
) -> Iterator[tuple[Member, ...]]:
    """Yield the extension members that each schema of a type has."""
    seen: list[Json] = []
    for one in group:
        schema = one.use.whole(document)
        if any(schema is item or schema == item for item in seen):
            continue
        seen.append(schema)
        if not schema:
            if not document.is_lost(one.use.schema):
                notes.append("The document has no schema: members are not known.")
            else:
                notes.append("The schema could not be read: members are not known.")
        elif not isinstance(schema.get("properties"), dict):
            notes.append("The schema lists no members.")
        elif not one.use.json and not looks_like_a_problem(schema) and _shows_another(one.use, schema):
            notes.append(
                f"The schema {one.use.name!r} of {one.use.where} does not contain members of RFC 9457, but "
                f"its examples do: members are not known."
            )
        else:
            yield schemas.members(schema, STANDARD)


def _shows_another(use: Use, schema: Json) -> bool:
    """Return whether the examples of a response are problems that do not match its schema."""
    properties = schema.get("properties")
    known = set(properties if isinstance(properties, dict) else ())
    shown = [set(example) for example in use.examples if len(set(example) & STANDARD) > 1]
    return bool(shown) and not any(item & known for item in shown)


def _address(document: Document, group: list[Facts], notes: list[str]) -> tuple[str, tuple[str, ...]]:
    """Return the type URI and its aliases."""
    first = group[0]
    if first.code:
        quoted = quote_reference(first.code)
        return quoted, () if quoted == first.code else (first.code,)
    if not first.uri or first.uri == ABOUT_BLANK:
        if not first.status and not first.is_any:
            notes.append("The document does not name a status. This is a base: derive a class with a status from it.")
        else:
            notes.append(_BY_STATUS)
        return ABOUT_BLANK, ()
    uri = _absolute(document, first.uri)
    written = dict.fromkeys(one.written or one.uri for one in group)
    others = tuple(item for item in written if item != uri)
    note = f"in the document, relative to {server_of(document)}; clients know both."
    notes += (f"The type is {other!r} {note}" for other in others)
    return uri, others


def _title(first: Facts) -> str:
    """Return a title for a type without one."""
    summary = first.use.description.strip().partition("\n")[0].rstrip(". ")
    if summary and len(summary) < _LONG:
        return summary
    return first.name if first.uri or first.code or not first.status else phrase(first.status)


def _description(document: Document, use: Use) -> str:
    return text(use.whole(document), "description").strip() or use.description.strip()


def _headers(group: list[Facts]) -> Iterator[DocumentedHeader]:
    headers: dict[str, DocumentedHeader] = {}
    for one in group:
        for name, item in one.use.headers:
            description = " ".join(text(item, "description").split())
            headers.setdefault(name.lower(), DocumentedHeader(name=name, required=False, description=description))
    yield from headers.values()
