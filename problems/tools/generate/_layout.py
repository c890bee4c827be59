"""
Source text that a formatter leaves as it is: brackets on one line if they fit, else an item a line.

Knows the syntax of literals and calls, nothing of what they mean.
"""

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from pydantic import JsonValue

__all__ = ["WIDTH", "Group", "Node", "comment", "docstring", "laid_out", "literal", "printable", "quoted", "written"]

WIDTH: Final = 120
_SHORT: Final = 40
_UNPRINTABLE: Final = re.compile(r"[^\S\n ]|[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True, slots=True)
class Group:
    """
    Items in brackets.

    Attributes:
        opening: What is before the first item, the bracket included.
        items: The items.
        closing: The bracket after the last one.
        separator: What is between items.
    """

    opening: str
    items: Sequence["Node"]
    closing: str
    separator: str = ","

    def __str__(self) -> str:
        return self.opening + f"{self.separator} ".join(map(str, self.items)) + self.closing


Node: TypeAlias = str | Group


def laid_out(before: str, node: Node, after: str = "", *, indent: int = 4) -> list[str]:
    """Return the lines of a statement, or of one item."""
    flat = " " * indent + f"{before}{node}{after}"
    if len(flat) <= WIDTH:
        return [flat]
    if isinstance(node, Group):
        lines = [" " * indent + before + node.opening]
        alone = len(node.items) == 1 and node.closing == "]" and not node.opening.endswith(("=[", "[["))
        comma = "" if alone and node.opening[:-1].isidentifier() else ","
        for item in node.items:
            lines += _item(item, comma, indent + 4)
        return [*lines, " " * indent + node.closing + after]
    return [flat]


def _alternatives(text: str, after: str, indent: int) -> list[str]:
    """Return the lines of a union of names that is too long for one."""
    first, *others = text.split(" | ")
    lines = [first, *(f"| {it}" for it in others)]
    return [" " * indent + line for line in [*lines[:-1], lines[-1] + after]]


def _item(item: Node, comma: str, indent: int) -> list[str]:
    """Return the lines of an item; a long text is cut into several."""
    if isinstance(item, str) and len(item) + indent + 1 > WIDTH:
        name, equals, text = item.partition("=") if re.match(r"\w+=", item) else ("", "", item)
        pieces = _pieces(text, indent + 4)
        if re.fullmatch(r"\w+(?: \| \w+)+", item):
            return _alternatives(item, comma, indent)
        if len(pieces) > 1 or (name and pieces[0][0] in "'\""):
            lines = [" " * (indent + 4) + piece for piece in pieces]
            return [" " * indent + f"{name}{equals}(", *lines, " " * indent + ")" + comma]
    return laid_out("", item, comma, indent=indent)


def _pieces(text: str, indent: int) -> list[str]:
    """Return the literals that are the literal *text* when they follow each other."""
    quote = text[:1]
    if quote not in ("'", '"') or text[-1:] != quote:
        return [text]
    room = WIDTH - indent - 2
    rest = text[1:-1]
    pieces: list[str] = []
    while len(rest) > room:
        at = rest.rfind(" ", 1, room) + 1 or room
        while _ends_in_escape(rest[:at]):
            at -= 1
        pieces.append(rest[:at])
        rest = rest[at:]
    return [f"{quote}{piece}{quote}" for piece in [*pieces, rest]]


def _ends_in_escape(text: str) -> bool:
    """Return whether an escape sequence may have begun at the end of *text*."""
    return re.search(r"(?<!\\)(?:\\\\)*\\(?:|x.?|u.{0,3}|U.{0,7})$", text) is not None


def quoted(text: str) -> str:
    r"""
    Return the literal of a text, in double quotes where that takes no more escapes.

    >>> print(quoted("it's"), quoted("plain"), quoted('say "no"'))
    "it's" "plain" 'say "no"'
    """
    written = repr(text)
    body = written[1:-1]
    if written[0] == '"' or text.count('"') > text.count("'"):
        return written
    return '"' + body.replace("\\'", "'").replace('"', '\\"') + '"'


def literal(value: JsonValue | tuple[str, ...]) -> Node:
    """Return a JSON value as Python."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, dict):
        return Group("{", [_prefixed(f"{quoted(key)}: ", literal(it)) for key, it in value.items()], "}")
    if isinstance(value, list):
        return Group("[", [literal(it) for it in value], "]")
    if isinstance(value, tuple):
        return Group("(", [quoted(it) for it in value], ",)" if len(value) == 1 else ")")
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):  # noqa: PLR0124 - NaN
        return f'float("{value}")'
    return repr(value)


def _prefixed(prefix: str, node: Node) -> Node:
    if isinstance(node, Group):
        return Group(prefix + node.opening, node.items, node.closing, node.separator)
    return prefix + node


def written(name: str, value: JsonValue | tuple[str, ...]) -> Node:
    """Return a keyword argument."""
    return _prefixed(f"{name}=", literal(value))


def printable(text: str) -> str:
    """Return a text without what could end a line or a file of source, or hide in one."""
    lines = "\n".join(text.splitlines()).encode("utf-8", "replace").decode()
    return _UNPRINTABLE.sub(" ", lines)


def comment(text: str, indent: int = 0) -> Iterator[str]:
    """Yield the lines of a comment."""
    margin = " " * indent + "# "
    told = " ".join(printable(text).split())
    yield from textwrap.wrap(told, WIDTH - 4, initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False)


def docstring(text: str) -> list[str]:
    """Return the lines of the docstring of a class."""
    told = printable(text).replace("\\", "\\\\").replace('"""', "'''").strip()
    lines = [piece.rstrip() for line in told.splitlines() for piece in _wrapped(line)]
    if len(lines) == 1 and len(lines[0]) + 10 <= WIDTH and not lines[0].endswith('"'):
        return [f'    """{lines[0]}"""']
    return ['    """', *(f"    {line}".rstrip() for line in lines), '    """']


def _wrapped(line: str) -> list[str]:
    margin = line[: len(line) - len(line.lstrip())][:_SHORT]
    return textwrap.wrap(line, WIDTH - 4, subsequent_indent=margin, break_on_hyphens=False, drop_whitespace=True) or [
        ""
    ]
