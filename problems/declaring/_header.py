"""
The checks of class keyword arguments at the definition of a problem class.

Pure: takes the words and what is inherited, returns the facts or refuses them
with a sentence. Runs once for each class, at import, so it is quick and builds nothing.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from functools import reduce
from typing import Final, NamedTuple, cast

from problems._wire.problem_type import ABOUT_BLANK, Declaration, ProblemType
from problems._wire.status import is_bodyless, phrase
from problems._wire.template import fields
from problems._wire.text import briefly, nearest
from problems._wire.uris import check_reference
from problems.errors import InvalidDefinition

__all__ = ["Inherited", "Words", "declare", "unknown_word"]

_SCHEMA_NAME: Final = "[A-Za-z][A-Za-z0-9]*"
_SWITCHES: Final = ("abstract", "any_status", "init")


class Words(NamedTuple):
    """The words of a class header, as written."""

    type: str | None = None
    title: str | None = None
    status: int | None = None
    detail: str | None = None
    aliases: tuple[str, ...] = ()
    schema_name: str | None = None
    abstract: bool = False
    any_status: bool = False
    init: bool = True


class Inherited(NamedTuple):
    """
    The facts that a class inherits from a base.

    Attributes:
        owner: The name of the base.
        uri: The type URI of the base; its subclasses need one of their own unless it is about:blank.
        title: The title that an abstract base has for its subclasses, or an empty string.
        status: The status code, 0 for none.
        detail: The template of `detail`.
        members: The names of the members.
        any_status: Whether a subclass may have another status; applications choose the status of invalid requests.
    """

    owner: str
    uri: str
    title: str
    status: int
    detail: str
    members: frozenset[str]
    any_status: bool = False


def unknown_word(word: str) -> str:
    """
    Return the error message for an unknown class keyword argument.

    >>> unknown_word("tittle")
    '`tittle=` is not a keyword of a problem class. Did you mean `title=`?'
    """
    near = nearest(word, Words._fields)
    known = ", ".join(f"`{name}`" for name in Words._fields)
    hint = f"Did you mean `{near}=`?" if near else f"The keywords are {known}; members are annotated in the body."
    return f"`{word}=` is not a keyword of a problem class. {hint}"


def declare(
    cls: str, words: Words, bases: Sequence[Inherited], members: Iterable[str], *, is_unbound: bool
) -> tuple[ProblemType, Declaration]:
    """
    Return the facts of the class named *cls*.

    Args:
        cls: The qualified name of the class.
        words: Its header.
        bases: What its bases say.
        members: The names of the members in its own body.
        is_unbound: Whether it has type variables that no class has bound yet.

    Raises:
        InvalidDefinition: A word is wrong; the sentence names class, word and fix.
    """
    try:
        _check_switches(words)
        base = bases[0] if len(bases) == 1 else reduce(_joined, bases)
        names = base.members.union(members)
        status = base.status if words.status is None else _status(words, base)
        is_base = words.abstract or not status or is_unbound
        uri = _type(words, base, status, is_base=is_base)
        title = _title(words, base, uri, status, is_base=is_base)
        detail = base.detail if words.detail is None else _detail(words.detail, names)
        aliases = _aliases(words.aliases) if words.aliases else ()
        schema_name = None if words.schema_name is None else _schema_name(words.schema_name)
    except ValueError as error:
        raise InvalidDefinition(cls, str(error)) from None
    return (
        ProblemType(uri, title, status),
        Declaration(detail, aliases, schema_name, is_base, not words.init, names),
    )


def _joined(one: Inherited, other: Inherited) -> Inherited:
    """Return the facts of two bases, each from the first base that defines it."""
    if one.status and other.status and one.status != other.status:
        raise ValueError(
            f"{one.owner} has the status {one.status} and {other.owner} has {other.status}. "
            f"A problem type has one: derive it from one of them, and give the other no status."
        )
    typed = one if one.uri != ABOUT_BLANK else other
    return Inherited(
        typed.owner,
        typed.uri,
        one.title or other.title,
        one.status or other.status,
        one.detail or other.detail,
        one.members | other.members,
        one.any_status or other.any_status,
    )


def _status(words: Words, base: Inherited) -> int:
    status = _integer(words.status)
    if base.status and status != base.status and not base.any_status:
        name = "".join(phrase(status).split())
        raise ValueError(
            f"`status={status}` contradicts the base {base.owner}, which has the status {base.status}. "
            f"Derive the class from `{name}`, or leave `status` out."
        )
    if words.any_status and 200 <= status <= 599 and not is_bodyless(status):
        return status
    if not 400 <= status <= 599:
        # RFC 9457, section 1: other statuses can carry a problem, but hardly ever should.
        raise ValueError(
            f"`status={status}` is not the status of an error. Use one from 400 to 599; "
            f"`any_status=True` also allows the others that have content."
        )
    return status


def _check_switches(words: Words) -> None:
    for word in _SWITCHES:
        value: object = getattr(words, word)
        if not isinstance(value, bool):
            raise ValueError(f"`{word}={briefly(value)}` is neither `True` nor `False`. Write `{word}=True`.")


def _integer(status: object) -> int:
    if not isinstance(status, int) or isinstance(status, bool):
        line = f"`status={status}`" if isinstance(status, str) and status.isdecimal() else "an integer from 400 to 599"
        raise ValueError(f"`status={briefly(status)}` is not a status code. Write {line}.")
    return int(status)


def _text(word: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f'`{word}={briefly(value)}` is not a string. Write `{word}="…"`.')
    return value


def _type(words: Words, base: Inherited, status: int, *, is_base: bool) -> str:
    if words.type is None:
        if base.uri != ABOUT_BLANK and not is_base:
            raise ValueError(
                f"`type` is missing. {base.owner} has the type {base.uri!r}, and a type URI names one problem "
                f"type: give this class a `type=` of its own, or make it a base with `abstract=True`."
            )
        return base.uri
    if not _text("type", words.type):
        raise ValueError("`type=''` names nothing. Give a URI or a reference such as 'out-of-stock', or leave it out.")
    if reason := check_reference(words.type):
        # RFC 9457, section 3.1.1: a URI reference.
        raise ValueError(f"`type={words.type!r}` is not a URI reference: {reason} Percent-encode it or choose another.")
    if not status and not words.abstract:
        # RFC 9457, section 4: the definition of a problem type names the status to use with it.
        raise ValueError(
            f"`status` is missing for `type={words.type!r}`. Derive the class from one that has a status, such as "
            f"`NotFound`, or write `status=`; a base says `abstract=True`."
        )
    return words.type


def _title(words: Words, base: Inherited, uri: str, status: int, *, is_base: bool) -> str:
    title = base.title if words.title is None else _text("title", words.title)
    if "{" in title or "}" in title:
        # RFC 9457, section 3.1.3: it does not change from occurrence to occurrence.
        raise ValueError(
            f"`title={title!r}` has braces, and a title is the same for every occurrence. "
            f"Write the text that varies as a template: `detail={title!r}`."
        )
    if is_base:
        return title
    if uri == ABOUT_BLANK:
        if words.title is not None:
            # RFC 9457, section 4.2.1.
            raise ValueError(
                f"`title={words.title!r}` needs a `type=`. "
                f"Without one the title is the phrase of the status, {phrase(status)!r}."
            )
        return phrase(status)
    if not title.strip():
        raise ValueError(
            f"`title` is missing. A problem type such as {uri!r} has one: a short summary that never varies."
        )
    return title


def _detail(template: str, members: frozenset[str]) -> str:
    if unknown := sorted(fields(_text("detail", template)) - members):
        known = ", ".join(sorted(members)) or "none"
        raise ValueError(
            f"`detail={template!r}` uses {unknown[0]!r}, which is not a member. The members are: {known}. "
            f"Declare it in the body, or write {{{{ and }}}} for braces."
        )
    return template


def _aliases(aliases: tuple[str, ...]) -> tuple[str, ...]:
    written = cast("object", aliases)
    if isinstance(written, str):
        raise ValueError(f"`aliases={briefly(written)}` is one text. Write a tuple: `aliases=({briefly(written)},)`.")
    if not isinstance(written, Collection):
        raise ValueError(f'`aliases={briefly(written)}` is not a tuple of texts. Write `aliases=("…",)`.')
    for alias in aliases:
        if not _text("aliases", alias):
            raise ValueError("`aliases` contains an empty text, which identifies nothing. Remove it.")
    return tuple(aliases)


def _schema_name(name: str) -> str:
    if not re.fullmatch(_SCHEMA_NAME, _text("schema_name", name)):
        raise ValueError(f"`schema_name={name!r}` breaks code generators. Use letters and digits, a letter first.")
    return name
