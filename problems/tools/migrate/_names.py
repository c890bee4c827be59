"""
Names for problem types, from the text of an error: class, end of the type URI, title.

Pure functions over text.
"""

import keyword
import re
from collections.abc import Callable
from typing import Final

__all__ = ["class_name", "kebab", "title_of"]

_MOST_WORDS: Final = 6
_SKIPPED: Final = frozenset(
    "a an the is are was were be been being has have had do does did it its this that there your you".split()  # noqa: SIM905 - words
)
_CLAUSE: Final = re.compile(r"[.,;:!?\0(\n]")
_WORD: Final = re.compile(r"[A-Za-z]+|[0-9]+")
_PARTS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]*|[0-9]+")


def clause(text: str) -> str:
    """Return the first clause of a text that has words; a field ends a clause."""
    parts = [" ".join(part.split()) for part in _CLAUSE.split(text)]
    return next((part for part in parts if len(_WORD.findall(part)) > 1), next((part for part in parts if part), ""))


def class_name(text: str, fallback: str, is_taken: Callable[[str], bool]) -> str:
    """
    Return a free class name for the error with a text.

    >>> class_name("The room is gone.", "Gone", lambda name: False)
    'RoomGone'
    >>> class_name("Not found", "LoadItemNotFound", lambda name: name == "NotFound")
    'LoadItemNotFound'
    """
    words = [word for word in _WORD.findall(clause(text)) if word.lower() not in _SKIPPED]
    name = "".join(word[:1].upper() + word[1:] for word in words[:_MOST_WORDS])
    usable = [it for it in (name, fallback) if it.isidentifier() and not keyword.iskeyword(it)] or ["MigratedProblem"]
    candidates = [*usable, f"{usable[0]}Problem"]
    free = next((it for it in candidates if not is_taken(it)), None)
    number = 2
    while free is None:
        free = None if is_taken(f"{usable[0]}{number}") else f"{usable[0]}{number}"
        number += 1
    return free


def kebab(name: str) -> str:
    """
    Return the end of a type URI for a class.

    >>> kebab("ItemNotFound"), kebab("HTTPRequired2")
    ('item-not-found', 'http-required-2')
    """
    return "-".join(part.lower() for part in _PARTS.findall(name)) or name.lower()


def title_of(name: str, text: str, detail: str | None) -> str:
    """
    Return a title: the first clause of the text, or the words of the class name; it differs from the detail.

    >>> title_of("RoomGone", "The room is gone.", "The room is gone.")
    'Room gone'
    >>> title_of("ItemNotFound", "Item not found", "Item not found")
    'Item Not Found'
    """
    found = clause(text)
    words = [part.lower() for part in _PARTS.findall(name)]
    title = found if len(_WORD.findall(found)) > 1 else " ".join(words)
    title = title[:1].upper() + title[1:]
    if any(character in title for character in "{}") or not title:
        title = " ".join(words).capitalize()
    if title == (detail or "").rstrip("."):
        title = " ".join(words).capitalize()
    if title == detail:
        title = " ".join(word[:1].upper() + word[1:] for word in title.split())
    return title if title != detail else f"{title} error"
