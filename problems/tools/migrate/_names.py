"""
Names for problem types, from the text of an error: class, end of the type URI, title.

Pure functions over text. A field in a text is the character NUL.
"""

import keyword
import re
import unicodedata
from collections.abc import Callable
from typing import Final

__all__ = ["class_name", "kebab", "title_of"]

_MOST_WORDS: Final = 6
_LONGEST_TITLE: Final = 80
_LONGEST_WORD: Final = 30
_SKIPPED: Final = frozenset(
    "a an the is are was were be been being has have had do does did it its this that there your you".split()  # noqa: SIM905 - words
)
_LINKS: Final = frozenset("to for with in of on or and from by at as than into".split())  # noqa: SIM905 - words
_CLAUSE: Final = re.compile(r"[.,;:!?(\n\r]+(?=\s|\0|$|[^\w\s])")
_WORD: Final = re.compile(r"[A-Za-z]+|[0-9]+")
_PARTS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]*|[a-z]+|[0-9]+")
_QUOTES: Final = re.compile(r"""(?<!\w)['\u2019]|['\u2019](?!\w)|["`\u201c\u201d\u2018«»\[\](){}<>]+""")
_LETTERS: Final = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D"}
    | {"\u2019": "'", "þ": "th", "Þ": "Th", "\u0131": "i"}
)


def clause(text: str) -> str:
    """Return the first clause of a text that has two words, without fields, or the first with a word."""
    parts = [" ".join(part.replace("\0", " ").split()) for part in _CLAUSE.split(text)]
    return next(
        (item for item in parts if len(_WORD.findall(item)) > 1),
        next((item for item in parts if _WORD.search(item)), ""),
    )


def _plain(text: str) -> str:
    """Return a text in ASCII letters; an empty text if most of its letters have no such form."""
    letters = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    ascii_only = "".join(letter for letter in letters if letter.isascii())
    lost = sum(not letter.isascii() and letter.isalpha() for letter in letters)
    return "" if lost > 2 else re.sub(r"(?<=[A-Za-z])'(?=[a-z])", "", ascii_only)


def _joined(text: str, most: int) -> str:
    """Return the first words of a text as the name of a class."""
    words = [word for word in _WORD.findall(text) if word.lower() not in _SKIPPED]
    while words and words[0].isdigit():
        words.pop(0)
    chosen = [word[:_LONGEST_WORD] for word in words[:most]]
    while len(chosen) > 2 and chosen[-1].lower() in _LINKS:
        chosen.pop()
    return "".join(word[:1].upper() + word[1:] for word in chosen)


def class_name(text: str, fallback: str, is_taken: Callable[[str], bool]) -> str:
    """
    Return a free class name for the error with a text.

    >>> class_name("The room is gone.", "Gone", lambda name: False)
    'RoomGone'
    >>> class_name("Not found", "LoadItemNotFound", lambda name: name == "NotFound")
    'LoadItemNotFound'
    """
    plain = _plain(text)
    first = clause(plain)
    rest = plain[plain.find(first.split()[0]) :] if first else ""
    names = [_joined(first, _MOST_WORDS), _joined(rest, _MOST_WORDS), _joined(rest, _MOST_WORDS + 3)]
    names = [name for name in dict.fromkeys((*names, fallback)) if name.isidentifier() and not keyword.iskeyword(name)]
    if "\0" in plain and len(_WORD.findall(first)) == 1:
        names.sort(key=lambda item: item != fallback)  # the text is little more than its field
    usable = names or ["MigratedProblem"]
    candidates = [*usable, f"{usable[0]}Problem"]
    free = next((candidate for candidate in candidates if not is_taken(candidate)), None)
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
    return "-".join(part.lower() for part in _PARTS.findall(name)) or "problem"


def title_of(name: str, text: str, detail: str | None, is_taken: Callable[[str], bool] = lambda _: False) -> str:
    """
    Return a title: the first clause of the text, or the words of the class name; it differs from the detail.

    >>> title_of("RoomGone", "The room is gone.", "The room is gone.")
    'Room gone'
    >>> title_of("ItemNotFound", "Item not found", "Item not found")
    'Item Not Found'
    """
    result = " ".join(_QUOTES.sub(" ", clause(text)).split()).strip(" -\u2013\u2014/\\|#*=%&_,.;:!?")
    words = " ".join(part if part.isupper() and len(part) > 1 else part.lower() for part in _PARTS.findall(name))
    is_usable = len(_WORD.findall(result)) > 1 and result.isprintable() and len(result) <= _LONGEST_TITLE
    spoken = (detail or "").rstrip(".")
    candidates = [_capital(result)] if is_usable and "\0" not in text else []
    if is_usable and "\0" in text and result.rpartition(" ")[2].lower() not in _LINKS | _SKIPPED:
        candidates.append(_capital(result))
    candidates += [_capital(words), " ".join(map(_capital, words.split())), f"{_capital(words)} error"]
    if candidates[0] == (detail or ""):
        candidates = candidates[1:]
    usable = [candidate for candidate in candidates if candidate not in {detail, ""} and not is_taken(candidate)]
    return next((item for item in usable if item != spoken), usable[0] if usable else f"{_capital(words)} problem")


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]
