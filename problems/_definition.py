"""
What a class header may say, checked where it is written.

Pure: takes the words and what is inherited, returns the facts or refuses them
with a sentence. Runs once for each class, at import, so it is quick and builds nothing.
"""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from problems._status import is_bodyless, phrase
from problems._template import fields
from problems._uris import check_reference
from problems.errors import InvalidDefinition
from problems.problem_type import ABOUT_BLANK, Declaration, ProblemType

__all__ = ["Inherited", "Words", "declare"]

_SCHEMA_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a class header, as written."""

    type: str | None
    title: str | None
    status: int | None
    detail: str | None
    aliases: tuple[str, ...]
    schema_name: str | None
    abstract: bool
    any_status: bool
    init: bool


@dataclass(frozen=True, slots=True)
class Inherited:
    """What the base of a class says already, and which members it has with those of the class."""

    owner: str
    problem_type: ProblemType
    declaration: Declaration
    members: AbstractSet[str]
    unbound: bool


def declare(cls: str, words: Words, base: Inherited) -> tuple[ProblemType, Declaration]:
    """
    Return the facts of the class named *cls*.

    Raises:
        InvalidDefinition: A word is wrong; the sentence names class, word and fix.
    """
    try:
        status = _status(words, base.problem_type.status)
        abstract = words.abstract or not status or base.unbound
        uri = _type(words, base, abstract=abstract)
        title = _title(words, base, uri, status, abstract=abstract)
        declaration = Declaration(
            detail=_detail(words, base),
            aliases=_aliases(words),
            schema_name=_schema_name(words),
            abstract=abstract,
            open=not words.init,
        )
    except ValueError as error:
        raise InvalidDefinition(cls, str(error)) from None
    return ProblemType(uri, title, status), declaration


def _status(words: Words, inherited: int) -> int:
    if words.status is None:
        return inherited
    status = _integer(words.status)
    if words.any_status and 200 <= status <= 599 and not is_bodyless(status):
        return status
    if not 400 <= status <= 599:
        # RFC 9457, section 1: other statuses can carry a problem, but hardly ever should.
        raise ValueError(
            f"`status={status}` is not the status of an error. Use one from 400 to 599; "
            f"`any_status=True` also allows the others that have content."
        )
    return status


def _integer(status: object) -> int:
    if not isinstance(status, int) or isinstance(status, bool):
        raise ValueError(f"`status={status!r}` is no status code. Write an integer from 400 to 599.")
    return int(status)


def _type(words: Words, base: Inherited, *, abstract: bool) -> str:
    inherited = base.problem_type
    if words.type is None:
        if not inherited.is_blank and not abstract:
            raise ValueError(
                f"`type` is missing. {base.owner} has the type {inherited.uri!r}, and a type URI names one problem "
                f"type: give this class a `type=` of its own, or make it a base with `abstract=True`."
            )
        return inherited.uri
    if not words.type:
        raise ValueError("`type=''` names nothing. Give a URI or a reference such as 'out-of-stock', or leave it out.")
    if reason := check_reference(words.type):
        # RFC 9457, section 3.1.1: a URI reference.
        raise ValueError(f"`type={words.type!r}` is no URI reference: {reason} Percent-encode it or choose another.")
    return words.type


def _title(words: Words, base: Inherited, uri: str, status: int, *, abstract: bool) -> str:
    if uri == ABOUT_BLANK:
        if words.title is not None and not abstract:
            # RFC 9457, section 4.2.1.
            raise ValueError(
                f"`title={words.title!r}` needs a `type=`. "
                f"Without one the title is the phrase of the status, {phrase(status)!r}."
            )
        return words.title or (phrase(status) if status else "")
    title = words.title
    if title is None and base.declaration.abstract:
        inherited = base.problem_type
        title = inherited.title if inherited.title != phrase(inherited.status) else None
    if not title or not title.strip():
        raise ValueError(
            f"`title` is missing. A problem type such as {uri!r} has one: a short summary that never varies."
        )
    return title


def _detail(words: Words, base: Inherited) -> str:
    if words.detail is None:
        return base.declaration.detail
    if unknown := sorted(fields(words.detail) - base.members):
        known = ", ".join(sorted(base.members)) or "none"
        raise ValueError(
            f"`detail={words.detail!r}` uses {unknown[0]!r}, which is no member. The members are: {known}. "
            f"Declare it in the body, or write {{{{ and }}}} for braces."
        )
    return words.detail


def _aliases(words: Words) -> tuple[str, ...]:
    written: object = words.aliases
    if isinstance(written, str):
        raise ValueError(f"`aliases={words.aliases!r}` is one text. Write a tuple: `aliases=({words.aliases!r},)`.")
    for alias in words.aliases:
        if reason := check_reference(alias):
            raise ValueError(f"`aliases` holds {alias!r}, which is no URI reference: {reason}")
    return tuple(words.aliases)


def _schema_name(words: Words) -> str | None:
    if words.schema_name is not None and not _SCHEMA_NAME.fullmatch(words.schema_name):
        raise ValueError(
            f"`schema_name={words.schema_name!r}` breaks code generators. Use letters and digits, a letter first."
        )
    return words.schema_name
