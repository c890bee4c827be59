"""The one list of clauses that no test here checks, and why; a new test removes its row."""

import re
from pathlib import Path
from typing import Final

NOT_CHECKED: Final = {
    5: "says when not to use the format: documentation",
    21: "checked with rows 22 to 24 as one table",
    23: "checked with rows 21 to 24 as one table",
    32: "the status is always sent: leaving it out is allowed, and is not an option here",
    43: "an occurrence is not stored, so that its URI leads nowhere",
    44: "the client has no function that fetches an instance: see row 20",
    56: "how an existing API introduces the format: documentation",
    74: "checked with row 72",
    77: "occurrences are not stored",
    78: "the same as rows 31 and 33",
    86: "documents embedded in other formats are not looked for",
}
"""Rows of the table of clauses without a test of their own."""

ROWS: Final = 90


def rows_with_a_test() -> set[int]:
    """Return the rows that a test is named after."""
    texts = (path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    return {int(number) for text in texts for number in re.findall(r"def test_row_(\d+)_", text)}


def test_every_row_is_tested_or_explained():
    """
    A clause is either checked, or it says why not.
    """
    assert set(range(1, ROWS + 1)) - rows_with_a_test() == NOT_CHECKED.keys()
