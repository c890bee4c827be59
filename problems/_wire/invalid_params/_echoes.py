"""
The search for rejected values in error messages.

A safety net, not a proof: compares the rejected value in the forms in which messages usually quote values.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Final, TypeGuard
from uuid import UUID

from pydantic import BaseModel, Secret, SecretBytes, SecretStr

from problems._wire.invalid_params._values import is_list, is_mapping

__all__ = ["Echoes"]

_SHORTEST: Final = 4
"""A shorter value occurs in nearly every sentence, so it is not searched."""

_PARTS: Final = 1_000
"""A value with more parts is not searched. Its message is not sent."""

_NUMBERS: Final = (int, float, complex, Decimal)
_WRITTEN: Final = (date, time, timedelta, UUID, PurePath)


class _TooMany(Exception):
    """A value has too many parts to search."""


class Echoes:
    """
    Finds rejected values in messages.

    >>> echoes = Echoes()
    >>> echoes.are_in("'Hunter2' is too common", {"password": "hunter2"}, limit=500)
    True
    >>> echoes.are_in("The password is too common", {"password": "hunter2"}, limit=500)
    False
    """

    LONGEST: Final = 64
    """Only this beginning of a longer text is searched, because `int()` and others quote a part of their input."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, frozenset[str] | None]] = {}

    def are_in(self, message: str, value: object, *, limit: int) -> bool:
        """
        Return whether *message* quotes *value*, or a text or number in it, as a word of at least four characters.

        Args:
            message: The message of a validator.
            value: The rejected value.
            limit: How many characters of the message are sent.
        """
        words = self.words_of(value)
        if words is None:
            return True
        window = message[: limit + Echoes.LONGEST].casefold()
        if any(_has_word(window, word) for word in words):
            return True
        quoted = [part for part in _quoted(window) if len(part) >= _SHORTEST]
        return any(_is_part(part, word) for part in quoted for word in words)

    def words_of(self, value: object) -> frozenset[str] | None:
        """Return the texts and numbers in *value* in the forms of messages, or `None` if there are too many."""
        key = id(value)
        if key not in self._known:  # the value is stored too, so that its id stays unique
            self._known[key] = value, _words(value)
        return self._known[key][1]


def _words(value: object) -> frozenset[str] | None:
    try:
        texts = list(_texts(value))
    except Exception:  # noqa: BLE001 - too many parts, or an object that raises when they are read
        return None
    forms = {form for text in texts for form in _forms(text)}
    return frozenset(form for form in forms if len(form) >= _SHORTEST)


def _texts(value: object) -> Iterator[str]:
    """Yield the texts and numbers in *value*, without names of members, which pointers contain anyway."""
    waiting, seen, left = [value], set[int](), _PARTS
    while waiting:
        part = waiting.pop()
        left -= 1
        if left < 0:
            raise _TooMany
        if isinstance(part, str):
            yield part.value if isinstance(part, Enum) else part
        elif isinstance(part, bytes | bytearray):
            yield bytes(part).decode("utf-8", "backslashreplace")
        elif isinstance(part, bool) or part is None:
            continue
        elif isinstance(part, _NUMBERS):
            yield from _number(part)
        elif isinstance(part, _WRITTEN):
            yield str(part)
        elif id(part) not in seen:
            seen.add(id(part))
            waiting += _parts(part)


def _number(value: object) -> Iterator[str]:
    yield str(value)  # raises for an integer of more than 4,300 digits; then the message is not sent
    yield repr(value)
    if isinstance(value, int):
        yield f"{value:,}"


def _is_set(value: object) -> TypeGuard[set[object] | frozenset[object]]:
    return isinstance(value, set | frozenset)


def _parts(value: object) -> list[object]:
    if is_mapping(value):
        # A form can have several values for one name.
        every: Callable[[], Iterable[tuple[object, object]]] | None = getattr(value, "multi_items", None)
        return [part for _, part in every()] if callable(every) else list(value.values())
    if is_list(value) or _is_set(value):
        return list(value)
    if isinstance(value, Secret | SecretStr | SecretBytes):
        return [value.get_secret_value()]
    if isinstance(value, Enum):
        return [value.value]
    if isinstance(value, BaseModel) or is_dataclass(value):
        members: Mapping[str, object] = getattr(value, "__dict__", {})
        return list(members.values())
    filename: object = getattr(value, "filename", None)
    return [filename]


def _forms(text: str) -> Iterator[str]:
    """Yield the forms of *text* in messages: itself, stripped, quoted by `repr` or as JSON, read as a number."""
    short = text[: Echoes.LONGEST].casefold()
    yield short
    if short.isascii() and short.isalpha():
        return
    yield short.strip()
    start = text[: Echoes.LONGEST]
    yield repr(start)[1:-1][: Echoes.LONGEST].casefold()
    yield json.dumps(start)[1:-1][: Echoes.LONGEST].casefold()
    yield repr(start.encode("utf-8", "surrogatepass"))[2:-1][: Echoes.LONGEST].casefold()
    if len(text) <= Echoes.LONGEST:
        for number in (int, float):
            with suppress(ValueError):
                yield str(number(text))


_QUOTED: Final = re.compile(r"'([^']*)'|\"([^\"]*)\"|`([^`]*)`")


def _quoted(message: str) -> Iterator[str]:
    """Yield the parts of a message that may be quoted from a value: what is in quotes, and what follows a colon."""
    for match in _QUOTED.finditer(message):
        yield match[match.lastindex or 0]
    _, colon, rest = message.rpartition(": ")
    if colon:
        yield rest.strip("'\"`. ")


def _is_part(part: str, word: str) -> bool:
    """Return whether *part* is a whole word of *word*, its beginning or its end."""
    return word.startswith(part) or word.endswith(part) or _has_word(word, part)


def _has_word(message: str, word: str) -> bool:
    """Return whether *word* is in *message* without adjacent letters or digits; a cut word may continue."""
    start = message.find(word)
    while start >= 0:
        end = start + len(word)
        before = start > 0 and _joins(message[start - 1], word[0])
        after = len(word) < Echoes.LONGEST and end < len(message) and _joins(word[-1], message[end])
        if not (before or after):
            return True
        start = message.find(word, start + 1)
    return False


def _joins(left: str, right: str) -> bool:
    return (left.isalnum() or left == "_") and (right.isalnum() or right == "_")
