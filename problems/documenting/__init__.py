"""
Documentation of problem types: the vocabulary of a registry as data, and problem pages.

May import `problems.openapi` and everything below it; does not import a framework or `problems.tools`.
"""

from typing import TYPE_CHECKING

from problems._wire.later import later
from problems.documenting.vocabulary import DocumentedHeader, DocumentedType, Vocabulary, documented

if TYPE_CHECKING:
    from problems.documenting.pages import Pages

__all__ = [  # noqa: RUF022 - in the order of a first reading
    "Vocabulary",
    "DocumentedType",
    "DocumentedHeader",
    "documented",
    "Pages",
]

if not TYPE_CHECKING:  # or type checkers would accept any attribute of this module
    # Imported lazily: few applications mount problem pages.
    __getattr__, __dir__ = later(__name__, {"Pages": "problems.documenting.pages"})
