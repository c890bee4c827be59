"""
How the command writes: tables for people, JSON and annotations for machines.

Knows what terminals and GitHub understand, nothing of problem types.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from problems.tools._targets import TargetError

__all__ = ["Console", "annotation", "fail", "named", "stdout", "styled", "table", "write"]

_STYLES: Final = {
    "error": "bold red",
    "warning": "yellow",
    "info": "cyan",
    "breaking": "bold red",
    "compatible": "green",
}


def stdout() -> Console:
    """Return the console of standard output; made when it is needed, for the stream may have been replaced."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=False)


def fail(message: str) -> None:
    """Write a mistake of the user to standard error."""
    Console(file=sys.stderr, highlight=False).print(Text.assemble(("Error: ", "bold red"), message))


def styled(word: str) -> Text:
    """Return a word that is known to be good or bad, in its colour."""
    return Text(word, style=_STYLES.get(word, ""))


def named(name: str, told: str) -> Text:
    """Return a name, and below it what it stands for."""
    return Text.assemble((name, "bold"), "\n", told)


def table(*columns: str, rows: Iterable[Iterable[str | Text]]) -> Table:
    """Return a table; text that does not fit is folded, never cut off."""
    made = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(column, overflow="fold", no_wrap=False)
    for row in rows:
        made.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    return made


def write(text: str, output: Path | None) -> None:
    """
    Write a text as it is, to a file or to standard output.

    Raises:
        TargetError: The file cannot be written.
    """
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise TargetError(f"{str(output)!r} cannot be written: {error.strerror}.") from None


def annotation(level: str, title: str, message: str, *, file: str | None = None, line: int | None = None) -> str:
    r"""
    Return an annotation as GitHub Actions reads it from the output of a step.

    >>> annotation("error", "title", "Two lines\nof text.", file="shop/errors.py", line=7)
    '::error title=title,file=shop/errors.py,line=7::Two lines%0Aof text.'
    """
    places = {"title": title, "file": file, "line": line}
    told = ",".join(f"{name}={_escaped(str(it), ':,')}" for name, it in places.items() if it is not None)
    command = {"info": "notice", "breaking": "error", "compatible": "notice"}.get(level, level)
    return f"::{command} {told}::{_escaped(message)}"


def _escaped(text: str, also: str = "") -> str:
    for char in "%\r\n" + also:
        text = text.replace(char, f"%{ord(char):02X}")
    return text
