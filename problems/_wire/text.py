"""
Short one-line texts for logs and messages.

Pure functions of texts and values. Does not import problem classes.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

__all__ = ["briefly", "nearest", "one_line", "path_from_here", "plain", "shown", "text_or_none"]

_MAX: Final = 300


def plain(text: object) -> str:
    """
    Return a text without the methods that a subclass of `str` may replace.

    >>> plain("Gone")
    'Gone'

    Raises:
        TypeError: It is not a text, whatever its attribute `__class__` is.
    """
    return str.__str__(text)  # pyright: ignore[reportArgumentType] - it raises for what is not a text


def text_or_none(value: object) -> str | None:
    """
    Return a text without the methods that a subclass of `str` may replace, `None` for any other value.

    >>> text_or_none("Gone"), text_or_none(5)
    ('Gone', None)
    """
    try:
        return plain(value)
    except TypeError:
        return None


def one_line(text: str) -> str:
    r"""
    Return *text* as one line of at most 300 characters, without control characters.

    >>> one_line("No\n  such \x1b[31mitem")
    'No such [31mitem'
    """
    begun = text[: 4 * _MAX]
    printable = begun if begun.isprintable() else "".join(char if char.isprintable() else " " for char in begun)
    line = " ".join(printable.split())
    return line if len(line) <= _MAX and len(begun) == len(text) else f"{line[: _MAX - 1]}…"


def shown(members: Iterable[tuple[str, object]]) -> str:
    """
    Return names and values like keyword arguments. A value whose `repr` fails is shown as its class.

    >>> shown([("item_id", 7), ("name", "x")])
    "item_id=7, name='x'"
    """
    return one_line(", ".join(f"{name}={briefly(value, _MAX)}" for name, value in members))


def briefly(value: object, limit: int = 60) -> str:
    """
    Return the `repr` of a value in at most *limit* characters, or its class if `repr` fails.

    >>> briefly("a" * 100, 12)
    "'aaaaaaaaaa…"
    """
    try:
        text = repr(value[: 4 * limit] if isinstance(value, str) else value)
    except Exception:  # noqa: BLE001 - building an error message must not fail
        text = f"<{type(value).__name__}>"
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """
    Return the word in *known* that is most similar to *word*, or `None` if no word is similar.

    >>> nearest("tittle", ["type", "title"]), nearest("zzz", ["type", "title"])
    ('title', None)
    """
    from difflib import get_close_matches  # noqa: PLC0415 - only the message about a mistake needs it

    return next(iter(get_close_matches(word, list(known), n=1)), None)


def path_from_here(path: Path) -> str:
    """
    Return a path relative to the working directory if it is below it, otherwise as it is.

    >>> path_from_here(Path.cwd() / "shop" / "errors.py") == str(Path("shop", "errors.py"))
    True
    """
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
