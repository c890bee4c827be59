"""
From pydantic's ``loc`` to an RFC 6901 pointer into the document that was sent.

A ``loc`` is a path through the *validators*: some of its segments are steps
into the document, others are labels (union tags, class and function names,
``[key]``). Only the document tells them apart; this module knows no schema.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from pydantic_core import from_json

from problems._wire.invalid_params._values import encodable, is_list, is_mapping

READINGS: Final = 64
"""How many readings of one ``loc`` are tried: they double with every ambiguous segment."""

POINTER_LIMIT: Final = 1000
"""A longer pointer is cut to the nearest parent that fits: member names are the client's."""

_TEXT_LIMIT: Final = 16_384
_KEY_LABEL: Final = "[key]"
_FRAGMENT_SAFE: Final = "!$&'()*+,;=:@?"  # and the unreserved ones; "/" only separates (RFC 3986, section 3.5)
_TEXTS: Final = (str, bytes, bytearray)
_NOTHING: Final = object()
_UNRESERVED: Final = "[A-Za-z0-9._-]*"


def pointer_to(loc: Sequence[object], body: object, rejected: object, missing: bool = False) -> str:  # noqa: FBT001, FBT002 - hot
    """
    Return the pointer to the value of *body* that *loc* is about.

    Args:
        loc: The segments after the location, steps and labels mixed.
        body: The document, parsed.
        rejected: The value that was rejected; if *missing*, the container that lacks the last segment of *loc*.
        missing: Whether the last segment of *loc* is a member that is not there.

    >>> body = {"pet": {"kind": "dog", "barks": "often"}}
    >>> pointer_to(("pet", "dog", "barks"), body, body["pet"]["barks"])
    '#/pet/barks'
    >>> pointer_to(("pet", "dog", "name"), body, body["pet"], missing=True)
    '#/pet/name'
    """
    pointer, container = "#", _NOTHING
    reached: Any = body
    segment: Any
    try:
        for segment in loc:  # if all of them are steps, which is the common case, nothing need be searched
            container, kind = reached, reached.__class__
            if kind is dict:
                reached = reached.get(segment, _NOTHING)
            elif kind is list and segment.__class__ is int and segment >= 0:
                reached = reached[segment] if segment < len(reached) else _NOTHING
            else:
                return _searched(loc, body, rejected, missing=missing)
            plain = segment.__class__ is int or (segment.isidentifier() and segment.isascii())
            pointer = f"{pointer}/{segment if plain else _token(segment)}"
        if missing and reached is _NOTHING:
            reached = container if rejected is not None else None  # FastAPI names no container of a body parameter
        if (reached is rejected and len(pointer) <= POINTER_LIMIT) or not loc:
            return pointer
        return _searched(loc, body, rejected, missing=missing)
    except Exception:  # noqa: BLE001 - a document of strange objects must not turn a 4xx into a 500
        return "#"


def _searched(loc: Sequence[object], body: object, rejected: object, *, missing: bool) -> str:
    return fragment(_absent(loc, body, rejected) if missing else _best(loc, body, rejected).path)


def fragment(path: Sequence[object]) -> str:
    """
    Return the pointer with the reference tokens *path*, as a URI fragment (RFC 6901, section 6).

    >>> fragment(["a b", 0, "c/d", "~"])
    '#/a%20b/0/c~1d/~0'
    """
    pointer = "#"
    for segment in path:
        longer = f"{pointer}/{_token(str(segment))}"
        if len(longer) > POINTER_LIMIT:
            break
        pointer = longer
    return pointer


def _token(text: str) -> str:
    if len(text) > POINTER_LIMIT or re.fullmatch(_UNRESERVED, text):
        return text  # too long a pointer is not made, so it costs nothing to escape
    # "~" first, or the "~" of "~1" would be escaped again (RFC 6901, section 3).
    return quote(encodable(text).replace("~", "~0").replace("/", "~1"), safe=_FRAGMENT_SAFE)


class _Reading(NamedTuple):
    """
    One way to read a ``loc`` up to a position.

    Attributes:
        value: The value reached.
        path: The steps that lead to it from the root of the document.
        position: How many segments have been read.
        stepped: How many segments had been read at the last step.
        steps: How many of them were steps, those inside of a text included.
        inside: Whether the value was parsed from a text of the document (pydantic's ``Json``): no pointer enters one.
    """

    value: object
    path: tuple[object, ...]
    position: int
    stepped: int
    steps: int
    inside: bool


def _best(loc: Sequence[object], body: object, rejected: object) -> _Reading:
    """
    Return the reading that ends at *rejected*, of several the one with the most steps.

    If none does, a validator has replaced the value before it was rejected:
    the reading that takes every step it can is as near as the document gets.
    """
    readings = _readings(loc, body, rejected)
    found = [reading for reading in readings if reading.value is rejected]
    found = found or [reading for reading in readings if _equal(reading.value, rejected)]
    return max(found, key=lambda reading: reading.steps) if found else readings[0]


def _readings(loc: Sequence[object], body: object, rejected: object) -> Sequence[_Reading]:
    """Return the readings of *loc* that may end at *rejected*, those that step early first."""
    readings: list[_Reading] = []
    pending = [_Reading(body, (), 0, 0, 0, False)]
    unique = is_list(rejected) or is_mapping(rejected)  # texts, numbers and None can be one object at several places
    while pending and len(readings) < READINGS:
        reading = pending.pop()
        if reading.position < len(loc):
            pending += _read_on(reading, loc[reading.position])
        elif unique and reading.value is rejected:
            return [reading]
        else:
            readings.append(reading)
    return readings


def _read_on(reading: _Reading, segment: object) -> list[_Reading]:
    """Return *reading* with *segment* read as a label, and as a step in each way the value allows."""
    value, path, position, stepped, steps, inside = reading
    label = path[-1] if segment == _KEY_LABEL and path else value  # it is the name of a member that is validated then
    following = [_Reading(label, path, position + 1, stepped, steps, inside)]
    if isinstance(value, _TEXTS):
        value, inside = _parsed(value), True
    for child in _children(value, segment):
        longer = path if inside else (*path, segment)
        following.append(_Reading(child, longer, position + 1, position + 1, steps + 1, inside))
    return following


def _children(value: object, segment: Any) -> Sequence[object]:
    """Return what *segment* can mean in *value*; in a form a name is one value or the list of all that were sent."""
    if is_list(value):
        return (value[segment],) if isinstance(segment, int) and 0 <= segment < len(value) else ()
    if not is_mapping(value) or segment not in value:
        return ()
    every: Callable[[object], object] | None = getattr(value, "getlist", None)
    return (value[segment],) if every is None else (value[segment], every(segment))


def _parsed(text: str | bytes | bytearray) -> object:
    """Return the JSON value that *text* spells, if any."""
    try:
        return from_json(text) if len(text) <= _TEXT_LIMIT else None
    except ValueError:
        return None


def _equal(left: object, right: object) -> bool:
    # Of one type: 1, 1.0 and True are different values of a document.
    try:
        return type(left) is type(right) and bool(left == right)
    except Exception:  # noqa: BLE001 - an object of a strange class, or a document too deep to compare
        return False


def _absent(loc: Sequence[object], body: object, container: object) -> Sequence[object]:
    """Return the path to the member of *container* that is not there and that *loc* ends with."""
    name = loc[-1]
    if container is None and len(loc) == 1:  # FastAPI: a body parameter, when the body has no member of this name
        return loc
    reading = _best(loc[:-1], body, container)
    value, path = reading.value, reading.path
    if reading.inside:
        return path
    if is_mapping(value):
        alias_path = loc[reading.stepped :]
        if isinstance(name, int) or (name in value and alias_path[0] in value):
            return _as_far_as_it_goes(reading, alias_path)
        return (*path, name)
    if is_list(value) and isinstance(name, int):
        return (*path, name)
    return path


def _as_far_as_it_goes(reading: _Reading, alias_path: Sequence[object]) -> Sequence[object]:
    """Return the path to the first segment of *alias_path* (pydantic's ``AliasPath``) that is not there."""
    value, path = reading.value, reading.path
    for segment in alias_path:
        path = (*path, segment)
        children = _children(value, segment)
        if not children:
            break
        value = children[-1]
    return path
