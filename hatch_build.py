"""
Completes the metadata of the package: a README whose links work on a package index.

The address of the repository is in one place, `[project.urls]` of pyproject.toml.
"""

import re
from pathlib import Path
from typing import Any, Final

from hatchling.metadata.plugin.interface import MetadataHookInterface

LINK: Final = re.compile(r'(\]\(|src="|srcset="|href=")(?!https?:|#|mailto:)([^)"\s]+)')
"""The start of a relative link or image, in Markdown or HTML, and its target."""


class Metadata(MetadataHookInterface):
    """Fills in the dynamic fields of `[project]`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set `readme`."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": absolute(text, metadata["urls"]["Source"])}


def absolute(text: str, repository: str) -> str:
    """Return Markdown with its relative links resolved against the main branch of *repository*."""

    def resolved(link: re.Match[str]) -> str:
        form = "raw" if re.search(r"\.(png|svg|gif)$", link[2]) else "blob"
        return f"{link[1]}{repository}/{form}/main/{link[2].removeprefix('./')}"

    return LINK.sub(resolved, text)
