"""
The facts of a problem type that hold for every occurrence.

Does not import exceptions or members. A registry turns the URI as written here into the URI on the wire.
"""

from typing import Final, NamedTuple

__all__ = ["ABOUT_BLANK", "Declaration", "ProblemType"]

ABOUT_BLANK: Final = "about:blank"
"""The type URI of problems that are described by their status code alone (RFC 9457, section 4.2.1)."""


class ProblemType(NamedTuple):
    """
    The type URI, title and status of a problem type (RFC 9457, section 4).

    Attributes:
        uri: The type URI as written: absolute, or a reference that a registry resolves.
        title: The summary that never varies between occurrences.
        status: The HTTP status code of the type; 0 on a base without a status.

    >>> ProblemType("https://shop.example/problems/out-of-stock", "Out of stock", 409).status
    409
    """

    uri: str
    title: str
    status: int

    @property
    def is_blank(self) -> bool:
        """Whether the type is `about:blank`, so that only the status code describes it."""
        return self.uri == ABOUT_BLANK


class Declaration(NamedTuple):
    """
    The other class keyword arguments, as a class wrote or inherited them.

    Attributes:
        detail: The template of `detail` over the members, or an empty string.
        aliases: Further type URIs under which received problems are recognised.
        schema_name: The name of the component schema in OpenAPI, if it differs from the name of the class.
        abstract: Whether the class is only a base class.
        open: Whether an occurrence accepts undeclared members.
        members: The names of the declared members, including members of base classes.
    """

    detail: str = ""
    aliases: tuple[str, ...] = ()
    schema_name: str | None = None
    abstract: bool = False
    open: bool = False
    members: frozenset[str] = frozenset()
