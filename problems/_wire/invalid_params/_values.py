"""
Shared helpers for values of any type: encodable texts, and guards for mappings and lists.

Does not import the code for validation errors.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeGuard

ELLIPSIS: Final = "\N{HORIZONTAL ELLIPSIS}"


def encodable(text: str) -> str:
    r"""
    Return *text* with U+FFFD for characters that UTF-8 cannot encode.

    JSON can escape half of a surrogate pair (RFC 8259, section 8.2), UTF-8
    cannot (RFC 3629, section 3):

    >>> encodable("caf\u00e9 \ud800") == "caf\u00e9 \ufffd"
    True
    """
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def cut(text: str, limit: int) -> str:
    """
    Return *text* in at most *limit* characters.

    >>> cut("Input should be a valid integer", 12) == "Input shoul" + ELLIPSIS
    True
    """
    return text if len(text) <= limit else (text[: max(limit - 1, 0)] + ELLIPSIS)[: max(limit, 0)]


def is_mapping(value: object) -> TypeGuard[Mapping[Any, object]]:
    """Return whether *value* has members: a dictionary, or a form."""
    return value.__class__ is dict or isinstance(value, Mapping)  # the check of an abstract class is slow


def is_list(value: object) -> TypeGuard[list[object] | tuple[object, ...]]:
    """Return whether *value* is a list or a tuple."""
    return isinstance(value, (list, tuple))
