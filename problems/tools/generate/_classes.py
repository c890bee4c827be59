"""
The module with the classes of a vocabulary: from data to source text.

Knows what a problem class looks like, not where the data came from.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from problems._wire.problem_type import ABOUT_BLANK
from problems.catalog import ValidationProblem, by_status
from problems.declaring.problem import Problem
from problems.documenting.vocabulary import DocumentedHeader, DocumentedType, documented, schema_names
from problems.registry import Registry
from problems.tools.generate._annotations import Annotations, annotated, arguments
from problems.tools.generate._layout import Group, Node, comment, docstring, laid_out, written
from problems.tools.generate._names import TAKEN, member_names

__all__ = ["Source", "module"]

Json = dict[str, Any]

_HEAD: Final = '''\
"""The problem types of an API, written by `problems generate`: change what they were made from instead."""

'''
_TOKEN: Final = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
_VALIDATION: Final = "catalog.ValidationProblem"
_ROOT: Final = ("ClientProblem", "Problem", "Registry", "ResponseHeader", "ServerProblem", "catalog")


@dataclass(frozen=True, slots=True)
class Source:
    """
    A problem type that a class is written for.

    Attributes:
        documented: What is told of it; without a status it is a base.
        notes: What there is to say to those who read the class.
    """

    documented: DocumentedType
    notes: tuple[str, ...] = ()


def module(sources: Iterable[Source], notes: Iterable[str] = ()) -> str:
    """Return the source of a module with a class for each problem type, and their registry."""
    found = list(sources)
    types = [source.documented for source in found]
    names = schema_names(types, TAKEN)
    written: set[str] = set()
    parts: list[str] = []
    for it in types:
        writer = _Writer(Source(it), names)
        for schema in it.definitions.values():
            name = names[id(schema)]
            if name not in written and (name != "InvalidParam" or not writer.is_validation):
                written.add(name)
                parts.append(writer.model(name, schema))
    parts += (_Writer(source, names).problem() for source in found)
    registered = "".join(f"    {names[id(it.document)]},\n" for it in types if it.status)
    parts.append(f"registry = Registry(\n{registered})\n" if registered else "registry = Registry()\n")
    text = "\n\n".join(parts)
    told = "".join(f"{line}\n" for note in notes for line in comment(note))
    return _HEAD + (f"{told}\n" if told else "") + "\n".join(_imports(text)) + "\n\n\n" + text


def _imports(text: str) -> Iterator[str]:
    """Yield the imports that *text* needs, in their order."""
    used = set(_names_in(ast.parse(text)))
    standard = [f"import {name}" for name in ("datetime", "uuid") if name in used]
    foreign: list[str] = []
    for lines, name, names in (
        (standard, "typing", ("Annotated", "Any", "Literal")),
        (foreign, "pydantic", ("BaseModel", "Field")),
    ):
        if found := [it for it in names if it in used]:
            lines.append(f"from {name} import {', '.join(found)}")
    for lines in (standard, foreign):
        yield from [*lines, ""] if lines else []
    yield f"from problems import {', '.join(name for name in _ROOT if name in used)}"


def _names_in(tree: ast.AST) -> Iterator[str]:
    """Yield the names that are used, those in annotations that are text included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.AnnAssign):
            hint = node.annotation
            if isinstance(hint, ast.Subscript) and isinstance(hint.slice, ast.Tuple):  # Annotated["…", …]
                hint = hint.slice.elts[0] if ast.unparse(hint.value) == "Annotated" else hint
            if isinstance(hint, ast.Constant) and isinstance(hint.value, str):
                yield from _names_in(ast.parse(hint.value, mode="eval"))


class _Writer:
    """Writes what one problem type consists of."""

    def __init__(self, source: Source, names: Mapping[int, str]) -> None:
        self.it = source.documented
        self.notes = source.notes
        self.names = names
        self.annotations = Annotations(self._named)

    def _named(self, reference: str) -> str:
        definition = self.it.definitions.get(reference.rpartition("/")[2], {})
        return self.names.get(id(definition), "Any")

    def problem(self) -> str:
        """Return the class of the problem type."""
        words: list[Node] = [self.parent, *self._words()]
        lines = [f"class {self.names[id(self.it.document)]}("]
        for word in words:
            lines += laid_out("", word, ",")
        lines += ["):", *docstring(self.it.description or self.it.title)]
        told = [line for note in (*self.notes, *self._unread()) for line in comment(note, 4)]
        lines += ["", *told] if told else []
        if not self.is_validation:
            lines += self._own_members()
        return "\n".join(lines) + "\n"

    def _words(self) -> Iterator[Node]:
        it = self.it
        if not it.status:
            yield "abstract=True"
            return
        if it.type != ABOUT_BLANK:
            yield written("type", it.type)
            yield written("title", it.title)
        if "." not in self.parent:
            yield f"status={it.status}"
        if self.parent == "Problem":
            yield "any_status=True"
        if it.aliases:
            yield written("aliases", it.aliases)

    @property
    def is_validation(self) -> bool:
        """Whether the type is that of invalid requests, as this package declares it."""
        return self.it.status == 422 and set(self.it.members) == set(ValidationProblem.problem_members.sent.values())

    @cached_property
    def parent(self) -> str:
        """What the class derives from: the class of its status."""
        if self.is_validation:
            return _VALIDATION
        base = self._base
        if base.problem_declaration.abstract:
            return base.__name__ if self.it.status >= 400 else "Problem"
        return f"catalog.{base.__name__}"

    @property
    def _base(self) -> type[Problem]:
        return by_status(self.it.status) if self.it.status else Problem

    def model(self, name: str, schema: Json) -> str:
        """Return the class of an object that members consist of, or the alias of another kind of value."""
        if "properties" not in schema:
            return "\n".join(laid_out(f"{name} = ", self.annotations.kind(schema), indent=0)) + "\n"
        lines = [f"class {name}(BaseModel):", *docstring(str(schema.get("description", name)))]
        members = schema["properties"]
        names = member_names(members, self.names.values(), of_model=True)
        lines += self._members(members, names, schema.get("required", ()), quote=True)
        return "\n".join(lines) + "\n"

    def _own_members(self) -> Iterator[str]:
        names = member_names(self.it.members, {*self.names.values(), *self._base.problem_declaration.members})
        sent = {names[member]: header for member, header in self._headers().items()}
        yield from self._members(self.it.members, names, self.it.required, sent)

    def _headers(self) -> dict[str, DocumentedHeader]:
        """Return the header fields that members are sent in, by the member whose name is a part of theirs."""
        found: dict[str, DocumentedHeader] = {}
        for header in self._other_headers():
            words = set(re.split(r"\W+", header.name.lower()))
            own = [it for it in self.it.members if set(re.split(r"[\W_]+", it.lower())) <= words]
            if len(own) == 1:
                found.setdefault(own[0], header)
        return found

    def _other_headers(self) -> list[DocumentedHeader]:
        """Return the header fields that the class of the status does not have."""
        known = () if self._base.problem_declaration.abstract else documented(self._base, Registry()).headers
        names = {it.name.lower() for it in known}
        return [it for it in self.it.headers if it.name.lower() not in names and _TOKEN.fullmatch(it.name)]

    def _unread(self) -> Iterator[str]:
        """Yield a note on header fields that no member is sent in."""
        read = self._headers().values()
        if names := [it.name for it in self._other_headers() if it not in read]:
            yield f"It comes with the header fields {', '.join(names)}: see `problem.response.headers`."

    def _members(
        self,
        members: Mapping[str, Json],
        names: Mapping[str, str],
        required: Any,
        sent: Mapping[str, DocumentedHeader] | None = None,
        *,
        quote: bool = False,
    ) -> Iterator[str]:
        if members:
            yield ""
        for member, schema in members.items():
            name = names[member]
            said = arguments(schema) + ([written("alias", member)] if name != member else [])
            kind, factory, default = (
                (self.annotations.kind(schema), [], "") if member in required else self.annotations.optional(schema)
            )
            # A model may refer to itself, or to one further down.
            kind = f'"{str(kind).replace(chr(34), chr(39))}"' if quote and "$ref" in str(schema) else kind
            others = [_header(sent[name])] if sent and name in sent else []
            if factory:  # as a value, where type checkers see that there is a default
                kind = annotated(kind, [], *others)
                yield from laid_out(f"{name}: {kind} = ", Group("Field(", [*factory, *said], ")"))
            else:
                yield from laid_out(f"{name}: ", annotated(kind, said, *others), default)


def _header(header: DocumentedHeader) -> Node:
    words = [written("description", header.description)] if header.description else []
    return Group("ResponseHeader(", [str(written("", header.name))[1:], *words], ")")
