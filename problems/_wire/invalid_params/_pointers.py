"""
The conversion of pydantic's ``loc`` to an RFC 6901 pointer into the document that was sent.

A ``loc`` is a path through the *validators*: some of its segments are steps into the document, others are labels
(union tags, class and function names, ``[key]``). Only the document distinguishes them. Does not read schemas.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple, get_args
from urllib.parse import quote

from pydantic import BaseModel
from pydantic_core import from_json
from pydantic_core.core_schema import CoreSchemaType

from problems._wire.invalid_params._values import encodable, is_list, is_mapping

READINGS: Final = 64
"""The maximum number of readings of one ``loc``, which double with every ambiguous segment."""

POINTER_LIMIT: Final = 1000
"""A longer pointer is cut to the nearest parent that fits, because clients choose member names."""

ABSENT: Final = object()
"""Stands for the input of an error without one, which only errors written by hand lack."""

KEY_LABEL: Final = "[key]"
"""The segment after the name of a member in the ``loc`` of an error about that name."""

_ALIKE: Final = 250
"""The number of values to compare of two containers. Containers with as many equal values count as equal."""

_COMPARED: Final = 20_000
"""The number of values to compare for all errors of a request. Beyond it, containers are compared by identity."""

_TAGS: Final = 64
"""The number of members of a container among which the tag of a union is looked for."""

_TEXT_LIMIT: Final = 16_384
_FRAGMENT_SAFE: Final = "!$&'()*+,;=:@?"  # and unreserved characters; "/" only separates (RFC 3986, section 3.5)
_TEXTS: Final = (str, bytes, bytearray)
_UNRESERVED: Final = "[A-Za-z0-9._-]*"
_TYPES: Final[frozenset[str]] = frozenset(get_args(CoreSchemaType))
"""The labels that pydantic uses for members of a union without a name."""


class Places:
    """
    Finds the positions of rejected values in one document.

    Results are cached for the errors of one request, and the total number of comparisons is limited.

    >>> body = {"pet": {"kind": "dog", "barks": "often"}}
    >>> places = Places(body)
    >>> places.pointer(("pet", "dog", "barks"), body["pet"]["barks"])
    ('#/pet/barks', False)
    >>> places.pointer(("pet", "dog", "name"), body["pet"], missing=True)
    ('#/pet/name', False)
    """

    __slots__ = ("_body", "_compared", "_containers", "_left", "_parsed")

    def __init__(self, body: object) -> None:
        self._body = body
        self._left = _COMPARED
        self._compared: dict[tuple[int, int], tuple[object, object, bool]] = {}
        self._containers: dict[tuple[tuple[object, ...], int], tuple[_Reading, bool, object]] = {}
        self._parsed: dict[int, tuple[object, object]] = {}

    def pointer(
        self, loc: Sequence[object], rejected: object, *, missing: bool = False, authored: bool = False
    ) -> tuple[str, bool]:
        """
        Return the pointer to the value at *loc*, and whether the name of that member is invalid, not its value.

        Args:
            loc: The segments after the location, steps and labels mixed.
            rejected: The rejected value, or `ABSENT`; if *missing*, the container without the last segment of *loc*.
            missing: Whether the last segment of *loc* is a missing member.
            authored: Whether the application raised the error and wrote *loc* itself.
        """
        try:
            return self._searched(loc, rejected, missing=missing, authored=authored)
        except Exception:  # noqa: BLE001 - a document of foreign objects must not turn a 4xx into a 500
            return "#", False

    def _searched(self, loc: Sequence[object], rejected: object, *, missing: bool, authored: bool) -> tuple[str, bool]:
        if rejected is ABSENT or (self._body is None and rejected is not None):
            return _as_named(loc)  # without a value or a document, a search is impossible
        if missing:
            path, is_known = self._missing(loc, rejected)
            return (fragment(path), False) if is_known else _as_named(loc)
        reading, is_found = self._best(loc, rejected)
        if is_found or (reading.path and not authored):
            return fragment(reading.path), reading.is_key
        if authored:
            return _as_named(loc)
        # The rejected value is a default, which is not in the document, but its field is.
        return ("#" if len(loc) != 1 or _is_label(loc[0]) else fragment(loc)), False

    def _missing(self, loc: Sequence[object], container: object) -> tuple[Sequence[object], bool]:
        """Return the path to the missing member of *container* that ends *loc*, and whether it is a member."""
        name = loc[-1]
        if container is None and len(loc) == 1:  # FastAPI: a body parameter that is missing in the body
            return loc, True
        key = tuple(loc[:-1]), id(container)  # all that is missing in one container has one search
        known = self._containers.get(key)
        if known is None:
            known = self._containers[key] = (*self._best(loc[:-1], container), container)
        reading, is_found, _ = known
        value, path = reading.value, reading.path
        if reading.inside:
            return path, True
        if is_mapping(value):
            return (*path, *_missing_steps(value, loc[reading.stepped :])), True
        if is_list(value) and isinstance(name, int):
            return (*path, name), True
        return path, is_found or bool(path)

    def _best(self, loc: Sequence[object], rejected: object) -> tuple["_Reading", bool]:
        """
        Return the reading with the most steps that ends at *rejected*, and whether such a reading exists.

        If it does not, a validator replaced the value before it was rejected. Then the result is the reading that
        takes every possible step.
        """
        readings = self._readings(loc, rejected)
        results = [reading for reading in readings if reading.value is rejected]
        results = results or [reading for reading in readings if self._equal(reading.value, rejected)]
        return (max(results, key=lambda reading: reading.steps), True) if results else (readings[0], False)

    def _readings(self, loc: Sequence[object], rejected: object) -> "Sequence[_Reading]":
        """Return the readings of *loc* that may end at *rejected*, readings with early steps first."""
        readings: list[_Reading] = []
        pending = [_Reading(self._body, (), 0, 0, 0, inside=False, is_key=False)]
        unique = is_list(rejected) or is_mapping(rejected)  # one text or number can be at several places
        while pending and len(readings) < READINGS:
            reading = pending.pop()
            if reading.position < len(loc):
                pending += self._read_on(reading, loc[reading.position])
            elif unique and reading.value is rejected:
                return [reading]
            else:
                readings.append(reading)
        return readings

    def _read_on(self, reading: "_Reading", segment: object) -> "list[_Reading]":
        """Return *reading* with *segment* as a label, and as each step that the value allows."""
        value, path, position, stepped, steps, inside, is_key = reading
        names_key = segment == KEY_LABEL and bool(path)
        label = path[-1] if names_key else value  # then the name of a member is validated
        is_key = (is_key or names_key) and not inside
        following = [_Reading(label, path, position + 1, stepped, steps, inside, is_key)]
        if isinstance(value, _TEXTS):
            value, inside = self._read(value), True
        for child in _children(value, segment):
            longer = path if inside else (*path, segment)
            following.append(_Reading(child, longer, position + 1, position + 1, steps + 1, inside, is_key=False))
        return following

    def _read(self, text: str | bytes | bytearray) -> object:
        """Return the JSON value in *text*, if it is JSON."""
        key = id(text)
        if key not in self._parsed:
            self._parsed[key] = text, _parsed(text)
        return self._parsed[key][1]

    def _equal(self, left: object, right: object) -> bool:
        # The types must match: 1, 1.0 and True are different values in a document.
        if left is right or type(left) is not type(right):
            return left is right
        key = id(left), id(right)
        if key not in self._compared:  # both values are stored, so that their ids stay unique
            self._compared[key] = left, right, self._alike(left, right)
        return self._compared[key][2]

    def _alike(self, left: object, right: object) -> bool:
        """Return whether the first values of two containers, or two other values, are equal."""
        try:
            return self._are_alike(left, right)
        except Exception:  # noqa: BLE001 - objects of foreign classes may raise when they are compared
            return False

    def _are_alike(self, left: object, right: object) -> bool:
        waiting, most = [(left, right)], min(self._left, _ALIKE)
        if most <= 0:
            return False
        for count in range(most):
            if not waiting:
                break
            one, other = waiting.pop()
            if one is other:
                continue
            self._left -= 1
            if type(one) is not type(other) or not _same_size_and_value(one, other, waiting, most - count):
                return False
        return True


def _missing_steps(value: Mapping[object, object], segments: Sequence[object]) -> Sequence[object]:
    """
    Return the steps from a container to the member that is missing below it.

    The *segments* are labels, then the steps of pydantic's ``AliasPath``, or a single name. The container is where the
    path begins: it has the first step, unless it has no step of the path.
    """
    for start in range(len(segments) - 1):
        steps = _steps_to_absence(value, segments[start:])
        if steps:
            return steps
    if not isinstance(segments[-1], int):
        return segments[-1:]  # a name after labels
    return next(([segment] for segment in segments if not (_is_label(segment) or _is_tag(segment, value))), ())


def _is_tag(segment: object, value: Mapping[object, object]) -> bool:
    return segment in islice(value.values(), _TAGS)


def _steps_to_absence(value: Mapping[object, object], segments: Sequence[object]) -> Sequence[object]:
    """Return the *segments* up to the first one that is absent; an empty sequence if *value* has no such path."""
    if segments[0] not in value or _is_tag(segments[0], value):
        return ()
    reached: object = value
    for count, segment in enumerate(segments, 1):
        if not (is_list(reached) if isinstance(segment, int) else is_mapping(reached)):
            return ()
        children = _children(reached, segment)
        if not children:
            return segments[:count]
        reached = children[-1]
    return ()


def _same_size_and_value(one: Any, other: Any, waiting: list[tuple[Any, Any]], most: int) -> bool:
    """Return whether two values can be equal, and add their parts to *waiting* for comparison."""
    kind = one.__class__
    if kind is not dict and kind is not list and kind is not tuple:
        return bool(one == other)
    if len(one) != len(other):
        return False
    room = max(most - len(waiting), 0)
    if kind is dict:
        for name, _ in zip(one, range(room), strict=False):
            if name not in other:
                return False
            waiting.append((one[name], other[name]))
    else:
        waiting += list(zip(one[:room], other[:room], strict=True))
    return True


def _as_named(loc: Sequence[object]) -> tuple[str, bool]:
    """Return *loc* as a pointer without pydantic's labels, for an author who knew the document."""
    steps = [step for step in loc if not (isinstance(step, str) and _is_function_label(step))]
    is_key = bool(loc) and loc[-1] == KEY_LABEL and len(loc) > 1
    return fragment(steps[:-1] if is_key and steps[-1:] == [KEY_LABEL] else steps), is_key


def _is_function_label(segment: str) -> bool:
    return segment.endswith((")", "]")) and segment.partition("[")[0] in _TYPES


def _is_label(segment: object) -> bool:
    return not isinstance(segment, str) or segment in _TYPES or _is_function_label(segment)


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
        return text  # the pointer would be too long, so it is not escaped
    # "~" comes first, or the "~" of "~1" would be escaped again (RFC 6901, section 3).
    return quote(encodable(text).replace("~", "~0").replace("/", "~1"), safe=_FRAGMENT_SAFE)


class _Reading(NamedTuple):
    """
    One way to read a ``loc`` up to a position.

    Attributes:
        value: The value reached.
        path: The steps that lead to it from the root of the document.
        position: How many segments have been read.
        stepped: How many segments had been read at the last step.
        steps: How many of the segments were steps, including steps inside a text.
        inside: Whether the value was parsed from a text (pydantic's ``Json``), which a pointer cannot enter.
        is_key: Whether the value is the name of the member at the end of *path*.
    """

    value: object
    path: tuple[object, ...]
    position: int
    stepped: int
    steps: int
    inside: bool
    is_key: bool


def _children(value: object, segment: object) -> Sequence[object]:
    """Return the possible values of *segment* in *value*. A name in a form is one value, or the list of its values."""
    if is_list(value):
        return (value[segment],) if isinstance(segment, int) and 0 <= segment < len(value) else ()
    if isinstance(value, BaseModel):
        return _members(value, segment)
    if not is_mapping(value) or segment not in value:
        return ()
    every: Callable[[object], object] | None = getattr(value, "getlist", None)
    return (value[segment],) if every is None else (value[segment], every(segment))


def _members(model: BaseModel, name: object) -> Sequence[object]:
    """Return the member of *model* that is sent as *name*, for applications that pass the parsed body."""
    for field, info in type(model).model_fields.items():
        if name in (field, info.alias, info.validation_alias):
            return (getattr(model, field),)
    return ()


def _parsed(text: str | bytes | bytearray) -> object:
    try:
        return from_json(text) if len(text) <= _TEXT_LIMIT else None
    except ValueError:
        return None
