"""
Python source as a tree: the only place where data becomes nodes of `ast`.

Does not know the meaning of the nodes. Text becomes a constant, or a name after a check that it is an identifier.
"""

import ast
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pydantic import JsonValue

__all__ = [
    "arguments",
    "assigned",
    "called",
    "docstring",
    "dotted",
    "field",
    "literal",
    "subscripted",
    "united",
    "unparsed",
]

WIDTH: Final = 120
_UNPRINTABLE: Final = re.compile(r"[^\S\n ]|[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_ENDS: Final = ('"', "'", "\\")
"""Characters that a formatter separates from the closing quotes of a docstring."""
_INDENT: Final = 4
_DEEPEST_MARGIN: Final = 40


def dotted(name: str) -> ast.expr:
    """
    Return the node of a name, such as `catalog.NotFound`.

    Raises:
        ValueError: A part of *name* is not an identifier.
    """
    first, *others = name.split(".")
    if not all(part.isidentifier() for part in (first, *others)):
        raise ValueError(f"{name!r} is not a Python name.")
    node: ast.expr = ast.Name(first)
    for part in others:
        node = ast.Attribute(node, part)
    return node


def literal(value: JsonValue | tuple[str, ...]) -> ast.expr:
    r"""
    Return the node of a JSON value.

    >>> ast.unparse(literal({"a": [1, -2.5, None, True, "it's"]}))
    '{\'a\': [1, -2.5, None, True, "it\'s"]}'
    """
    if isinstance(value, dict):
        return ast.Dict([*map(literal, value)], [*map(literal, value.values())])
    if isinstance(value, list):
        return ast.List([*map(literal, value)])
    if isinstance(value, tuple):
        return ast.Tuple([*map(literal, value)])
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(str(value) if isinstance(value, str) else value)


def called(name: str, *positional: ast.expr, **keywords: ast.expr) -> ast.Call:
    """Return the node of a call."""
    return ast.Call(dotted(name), [*positional], arguments(keywords))


def arguments(keywords: Mapping[str, ast.expr]) -> list[ast.keyword]:
    """Return the nodes of keyword arguments."""
    return [ast.keyword(name, value) for name, value in keywords.items()]


def subscripted(name: str, items: Sequence[ast.expr]) -> ast.Subscript:
    """Return the node of a generic type with its arguments."""
    return ast.Subscript(dotted(name), items[0] if len(items) == 1 else ast.Tuple([*items]))


def united(kinds: Iterable[ast.expr]) -> ast.expr:
    """Return the node of a union."""
    first, *others = kinds
    for kind in others:
        first = ast.BinOp(first, ast.BitOr(), kind)
    return first


def field(name: str, annotation: ast.expr, default: ast.expr | None) -> ast.AnnAssign:
    """Return the node of an annotated name in a class body."""
    return ast.AnnAssign(ast.Name(name), annotation, default, simple=1)


def assigned(name: str, value: ast.expr) -> ast.Assign:
    """Return the node of an assignment."""
    return ast.Assign([ast.Name(name)], value)


def docstring(text: str, notes: Iterable[str] = (), *, indent: int = _INDENT) -> ast.Expr:
    """Return the node of a docstring; *notes* become its section `Note`, outside of the description."""
    lines = [piece.rstrip() for line in _printable(text).strip().splitlines() for piece in _wrapped(line)]
    items = [_note(note) for note in notes]
    if items:
        lines += ["", "Note:", *(f"    {line}" for lines_ in items for line in lines_)]
    if len(lines) == 1 and len(lines[0]) + indent + 6 <= WIDTH and lines[0][-1:] not in _ENDS:
        return ast.Expr(ast.Constant(lines[0]))
    margin = " " * indent
    return ast.Expr(ast.Constant("\n".join(["", *(f"{margin}{line}".rstrip() for line in lines), margin])))


def _printable(text: str) -> str:
    """Return a text without characters that are invisible, or that an editor treats as the end of a line."""
    lines = "\n".join(text.splitlines()).encode("utf-8", "replace").decode()
    return _UNPRINTABLE.sub(" ", lines)


def _wrapped(line: str) -> list[str]:
    margin = line[: len(line) - len(line.lstrip())][:_DEEPEST_MARGIN]
    return textwrap.wrap(line, WIDTH - _INDENT, subsequent_indent=margin, break_on_hyphens=False) or [""]


def _note(text: str) -> list[str]:
    note = " ".join(_printable(text).split())
    return textwrap.wrap(note, WIDTH - 3 * _INDENT, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)


def unparsed(body: Sequence[ast.stmt]) -> str:
    """Return the source of a module."""
    return ast.unparse(ast.fix_missing_locations(ast.Module([*body], []))) + "\n"
