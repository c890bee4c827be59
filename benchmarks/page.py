"""
The tables of the page on performance: blocks of text, each with the title of a table as its first line.

Knows where the page is; measures nothing itself.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parent.parent / "docs" / "explanation" / "performance.md"
_BLOCK: Final = re.compile(r"^```text\n(.*?)\n```$", re.DOTALL | re.MULTILINE)


def filled(page: str, tables: Iterable[str]) -> str:
    r"""
    Return *page* with the tables of a run in the place of the tables with the same titles.

    >>> print(filled("```text\nW1\n  2.0\n```", ["W1\n  1.0"]))
    ```text
    W1
      1.0
    ```
    """
    by_title = {title_of(table): table for table in tables}
    return _BLOCK.sub(lambda block: f"```text\n{by_title.get(title_of(block[1]), block[1])}\n```", page)


def title_of(table: str) -> str:
    """Return the first line of a table."""
    return table.partition("\n")[0]


def fill(tables: Iterable[str]) -> None:
    """Put the tables of a run into the page."""
    PAGE.write_text(filled(PAGE.read_text("utf-8"), tables), "utf-8")
