"""
The output of the command: tables for people, JSON and annotations for machines.

Knows terminals and GitHub annotations. Does not know problem types. Every text passes `printable` here, and only here,
because files and modules may come from anyone.
"""

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from problems.tools._targets import TargetError

__all__ = [
    "annotation",
    "fail",
    "named",
    "printable",
    "say",
    "say_diff",
    "say_markdown",
    "say_table",
    "styled",
    "write",
    "write_files",
]

_STYLES: Final = {
    "error": "bold red",
    "warning": "yellow",
    "info": "cyan",
    "breaking": "bold red",
    "compatible": "green",
}
_DIFF: Final = {"+++": "bold", "---": "bold", "@@": "cyan", "+": "green", "-": "red"}
_UNPRINTABLE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]"
)
"""Controls of terminals (C0, C1), of the direction of text, and invisible characters."""


def printable(text: str) -> str:
    r"""
    Return *text* with a JSON escape in place of each character that a terminal obeys or does not show.

    Escaped JSON stays the same JSON; line breaks and tabs are not changed.

    >>> printable("\x1b[31mred\u202e")
    '\\u001b[31mred\\u202e'
    """
    return _UNPRINTABLE.sub(_escape, text)


def _escape(character: re.Match[str]) -> str:
    units = character[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _console() -> Console:
    """Return a console for standard output, created for each call, because the stream may have been replaced."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=False)


def say(text: str) -> None:
    """Write one sentence to standard output."""
    _console().print(Text(printable(text)), soft_wrap=True)


def say_markdown(text: str) -> None:
    """Write Markdown to standard output, rendered for a terminal."""
    _console().print(Markdown(printable(text)))


def say_diff(text: str) -> None:
    """Write a unified diff to standard output, in colours on a terminal."""
    console = _console()
    if not console.is_terminal:
        sys.stdout.write(printable(text))
        return
    for line in printable(text).splitlines():
        style = next((value for start, value in _DIFF.items() if line.startswith(start)), "")
        console.print(Text(line, style=style), soft_wrap=True)


def say_table(*columns: str, rows: Iterable[Iterable[str | Text]]) -> None:
    """Write a table to standard output; long text is wrapped, never cut off."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=False)
    for row in rows:
        table.add_row(*(Text(printable(cell)) if isinstance(cell, str) else cell for cell in row))
    _console().print(table)


def fail(message: str) -> None:
    """Write a usage error to standard error."""
    _note(message, ("Error: ", "bold red"))


def _note(message: str, *before: tuple[str, str]) -> None:
    """Write a sentence to standard error, so that standard output stays readable for other programs."""
    Console(file=sys.stderr, highlight=False).print(Text.assemble(*before, printable(message)), soft_wrap=True)


def styled(word: str) -> Text:
    """Return a severity or impact in its colour."""
    return Text(printable(word), style=_STYLES.get(word, ""))


def named(name: str, meaning: str) -> Text:
    """Return a name with its meaning on the next line."""
    return Text.assemble((printable(name), "bold"), "\n", printable(meaning))


def write(text: str, output: Path | None) -> None:
    """
    Write a text to standard output, or to a file.

    Raises:
        TargetError: The file cannot be written.
    """
    if output is None:
        sys.stdout.write(printable(text))
    else:
        write_files(output, {output: text})


def write_files(place: Path, files: dict[Path, str]) -> None:
    """
    Write files, then a sentence to standard error with the name of the file or the folder.

    Raises:
        TargetError: A file cannot be written.
    """
    for output, text in files.items():
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_text(printable(text), encoding="utf-8", newline="\n")
        except OSError as error:
            raise TargetError(f"{str(output)!r} cannot be written: {error.strerror}.") from None
    _note(f"Wrote {place}." if place in files else f"Wrote {len(files)} files to {place}.")


def annotation(level: str, title: str, message: str, *, file: str | None = None, line: int | None = None) -> str:
    r"""
    Return an annotation in the format that GitHub Actions reads from the output of a step.

    >>> annotation("error", "title", "Two lines\nof text.", file="shop/errors.py", line=7)
    '::error title=title,file=shop/errors.py,line=7::Two lines%0Aof text.'
    """
    places = {"title": title, "file": file, "line": line}
    properties = ",".join(f"{name}={_escaped(str(place), ':,')}" for name, place in places.items() if place is not None)
    command = {"info": "notice", "breaking": "error", "compatible": "notice"}.get(level, level)
    return f"::{command} {properties}::{_escaped(message)}"


def _escaped(text: str, also: str = "") -> str:
    for char in "%\r\n" + also:
        text = text.replace(char, f"%{ord(char):02X}")
    return text
