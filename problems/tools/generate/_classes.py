"""
Classes for problem types: from facts and kinds to a tree of Python source.

Knows the syntax of problem classes. Does not know the source of the facts. This is one thing: the header, the body
and the imports of a class depend on each other.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pydantic import JsonValue

from problems._wire.invalid_params import InvalidParam
from problems._wire.problem_type import ABOUT_BLANK
from problems._wire.status import PHRASES
from problems._wire.uris import on_base
from problems.catalog import ValidationProblem, by_status
from problems.declaring._definition import definition_of
from problems.declaring._response_header import ResponseHeader
from problems.declaring.problem import ClientProblem, Problem, ServerProblem
from problems.documenting.vocabulary import DocumentedHeader, documented
from problems.errors import InvalidHeader
from problems.registry import Registry
from problems.tools.generate._kinds import (
    NONE,
    Kind,
    ListOf,
    MapOf,
    Member,
    Model,
    OneOf,
    Plain,
    Ref,
    TupleOf,
    Union,
    distinct,
    references,
    union,
    with_keys,
)
from problems.tools.generate._names import (
    class_names,
    free_name,
    is_class_name,
    is_member_name,
    is_model_member_name,
    is_schema_name,
    member_names,
    member_words,
)
from problems.tools.generate._source import (
    arguments,
    assigned,
    called,
    docstring,
    dotted,
    field,
    literal,
    subscripted,
    united,
    unparsed,
)

__all__ = ["Dialects", "Source", "module"]

_HEAD: Final = "The problem types of an API, written by `problems generate`: change the document and run it again."
_READ: Final = (
    "The documents of this API differ from RFC 9457: read them with the dialect, "
    "`raise_problems(client, registry, dialect=dialect)`."
)
_IMPORTS: Final[Mapping[str, tuple[str, ...]]] = {
    "typing": ("Annotated", "Any", "Literal"),
    "problems": ("ClientProblem", "Problem", "Registry", "ResponseHeader", "ServerProblem", "catalog"),
    "problems.catching": ("Dialect",),
    "pydantic": ("BaseModel", "Field"),
}
_OF_STATUSES: Final = frozenset(
    name for status in PHRASES for name in definition_of(by_status(status)).declaration.members
)
"""The members of the catalog classes: names that a base of several of these classes cannot use."""
_BASES: Final[Mapping[int, type[Problem]]] = {0: Problem, 4: ClientProblem, 5: ServerProblem}


@dataclass(frozen=True, slots=True)
class Dialects:
    """
    How an API's documents differ from RFC 9457.

    Attributes:
        media_types: Their media types, if they are plain JSON.
        nested: The members that contain the members of an error.
        identity: The member that identifies the type in place of `type`.
        title: The member in place of `title`.
        detail: The member in place of `detail`.
    """

    media_types: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()
    identity: str = ""
    title: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """
    A problem type that a class is written for.

    Attributes:
        name: The preferred name of the class.
        type: The type URI.
        title: The title.
        status: The status code; 0 for a base.
        code: The value of the member that identifies the type, if the type URI does not.
        hundreds: The first digit of the statuses of the type, or 0 for any, if it has several statuses.
        schema_name: The component schema name in OpenAPI, if the class must keep it.
        description: The meaning of the type.
        aliases: Further type URIs.
        headers: The header fields of its responses.
        members: The extension members.
        family: The name that a base shares with its derived classes.
        notes: Notes for readers of the class.
    """

    name: str
    type: str
    title: str
    status: int
    code: str = ""
    hundreds: int | None = None
    schema_name: str = ""
    description: str = ""
    aliases: tuple[str, ...] = ()
    headers: tuple[DocumentedHeader, ...] = ()
    members: tuple[Member, ...] = ()
    family: str = ""
    notes: tuple[str, ...] = ()


def module(
    sources: Iterable[Source],
    models: Mapping[int, Model],
    notes: Iterable[str] = (),
    dialect: Dialects | None = None,
    base: str | None = None,
) -> str:
    """
    Return the source of a module with a class for each problem type, and their registry.

    Args:
        sources: The problem types.
        models: The objects that members consist of, by their keys.
        notes: Notes about the whole document.
        dialect: How the documents of the API differ from RFC 9457.
        base: The base URI of relative types.
    """
    writer = _Writer(list(sources), models, base)
    classes = [*writer.models(), *writer.problems()]
    body: list[ast.stmt] = [*classes, assigned("registry", writer.registry())]
    all_notes = [*notes]
    if dialect is not None and (dialect.media_types or dialect.identity):
        body.append(assigned("dialect", _dialect(dialect)))
        all_notes.append(_READ)
    return unparsed([docstring(_HEAD, all_notes, indent=0), *_imports(body), *body])


def _imports(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the imports of the names that a module uses."""
    used = {node.id for statement in body for node in ast.walk(statement) if isinstance(node, ast.Name)}
    yield ast.ImportFrom("__future__", [ast.alias("annotations")], 0)
    yield from (ast.Import([ast.alias(name)]) for name in ("datetime", "uuid") if name in used)
    for source, names in _IMPORTS.items():
        if imports := [ast.alias(name) for name in names if name in used]:
            yield ast.ImportFrom(source, imports, 0)


def _dialect(dialect: Dialects) -> ast.expr:
    words: dict[str, JsonValue | tuple[str, ...]] = {
        "media_types": dialect.media_types,
        "nested": dialect.nested,
        "identity": dialect.identity,
        "title": dialect.title,
        "detail": dialect.detail,
    }
    return called("Dialect", **{name: literal(value) for name, value in words.items() if value})


class _Writer:
    """Writes the classes of a module, each under a free name."""

    def __init__(self, sources: Sequence[Source], models: Mapping[int, Model], base: str | None) -> None:
        self._base = base
        used: set[str] = set()
        results = [_Problem(source, models) for source in _unequal(sources, base)]
        self._problems = [
            (free_name(class_names(result.source.name, "UnnamedProblem", is_problem=True), used, is_class_name), result)
            for result in results
        ]
        same = distinct(models)
        self._models = {key: with_keys(models[key], same) for key in _reached(results, models, same)}
        names = {
            key: free_name(class_names(model.name, "Model"), used, is_class_name) for key, model in self._models.items()
        }
        self._names = {key: names[first] for key, first in same.items() if first in names}
        self._used = frozenset(used)

    def models(self) -> Iterator[ast.stmt]:
        """Yield the classes of the objects that members consist of."""
        for key, model in self._models.items():
            name = self._names[key]
            names = member_names((member.name for member in model.members), self._used, is_model_member_name)
            about = [docstring(model.description or name)] if model.description or not model.members else []
            body = [*about, *self._members(model.members, names, {})]
            yield ast.ClassDef(name, [dotted("BaseModel")], [], body, [])

    def problems(self) -> Iterator[ast.stmt]:
        """Yield the classes of the problem types."""
        for name, item in self._problems:
            taken = {
                *self._used,
                *definition_of(item.base).declaration.members,
                *(_OF_STATUSES if item.source.family else ()),
            }
            members = item.members
            names = member_names((member.name for member in members), taken, is_member_name)
            body = [
                docstring(item.source.description or item.source.title, item.notes),
                *self._members(members, names, item.headers),
            ]
            words = item.words(name)
            if self._can_be_schema(item.source.schema_name):
                words["schema_name"] = literal(item.source.schema_name)
            yield ast.ClassDef(name, [dotted(base) for base in self._bases(item)], arguments(words), body, [])

    def _bases(self, item: "_Problem") -> list[str]:
        """Return the names of the bases of a class: the base of its family, and the class of its status."""
        family = [name for name, other in self._problems if other.is_base_of(item)]
        return [*family, item.parent]

    def registry(self) -> ast.expr:
        """Return the registry of the problem types that are not bases."""
        known = [dotted(name) for name, problem in self._problems if problem.source.status]
        return called("Registry", *known, **({} if self._base is None else {"base": literal(self._base)}))

    def _can_be_schema(self, name: str) -> bool:
        """Return whether a type keeps an OpenAPI name that no class of the module has, and no annotation uses."""
        return name not in self._used and is_schema_name(name)

    def _members(
        self, members: Iterable[Member], names: Mapping[str, str], headers: Mapping[str, ast.expr]
    ) -> Iterator[ast.stmt]:
        for member in members:
            name = names[member.name]
            yield _member(member, name, self._annotation(member.kind), headers.get(member.name))

    def _annotation(self, kind: Kind) -> ast.expr:
        if isinstance(kind, Plain):
            return ast.Constant(None) if kind == NONE else dotted(kind.name)
        if isinstance(kind, OneOf):
            return subscripted("Literal", [literal(value) for value in kind.values])
        if isinstance(kind, ListOf):
            return subscripted("list", [self._annotation(kind.item)])
        if isinstance(kind, TupleOf):
            return subscripted("tuple", [self._annotation(item) for item in kind.items])
        if isinstance(kind, MapOf):
            return subscripted("dict", [dotted("str"), self._annotation(kind.value)])
        if isinstance(kind, Union):
            return united(self._annotation(part) for part in kind.kinds)
        return dotted(self._names[kind.key])


def _member(member: Member, name: str, kind: ast.expr, header: ast.expr | None) -> ast.stmt:
    """Return the declaration of one member."""
    arguments: dict[str, ast.expr] = {}
    if name != member.name:
        arguments["alias"] = literal(member.name)
    if member.description:
        arguments["description"] = literal(member.description)
    if member.examples:
        arguments["examples"] = literal([*member.examples])
    is_mutable = isinstance(member.default, list | dict) and not member.required
    metadata: list[ast.expr] = [] if is_mutable or not arguments else [called("Field", **arguments)]
    metadata += [] if header is None else [header]
    default = None if member.required else literal(member.default)
    if is_mutable:  # as a value of `Field`, which copies it for each occurrence
        default = called("Field", **{"default": literal(member.default), **arguments})
    return field(name, subscripted("Annotated", [kind, *metadata]) if metadata else kind, default)


def _unequal(sources: Iterable[Source], base: str | None) -> Iterator[Source]:
    """Yield problem types that are all different for a registry: a URI identifies one class."""
    claimed: dict[str, None] = {}
    names: set[str] = set()
    kept = [item for item in sources if item.type == ABOUT_BLANK or not item.status or _claim(item.type, base, claimed)]
    for source in kept:
        aliases = tuple(alias for alias in source.aliases if alias and _claim(alias, base, claimed))
        schema_name = "" if source.schema_name in names else source.schema_name
        names.add(schema_name)
        yield replace(source, aliases=aliases, schema_name=schema_name)


def _claim(uri: str, base: str | None, claimed: dict[str, None]) -> bool:
    """Claim a URI, as written and with the base of the registry; return whether it was free."""
    names = {uri, on_base(uri, base)}
    if uri == ABOUT_BLANK or names & claimed.keys():
        return False
    claimed.update(dict.fromkeys(names))
    return True


def _reached(problems: Iterable["_Problem"], models: Mapping[int, Model], same: Mapping[int, int]) -> list[int]:
    """Return the keys of the models that members of problem types refer to, in order of first use."""
    results: dict[int, None] = {}
    left = [same[key] for problem in problems for member in problem.members for key in references(member.kind)][::-1]
    while left:
        key = left.pop()
        if key not in results:
            results[key] = None
            left += [same[reference] for member in models[key].members for reference in references(member.kind)][::-1]
    return [*results]


class _Problem:
    """The generated class of one problem type."""

    def __init__(self, source: Source, models: Mapping[int, Model]) -> None:
        self.source = source
        self._is_validation = _is_validation(source, models)
        self.base = self._base()
        self.members = () if self._is_validation else source.members
        self.headers: dict[str, ast.expr] = {}
        self.notes = source.notes
        self._read_headers()

    def _base(self) -> type[Problem]:
        if self._is_validation:
            return ValidationProblem
        if self.source.hundreds is not None:
            return _BASES.get(self.source.hundreds, Problem)
        return by_status(self.source.status) if self.source.status >= 400 else Problem

    @property
    def parent(self) -> str:
        """The base class, as named in the module."""
        is_root = self.base in _BASES.values()
        return self.base.__name__ if is_root else f"catalog.{self.base.__name__}"

    def is_base_of(self, other: "_Problem") -> bool:
        """Return whether another class of the family derives from this one."""
        family = self.source.family
        return family != "" and family == other.source.family and not self.source.status and other is not self

    def words(self, name: str) -> dict[str, ast.expr]:
        """Return the class keyword arguments."""
        item = self.source
        if not item.status:
            return {"abstract": literal(True)}
        words: dict[str, ast.expr] = {}
        if item.type != ABOUT_BLANK:
            words["type"] = literal(item.type)
            words["title"] = literal(_title(item.title) or name)
        if self.base in _BASES.values():
            words["status"] = literal(item.status)
        if item.hundreds is not None or self.base is Problem:
            words["any_status"] = literal(True)
        if item.aliases:
            words["aliases"] = literal(item.aliases)
        return words

    def _read_headers(self) -> None:
        """Assign a member to each header field: the one with its name, or an additional one that is not in the body."""
        known = () if definition_of(self.base).declaration.abstract else documented(self.base, Registry()).headers
        names = {other.name.lower() for other in known}
        by_word = {_word(member.name): member.name for member in self.members}
        wire = {member.name for member in self.members}
        for header in self.source.headers:
            if header.name.lower() in names or not _can_be_sent(header.name, self.source.status):
                continue
            names.add(header.name.lower())
            own = by_word.get(_word(header.name))
            words: dict[str, ast.expr] = {}
            if own is None:
                own = free_name(member_words(header.name.lower()), wire, is_member_name)
                kind = Plain("str") if header.required else union([Plain("str"), NONE])
                self.members = (*self.members, Member(own, kind, header.required))
                words["body"] = literal(False)
            if header.description:
                words["description"] = literal(header.description)
            if own not in self.headers:
                self.headers[own] = called("ResponseHeader", literal(header.name), **words)


def _is_validation(source: Source, models: Mapping[int, Model]) -> bool:
    """Return whether a type is the validation problem, as this package declares it."""
    members = {member.name: member.kind for member in source.members}
    kind = members.get("errors")
    is_own = members.keys() <= {*definition_of(ValidationProblem).members.sent.values()}
    if source.status != 422 or source.hundreds is not None or not is_own:
        return False
    if not isinstance(kind, ListOf) or not isinstance(kind.item, Ref):
        return False
    names = {member.name for member in models[kind.item.key].members}
    return (
        {"detail", "code", "pointer"}
        <= names
        <= {value.serialization_alias or name for name, value in InvalidParam.model_fields.items()}
    )


def _title(title: str) -> str:
    """Return a title without braces, which class keyword arguments do not allow."""
    return " ".join(title.replace("{", "(").replace("}", ")").split())


def _word(name: str) -> str:
    """Return the form in which the name of a member equals the name of its header field."""
    word = "".join(char for char in name.lower() if char.isalnum())
    return word[1:] if name[:2].lower() == "x-" else word


def _can_be_sent(name: str, status: int) -> bool:
    try:
        ResponseHeader(name, body=False).check(status or None)
    except InvalidHeader:
        return False
    return name.lower() != "content-type"
