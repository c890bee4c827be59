"""
Sentences about wrong calls of a problem class: expected, given, the line to write.

Does not import problem classes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from problems._wire.text import briefly, nearest
from problems.declaring._members import Members, message_in

__all__ = ["faults", "of_headers", "of_members", "of_positionals", "of_standard", "of_unknown"]

_OF_THE_CLASS: Final = {"status": "status", "status_code": "status", "title": "title", "type": "type URI"}
"""The arguments that are written in the header of a class, and what each of them is."""

_OF_EVERY_PROBLEM: Final = ("detail", "instance", "headers")
_NOT_DECLARED: Final = "extra_forbidden"
_MISSING: Final = "missing"


def faults(error: ValidationError) -> str:
    """Return all that is wrong with some members in one line, without their values."""
    messages = (f"{'.'.join(map(str, fault['loc']))}: {message_in(fault)}" for fault in error.errors(include_url=False))
    return "; ".join(messages) + "."


def of_positionals(cls: str, given: Sequence[object], named: Mapping[str, object], members: Members) -> str:
    """Return the error message for *given*, the positional arguments: only one text is allowed."""
    first, *others = given
    if len(given) == 3 and isinstance(others[0], tuple) and isinstance(others[1], dict):
        # Python calls the type of a base to make a class.
        return f"an occurrence cannot be the base of a class. Write `class {first}({cls}):`."
    texts = [other for other in others if isinstance(other, str)]
    if isinstance(first, int) and 100 <= first <= 599 and texts:
        call = ", ".join((briefly(texts[0]), *(f"{name}=…" for name in members.required)))
        return f"the class has the status, so {first} is left out. Write `{cls}({call})`."
    unnamed = others if isinstance(first, str) else given
    free = [name for name in members.names if name not in named]
    if free:
        call = ", ".join(f"{name}={briefly(member)}" for name, member in zip(free, unnamed, strict=False))
        received = ", ".join(map(briefly, unnamed))
        return f"only `detail`, a text, is given without a name; got {received}. Write `{cls}({call})`."
    kind = type(unnamed[0]).__name__
    return f'`detail` must be one text; got {briefly(unnamed[0])} ({kind}). Write `{cls}("…")`, and members by name.'


def of_headers(cls: str, given: object) -> str:
    """Return the error message for `headers` that are not a mapping."""
    name, _, value = given.partition(":") if isinstance(given, str) else ("X-Name", "", "…")
    written = f"{{{briefly(name.strip() or 'X-Name')}: {briefly(value.strip())}}}"
    return f"`headers` must be a mapping; got {briefly(given)}. Write `{cls}(…, headers={written})`."


def of_standard(cls: str, names: Iterable[str], given: Mapping[str, object], members: Members) -> str | None:
    """Return the error message for an argument that belongs to the class, or `None` without such an argument."""
    word = next((name for name in names if name in _OF_THE_CLASS), None)
    if word is None:
        return None
    call = ", ".join(f"{name}=…" for name in members.required) or '"…"'
    fact = _OF_THE_CLASS[word]
    other = "" if fact == "status" else f" For another {fact}, declare a class: `class Other({cls}, type=…, title=…)`."
    return f"the class has the {fact}, so leave out `{word}={briefly(given[word])}`. Write `{cls}({call})`.{other}"


def of_members(cls: str, error: ValidationError, given: Mapping[str, object], members: Members) -> str:
    """Return all that is wrong with the members of an occurrence, without their values."""
    errors = error.errors(include_url=False)
    unknown = [str(fault["loc"][0]) for fault in errors if fault["type"] == _NOT_DECLARED and len(fault["loc"]) == 1]
    if text := of_standard(cls, unknown, given, members):
        return text
    missing = [
        members.name_of(fault["loc"]) for fault in errors if fault["type"] == _MISSING and len(fault["loc"]) == 1
    ]
    free = [item for item in (*members.names, *_OF_EVERY_PROBLEM) if item not in given]
    near = {word: nearest(word, free) for word in unknown}
    missing = [name for name in missing if name not in near.values()]
    texts = [_unknown(word, near[word], members) for word in unknown]
    texts += [_missing(cls, missing, members)] if missing else []
    return " ".join((*texts, *_misfits(errors, given, members)))


def of_unknown(word: str, members: Members) -> str:
    """Return the error message for a name that is not a member, with the nearest member."""
    return _unknown(word, nearest(word, members.names), members)


def _unknown(word: str, near: str | None, members: Members) -> str:
    if near is not None:
        return f"{briefly(word)} is not a member. Did you mean `{near}=`?"
    known = ", ".join(members.names)
    return f"{briefly(word)} is not a member. " + (f"The members are: {known}." if known else "The class has none.")


def _missing(cls: str, names: Sequence[str], members: Members) -> str:
    call = ", ".join(f"{name}={_example(members, name)}" for name in names)
    sent = "".join(f" It is sent as {members.headers[name].name}." for name in names if name in members.headers)
    return f"`{'=`, `'.join(names)}=` is missing.{sent} Write `{cls}(…, {call})`."


def _example(members: Members, name: str) -> str:
    examples: list[object] = members.model.model_fields[name].examples or []
    return f'"{examples[0]}"' if examples and isinstance(examples[0], str) else "…"


def _misfits(errors: Iterable[ErrorDetails], given: Mapping[str, object], members: Members) -> list[str]:
    """Return a sentence for each member whose value does not fit: each alternative of a union has an error."""
    misfits: dict[str, list[str]] = {}
    for error in errors:
        if len(error["loc"]) > 1 or error["type"] not in (_NOT_DECLARED, _MISSING):
            name = members.name_of(error["loc"])
            kinds = [_kind(given[word]) for word in (name, *map(str, error["loc"][:1])) if word in given]
            start = f"`{name}=` got {kinds[0]}" if kinds else f"`{name}=`"  # a default was not given
            misfits.setdefault(start, []).append(_placed(error, members))
    return [f"{start}: {', or '.join(dict.fromkeys(texts)).rstrip('.')}." for start, texts in misfits.items()]


def _kind(value: object) -> str:
    """Return the type of a value for a message: the value itself may be secret."""
    return "`None`" if value is None else f"a value of type {type(value).__name__!r}"


def _placed(fault: ErrorDetails, members: Members) -> str:
    """Return a message, with its place where the value is a part of the member's."""
    field = members.model.model_fields.get(members.name_of(fault["loc"]))
    steps = [str(step) for step in fault["loc"][1:]]
    is_part = field is not None and steps and fault["type"] in (_MISSING, _NOT_DECLARED)
    return f"{'.'.join(steps)}: {message_in(fault)}" if is_part else message_in(fault)
