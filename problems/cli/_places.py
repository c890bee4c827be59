"""Where a problem type stands: the line of its class, or of its type URI in a file."""

import json
from functools import cached_property
from pathlib import Path

from problems.tools._targets import load_registry
from problems.tools.lint import place_of

__all__ = ["Places"]


class Places:
    """The places of the problem types of one source."""

    def __init__(self, source: str) -> None:
        self._source = source

    @cached_property
    def _lines(self) -> list[str] | None:
        """The lines of the file, or `None` if the source is not a file."""
        try:
            return Path(self._source).read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            return None

    def of(self, uri: str) -> tuple[str | None, int | None]:
        """Return the file and the line of a type, both `None` if the source does not have it."""
        if self._source == "-":
            return None, None
        if self._lines is None:
            cls = load_registry(self._source).get(uri)
            return (None, None) if cls is None else place_of(cls)
        # In quotes first: one type URI may begin with another.
        for text in (json.dumps(uri), json.dumps(uri, ensure_ascii=False), uri):
            for number, line in enumerate(self._lines, start=1):
                if text in line:
                    return self._source, number
        return None, None
