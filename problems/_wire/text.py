"""
Texts for logs: one short line, whatever is in it.

Knows no problems: it takes texts and values.
"""

from collections.abc import Iterable
from typing import Final

__all__ = ["one_line", "shown"]

_MAX: Final = 300


def one_line(text: str) -> str:
    r"""
    Return *text* without line breaks and control characters, cut to what a log line holds.

    >>> one_line("No\n  such \x1b[31mitem")
    'No such [31mitem'
    """
    begun = text[: 4 * _MAX]
    printable = begun if begun.isprintable() else "".join(char if char.isprintable() else " " for char in begun)
    line = " ".join(printable.split())
    return line if len(line) <= _MAX and len(begun) == len(text) else f"{line[: _MAX - 1]}…"


def shown(members: Iterable[tuple[str, object]]) -> str:
    """
    Return names and values as a call has them; a value that cannot be shown is told by its class.

    >>> shown([("item_id", 7), ("name", "x")])
    "item_id=7, name='x'"
    """
    return one_line(", ".join(f"{name}={_safe_repr(value)}" for name, value in members))


def _safe_repr(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - the text of an error must not fail
        return f"<{type(value).__name__}>"
