"""
Export of a vocabulary in formats for other programs and for people.

Pure functions from values to text. JSON is the format that `problems diff` and `problems generate` read.
"""

from collections.abc import Callable, Mapping
from typing import Final, Literal

from problems._wire.status import phrase
from problems.documenting.pages._text import page_markdown, type_cell
from problems.documenting.pages._writing import cell, table
from problems.documenting.vocabulary import Vocabulary
from problems.tools.export._typescript import to_typescript

__all__ = ["FORMATS", "Format", "export", "to_json", "to_markdown", "to_typescript"]

Format = Literal["json", "typescript", "markdown"]


def export(vocabulary: Vocabulary, wanted: Format) -> str:
    """Return the text of a vocabulary in the given format."""
    return FORMATS[wanted](vocabulary)


def to_json(vocabulary: Vocabulary) -> str:
    """Return a vocabulary as JSON in the format of `schemas/vocabulary.json`."""
    return vocabulary.to_json()


def to_markdown(vocabulary: Vocabulary) -> str:
    """Return a vocabulary as one document: the table of RFC 9457, section 4.2, and then each type."""
    rows = [(type_cell(cls), cell(cls.title), cell(f"{cls.status} {phrase(cls.status)}")) for cls in vocabulary.types]
    pages = [page_markdown(cls, level=2) for cls in vocabulary.types]
    return "\n\n".join(["# Problem types", table("Type URI", "Title", "Status", rows=rows)]) + "\n\n" + "\n".join(pages)


FORMATS: Final[Mapping[Format, Callable[[Vocabulary], str]]] = {
    "json": to_json,
    "typescript": to_typescript,
    "markdown": to_markdown,
}
"""The function for each format."""
