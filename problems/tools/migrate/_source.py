"""
The text of one Python file, with its syntax tree, and the same text with some spans replaced.

Every byte outside of the replaced spans stays. Does not know problem types.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["Change", "Source", "Span", "without"]

_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_USUAL_WIDTH: Final = 88
_GREATEST_WIDTH: Final = 120
_CONFIGURED: Final = re.compile(r"^[ \t]*+line[-_]length[ \t]*+=[ \t]*+(\d+)", re.MULTILINE)
_CONFIGURATIONS: Final = ("ruff.toml", ".ruff.toml", "pyproject.toml")

Located = ast.expr | ast.stmt | ast.alias | ast.arg


class Span(NamedTuple):
    """A part of a text, by its first character and the one after its last."""

    start: int
    end: int


class Change(NamedTuple):
    """A new text for a part of a file; an insertion if the part is empty."""

    span: Span
    text: str


class Source:
    """
    A Python file.

    Args:
        path: The path of the file.

    Raises:
        SyntaxError: Python cannot parse it, or its encoding does not give the same bytes again.
        OSError: It cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.content = path.read_bytes()
        self.encoding, _ = tokenize.detect_encoding(io.BytesIO(self.content).readline)
        try:
            self.text = self.content.decode(self.encoding)
            self.tree = ast.parse(self.text)
        except SyntaxError as error:
            raise SyntaxError(f"it cannot be parsed: {error.msg} (line {error.lineno})") from error
        except (ValueError, RecursionError) as error:
            raise SyntaxError(f"it cannot be parsed: {error}") from error
        if self.text.encode(self.encoding) != self.content:
            raise SyntaxError("it cannot be parsed: its encoding does not give the same bytes again")
        ends = [*_LINE_END.finditer(self.text)]
        self._starts = [0, *(end.end() for end in ends), len(self.text)]
        self.newline = ends[0][0] if ends else "\n"
        self.width = _width(path, self.text)

    def line(self, number: int) -> Span:
        """Return the span of a line, with its end."""
        return Span(self._starts[number - 1], self._starts[min(number, len(self._starts) - 1)])

    def lines(self, node: Located) -> Span:
        """Return the span of all lines of a node."""
        return Span(self._starts[node.lineno - 1], self.line(node.end_lineno or node.lineno).end)

    def span(self, node: Located) -> Span:
        """Return the span of a node."""
        return Span(
            self._at(node.lineno, node.col_offset), self._at(node.end_lineno or node.lineno, node.end_col_offset or 0)
        )

    def _at(self, line: int, column: int) -> int:
        start = self._starts[line - 1]
        text = self.text[start : start + column]
        return start + (column if text.isascii() else len(self._line(line).encode()[:column].decode()))

    def _line(self, number: int) -> str:
        start, end = self.line(number)
        return self.text[start:end]

    def code(self, node: Located | Span) -> str:
        """Return the text of a node."""
        start, end = node if isinstance(node, Span) else self.span(node)
        return self.text[start:end]

    def indent(self, line: int) -> str:
        """Return the white space at the beginning of a line."""
        text = self._line(line)
        return text[: len(text) - len(text.lstrip(" \t\f"))]

    def before(self, place: int) -> str:
        """Return the part of its line before a place."""
        return _LINE_END.split(self.text[max(0, place - 2000) : place])[-1]

    def after(self, place: int) -> str:
        """Return the part of its line after a place."""
        end = _LINE_END.search(self.text, place)
        return self.text[place : end.start() if end else len(self.text)]

    def comments(self, node: Located) -> Iterator[str]:
        """Yield the comments inside a node."""
        text = self.code(node)
        if "#" in text:
            tokens = tokenize.generate_tokens(io.StringIO(f"({text})").readline)
            yield from (token.string for token in tokens if token.type == tokenize.COMMENT)

    def edited(self, changes: Iterable[Change]) -> bytes:
        """
        Return the file with changes, which do not overlap.

        Raises:
            UnicodeEncodeError: The encoding of the file has no bytes for the new text.
        """
        parts: list[str] = []
        position = 0
        for (start, end), text in sorted(changes, key=lambda item: item.span):
            parts += [self.text[position:start], _LINE_END.sub(lambda _: self.newline, text)]
            position = max(end, position)
        return "".join([*parts, self.text[position:]]).encode(self.encoding)


def without(items: Sequence[Span], removed: Sequence[bool]) -> Iterator[Span]:
    """
    Yield the spans to delete, so that a list with separators loses some of its items; one of them has to stay.

    >>> list(without([Span(0, 1), Span(3, 4), Span(6, 7)], [False, True, True]))
    [Span(start=1, end=7)]
    """
    last = max((number for number, is_removed in enumerate(removed) if not is_removed), default=-1)
    for number, item in enumerate(items[:last]):
        if removed[number]:
            yield Span(item.start, items[number + 1].start)
    if last + 1 < len(items):
        yield Span(items[last].end, items[-1].end)


def _width(path: Path, text: str) -> int:
    """Return the greatest length of a line: as configured, or as the file has it."""
    for folder in path.parents:
        for name in _CONFIGURATIONS:
            file = folder / name
            match = _CONFIGURED.search(file.read_text("utf-8", "replace")) if file.is_file() else None
            if match is not None:
                return int(match[1])
    longest = max(map(len, _LINE_END.split(text)))
    return max(_USUAL_WIDTH, min(longest, _GREATEST_WIDTH))
