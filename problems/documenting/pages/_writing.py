"""
Plain text as Markdown with the same meaning for every reader, whatever the text contains.

Descriptions keep paragraphs, lists, fenced code, `code`, emphasis and links; everything else, above all HTML, becomes
plain text. The running time of each function is linear in the length of the text.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

__all__ = ["cell", "code_span", "fenced", "line", "prose", "table"]

_RUN: Final = re.compile("`+")
_TOKEN: Final = re.compile(r"\\[!-/:-@\[-`{-~]|`+|<|!\[|\](?=[(\[:])|\|")
_SAFE_LINK: Final = re.compile(r"\]\((?:https?://|mailto:|[./#])[^\s()<>\"`\\]*\)")
_FENCE: Final = re.compile(r"( {0,3})(?:(`{3,})([^`]*)|(~{3,})(.*))")


def code_span(text: str) -> str:
    """
    Return *text* as code on one line.

    >>> code_span("a"), code_span("a`b")
    ('`a`', '``a`b``')
    """
    shown = " ".join(text.split()) or " "
    fence = "`" * (max((len(run) for run in _RUN.findall(shown)), default=0) + 1)
    # CommonMark, section 6.1: a reader removes one space on both sides.
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def fenced(text: str, language: str) -> str:
    """Return *text* as a block of code."""
    fence = "`" * max(3, max((len(run) for run in _RUN.findall(text)), default=0) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def line(text: str) -> str:
    """
    Return *text* as one line.

    >>> line("`<b>` is not <b>")
    '`<b>` is not &lt;b>'
    """
    return "".join(_spans(" ".join(text.split())))


def cell(text: str) -> str:
    """Return *text* as a table cell; a bar would end the cell."""
    return "".join(
        item.replace("\\|", "&#124;").replace("|", "&#124;" if "`" not in item else "\\|") for item in _cells(text)
    )


def _cells(text: str) -> Iterator[str]:
    for span in _spans(" ".join(text.split())):
        # A backslash before a bar cannot be written in code in a table.
        yield line(span.strip("` ").replace("`", "")) if span.startswith("`") and "\\|" in span else span


def table(*columns: str, rows: Iterable[Iterable[str]]) -> str:
    """Return a table of cells that contain Markdown."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(item)} |" for item in lines)


def prose(text: str) -> str:
    """Return a description as Markdown in which every code fence is closed."""
    return "\n\n".join(_blocks(text.expandtabs(4).splitlines()))


def _blocks(lines: list[str]) -> Iterator[str]:
    paragraph: list[str] = []
    at = 0
    while at < len(lines):
        fence = _FENCE.fullmatch(lines[at])
        if fence is None and lines[at].strip():
            paragraph.append(lines[at])
            at += 1
            continue
        if paragraph:
            yield _paragraph(paragraph)
            paragraph = []
        at += 1
        if fence is not None:
            end = _end_of(lines, at, fence[2] or fence[4])
            yield _indented(lines[at:end], fence[1], (fence[3] or fence[5] or "").strip())
            at = end + 1
    if paragraph:
        yield _paragraph(paragraph)


def _end_of(lines: list[str], at: int, fence: str) -> int:
    """Return the index of the line that closes a fence, or the end of the text if the fence is not closed."""
    while at < len(lines):
        result = lines[at].strip()
        if result.startswith(fence) and not result.strip(fence[0]):
            return at
        at += 1
    return at


def _indented(lines: list[str], indent: str, language: str) -> str:
    """Return a block of code with each line indented at least like its fence, so that it stays in a list."""
    own = [item[len(indent) :] if item.startswith(indent) else item.lstrip() for item in lines]
    word = language.split(maxsplit=1)[0] if re.fullmatch(r"[\w+#.-]+( .*)?", language) else ""
    return "\n".join(f"{indent}{item}" for item in fenced("\n".join(own), word).split("\n"))


def _paragraph(lines: list[str]) -> str:
    """Return lines without blank lines between them; a line that would become a table or a heading becomes text."""
    text = "".join(_spans("\n".join(lines)))
    return "\n".join(f"\\{word.lstrip()}" if _is_structure(word) else word for word in text.split("\n"))


def _is_structure(line: str) -> bool:
    """Return whether a line would become a heading, or turn the line before it into a heading or a table."""
    return line.lstrip().startswith("#") or (("-" in line or "=" in line) and not line.strip("-=|:+ "))


def _spans(text: str) -> Iterator[str]:
    """Yield the pieces of *text*: code spans on one line, safe links, and everything else escaped."""
    ends: dict[int, list[int]] = {}
    for run in reversed(list(_RUN.finditer(text))):
        ends.setdefault(len(run[0]), []).append(run.start())
    at = 0
    while (token := _TOKEN.search(text, at)) is not None:
        yield text[at : token.start()]
        at = token.end()
        if token[0].startswith("`"):
            closing = ends.get(len(token[0]), [])
            while closing and closing[-1] < at:
                closing.pop()
            if closing:
                yield code_span(text[at : closing[-1]])
                at = closing[-1] + len(token[0])
            else:
                yield "\\`" * len(token[0])
        elif token[0] == "]" and (link := _SAFE_LINK.match(text, token.start())):
            yield link[0]
            at = link.end()
        else:
            yield _ESCAPES.get(token[0], token[0])
    yield text[at:]


_ESCAPES: Final = {"<": "&lt;", "\\<": "&lt;", "![": "!\\[", "]": "\\]"}
