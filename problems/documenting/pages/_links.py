"""
Relative links between the pages, which work wherever the pages are mounted or copied.

Knows paths below the index, not the address of the index.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import quote

from problems._wire.media_types import JSON, MARKDOWN, SCHEMA_JSON

__all__ = ["SUFFIXES", "Alternate", "Links"]

SUFFIXES: Final = {".schema.json": SCHEMA_JSON, ".json": JSON, ".md": MARKDOWN}
"""The suffixes of a page's path for its other representations."""

_NAMES: Final = {SCHEMA_JSON: "JSON Schema", JSON: "JSON", MARKDOWN: "Markdown"}


class Alternate(NamedTuple):
    """Another representation of a page."""

    media_type: str
    name: str
    href: str


@dataclass(frozen=True, slots=True)
class Links:
    """
    The links of one page.

    Attributes:
        path: The path of the page below the index; empty for the index.
        static: Whether the pages are files: then each is the `index.html` of a folder.
    """

    path: str
    static: bool = False

    @property
    def index(self) -> str:
        """The path of the index, relative to the page."""
        depth = self.path.count("/") + (1 if self.static and self.path else 0)
        return "../" * depth or "./"

    def page(self, path: str) -> str:
        """Return the path of another page, relative to this one."""
        return f"{self.index}{quote(path)}{'/' if self.static else ''}"

    def text(self, path: str) -> str:
        """Return the path of another page in Markdown: its Markdown file, if the pages are files."""
        return f"{self.index}{quote(path)}.md" if self.static else self.page(path)

    def alternates(self) -> list[Alternate]:
        """Return the other representations of the page, relative to it."""
        return [
            Alternate(media_type, _NAMES[media_type], f"{self.index}{quote(self.path or 'index')}{suffix}")
            for suffix, media_type in SUFFIXES.items()
        ]
