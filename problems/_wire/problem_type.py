"""
The facts of a problem type: what is true of every occurrence.

Knows neither exceptions nor members; a registry turns the URI as written
here into the URI on the wire.
"""

from typing import Final, NamedTuple

__all__ = ["ABOUT_BLANK", "Declaration", "ProblemType"]

ABOUT_BLANK: Final = "about:blank"
"""The type URI that adds nothing to the status code (RFC 9457, section 4.2.1)."""


class ProblemType(NamedTuple):
    """
    What identifies a class of errors (RFC 9457, section 4).

    Attributes:
        uri: The type URI as written: absolute, or a reference that a registry resolves.
        title: The summary that never varies between occurrences.
        status: The HTTP status code that goes with it; 0 on a base that has none.

    >>> ProblemType("https://shop.example/problems/out-of-stock", "Out of stock", 409).status
    409
    """

    uri: str
    title: str
    status: int

    @property
    def is_blank(self) -> bool:
        """Whether the type says no more than its status code does."""
        return self.uri == ABOUT_BLANK


class Declaration(NamedTuple):
    """
    The other words of a class header, as one class wrote or inherited them.

    Attributes:
        detail: The template of `detail` over the members, or an empty string.
        aliases: Further type URIs under which received problems are recognised.
        schema_name: The name of the component schema in OpenAPI, if it is not that of the class.
        abstract: Whether the class is a base only.
        open: Whether an occurrence takes members that are not declared.
        members: The names of the declared members, those of the bases among them.
    """

    detail: str = ""
    aliases: tuple[str, ...] = ()
    schema_name: str | None = None
    abstract: bool = False
    open: bool = False
    members: frozenset[str] = frozenset()
