"""
A vocabulary in the formats that other programs and people read.

Pure: from values to text. JSON is the format that `problems diff` and `problems generate` read again.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, Literal

from problems._wire.status import phrase
from problems.documenting.pages import page_markdown
from problems.documenting.vocabulary import Vocabulary
from problems.tools.export._typescript import to_typescript

__all__ = ["FORMATS", "Format", "export", "to_json", "to_markdown", "to_typescript"]

Format = Literal["json", "typescript", "markdown"]

_FENCED: Final = re.compile(r"^(```.*?^```)", re.MULTILINE | re.DOTALL)
_HEADING: Final = re.compile(r"^#", re.MULTILINE)


def export(vocabulary: Vocabulary, wanted: Format) -> str:
    """Return the text of a vocabulary in one of the formats."""
    return FORMATS[wanted](vocabulary)


def to_json(vocabulary: Vocabulary) -> str:
    """Return a vocabulary as JSON, by `schemas/vocabulary.json`."""
    return vocabulary.to_json()


def to_markdown(vocabulary: Vocabulary) -> str:
    """Return a vocabulary as one document: the table of RFC 9457, section 4.2, and then each type."""
    rows = ["# Problem types", "", "| Type URI | Title | Status |", "|---|---|---|"]
    rows += [f"| `{it.type}` | {it.title} | {it.status} {phrase(it.status)} |" for it in vocabulary.types]
    return "\n".join(rows) + "\n\n" + "\n".join(_deeper(page_markdown(it)) for it in vocabulary.types)


def _deeper(text: str) -> str:
    """Return Markdown with its headings one level down; what is in a fence is no heading."""
    parts = _FENCED.split(text)
    return "".join(part if part.startswith("```") else _HEADING.sub("##", part) for part in parts)


FORMATS: Final[Mapping[Format, Callable[[Vocabulary], str]]] = {
    "json": to_json,
    "typescript": to_typescript,
    "markdown": to_markdown,
}
"""The function for each format."""
