"""
What type checkers are told of problem classes: that annotations are keyword arguments.

Does nothing at run time.
"""

from typing import Any, Literal, dataclass_transform

from pydantic import Field

__all__ = ["Declared", "keyword", "positional"]


def positional(*, default: Any, kw_only: Literal[False] = False) -> Any:  # noqa: ARG001 - read by type checkers
    """Tell type checkers of the one member that may be given by position."""
    return default


def keyword(*, default: Any, kw_only: Literal[True] = True) -> Any:  # noqa: ARG001 - read by type checkers
    """Tell type checkers of a member that may not."""
    return default


@dataclass_transform(kw_only_default=True, field_specifiers=(Field, positional, keyword))
class Declared:
    """
    Tells type checkers that annotations are keyword arguments.

    A base of its own: checkers read the fields of the subclasses of a class
    so decorated (PEP 681), and `Problem` has fields.
    """
